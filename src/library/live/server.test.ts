/**
 * The socket of a lab, without a lab behind it.
 */
import { createConnection } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { Connection } from './client.js';
import { LiveServer } from './server.js';
import { socketOf } from './state.js';

const folder = mkdtempSync(join(tmpdir(), 'callpath-server-'));
const before = process.env['XDG_RUNTIME_DIR'];
beforeAll(() => {
  process.env['XDG_RUNTIME_DIR'] = folder;
});
afterAll(() => {
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = before;
  rmSync(folder, { recursive: true });
});

async function withServer(work: (downs: () => number) => Promise<void>): Promise<void> {
  let downs = 0;
  const server = new LiveServer('own', () => downs++);
  await server.listen();
  try {
    await work(() => downs);
  } finally {
    server.close();
  }
}

describe('the socket of a lab', () => {
  it('takes it down for whoever names it, or stands in its folder; nobody else', () =>
    withServer(async (downs) => {
      const connection = must(await Connection.open('own'), 'a connection');
      await expect(connection.ask({ do: 'down', folder: '/elsewhere' })).rejects.toMatchObject({
        code: 'CLI_USAGE',
        message: `the lab "own" was started in ${process.cwd()}, not here`,
        expected: 'its name, if it is meant: callpath down --lab own',
      });
      expect(downs()).toBe(0);
      await connection.ask({ do: 'down', folder: process.cwd() });
      await connection.ask({ do: 'down' });
      expect(downs()).toBe(2);
      connection.close();
    }));

  it('keeps no line without an end, and closes the connection', () =>
    withServer(async () => {
      const socket = createConnection(socketOf('own'));
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      // What is still to be sent when the other side closes is nobody's.
      socket.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => {
        socket.on('close', () => {
          resolve();
        });
      });
      socket.write('x'.repeat(3 << 20));
      await closed;
      expect(answer === '' || (JSON.parse(answer) as { error: { code: string } }).error.code === 'CLI_USAGE').toBe(true);
      // Others are served as before.
      const connection = must(await Connection.open('own'), 'a connection');
      await expect(connection.ask({ do: 'status' })).rejects.toMatchObject({ code: 'LAB_INTERRUPTED' });
      connection.close();
    }));
});
