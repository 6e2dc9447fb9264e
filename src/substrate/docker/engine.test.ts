import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse, Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine, socketOf } from './engine.js';

describe('where the daemon is', () => {
  it('is what DOCKER_HOST says, if that is on this machine', () => {
    expect(socketOf(undefined)).toBe('/var/run/docker.sock');
    expect(socketOf('')).toBe('/var/run/docker.sock');
    expect(socketOf('unix:///run/user/1000/docker.sock')).toBe('/run/user/1000/docker.sock');
    expect(() => socketOf('tcp://192.0.2.1:2376')).toThrow(expect.objectContaining({ code: 'DOCKER_UNREACHABLE' }));
    expect(() => socketOf('ssh://builder')).toThrow(expect.objectContaining({ code: 'DOCKER_UNREACHABLE' }));
  });
});

/** A daemon that answers as one does, as far as HTTP goes; what containers do is tested with the real one. */
describe('the client of the Engine API', () => {
  let folder = '';
  let server: Server;
  let answer: (message: IncomingMessage, response: ServerResponse) => void = () => undefined;
  let engine: Engine | null = null;
  const asked: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'callpath-engine-'));
    asked.length = 0;
    server = createServer((message, response) => {
      asked.push(`${message.method ?? ''} ${message.url ?? ''}`);
      if (message.url === '/_ping') response.writeHead(200, { 'api-version': '1.41' }).end('OK');
      else answer(message, response);
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve));
    engine = await Engine.connect(join(folder, 'docker.sock'));
  });

  afterEach(async () => {
    engine?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('speaks the version that the daemon names', async () => {
    answer = (_message, response) => void response.end('[]');
    await engine!.call('GET', '/containers/json', { query: { all: '1' } });
    expect(asked).toEqual(['GET /_ping', 'GET /v1.41/containers/json?all=1']);
  });

  it('tells what the daemon refused, unless the caller can live with it', async () => {
    answer = (_message, response) => void response.writeHead(409).end('{"message":"name is in use"}');
    await expect(engine!.call('POST', '/containers/create', { body: {} })).rejects.toMatchObject({
      code: 'DOCKER_REFUSED',
      message: expect.stringContaining('409 name is in use') as string,
    });
    await expect(engine!.call('POST', '/containers/create', { body: {}, accept: [409] })).resolves.toMatchObject({ status: 409 });
  });

  it('hands over a stream with the bytes that came right behind the answer', async () => {
    server.on('upgrade', (_message, socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst');
      socket.pipe(socket);
    });
    const stream = await engine!.hijack('/exec/1/start', { body: {} });
    stream.end(' second');
    expect((await stream.toArray()).join('')).toBe('first second');
  });

  it('tells why it gets no stream', async () => {
    // A server that has no listener for upgrades answers as to any other request.
    answer = (_message, response) => void response.writeHead(404).end('{"message":"No such exec instance"}');
    await expect(engine!.hijack('/exec/1/start')).rejects.toMatchObject({
      code: 'DOCKER_REFUSED',
      message: expect.stringContaining('No such exec instance') as string,
    });
  });

  it('tells of an answer that breaks off', async () => {
    answer = (_message, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      response.destroy();
    };
    await expect(engine!.call('GET', '/info')).rejects.toMatchObject({ code: 'DOCKER_UNREACHABLE' });
  });

  it('tells how to mend it when nobody answers', async () => {
    await expect(Engine.connect(join(folder, 'nobody.sock'))).rejects.toMatchObject({
      code: 'DOCKER_UNREACHABLE',
      hint: expect.stringContaining('start') as string,
    });
  });
});
