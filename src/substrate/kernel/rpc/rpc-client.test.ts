import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../base/error.js';
import { RpcClient, type RoleListener } from './rpc-client.js';

const silent: RoleListener = { note: () => undefined, secret: () => undefined };

/** A process that behaves as `script` says. `line` is what it was asked. */
function client(script: string, listener = silent): RpcClient {
  const child = spawn(process.execPath, ['-e', `process.stdin.once('data', (asked) => { ${script} }); process.stdin.on('end', () => process.exit(0));`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return new RpcClient(child, { node: 'alice', listener });
}

async function failure(work: Promise<unknown>): Promise<LabError> {
  const error: unknown = await work.then(
    () => new Error('no error'),
    (e: unknown) => e,
  );
  if (!LabError.is(error)) throw error;
  return error;
}

describe("the lab's end", () => {
  it("what is told comes in order, before the answer, with the role's times", async () => {
    const told: unknown[] = [];
    const role = client(
      `process.stdout.write('{"event":"ringing","at":3,"data":{"from":"bob"}}\\n{"note":"joined","at":4,"fields":{"k":"v"}}\\n{"reveal":{"kind":"tls","line":"L"},"at":5}\\n{"id":1,"o');
       setImmediate(() => process.stdout.write('k":7}\\n'));`,
      { note: (...note) => told.push(note), secret: (...secret) => told.push(secret), touch: () => told.push('touch') },
    );
    expect(await role.call('x', null)).toBe(7);
    expect(role.events).toEqual([{ name: 'ringing', at: 3, data: { from: 'bob' } }]);
    expect(told).toEqual(['touch', 'touch', [4, 'joined', { k: 'v' }], 'touch', [5, { kind: 'tls', line: 'L' }], 'touch']);
    expect(await role.close()).toEqual({ code: 0, signal: null });
    expect(await role.close()).toEqual({ code: 0, signal: null });
  });

  it('an argument and an answer of 4 MB', async () => {
    const text = 'é'.repeat(2_000_000);
    const role = client(
      `let n = asked.length, last = asked; process.stdin.on('data', (more) => { n += more.length; if (more.at(-1) === 10) process.stdout.write('{"id":1,"ok":"' + 'é'.repeat(2e6) + '"}\\n') });`,
    );
    expect((await role.call('x', text)) === text).toBe(true);
    await role.close();
  });

  it('a line that is no frame ends the process, and says what stood in it', async () => {
    const role = client(`console.log('listening on port 5060');`);
    const other = failure(role.waiting());
    const error = await failure(role.call('x', null));
    expect(error.toJSON()).toMatchObject({ code: 'LAB_ROLE_FAILED', message: 'the process of alice wrote what is no frame: listening on port 5060' });
    expect(await other).toBe(error);
    expect(await role.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('so does an answer to what nobody asked', async () => {
    const role = client(`process.stdout.write('{"id":77,"ok":null}\\n');`);
    expect((await failure(role.call('x', null))).message).toContain('question 77');
    await role.exited;
  });

  it('a death is told with exit code, question and the last lines of stderr', async () => {
    const role = client(`for (let i = 0; i < 40; i++) console.error('line ' + i); process.stderr.write('the end', () => process.exit(3));`);
    const error = await failure(role.call('dial', null));
    expect(error.message).toMatch(
      /^the process of alice ended with exit code 3 before it answered the command "dial"; its last messages:\n {4}line 29\n(?:.*\n)+ {4}the end$/,
    );
    expect(await role.exited).toEqual({ code: 3, signal: null });
    expect(await failure(role.call('dial', null))).toBe(error);
  });

  it('a mistake that nobody caught in the process is told with its stack', async () => {
    const error = await failure(client(`null.x;`).call('dial', null));
    expect(error.message).toContain('exit code 1');
    expect(error.message).toContain("Cannot read properties of null (reading 'x')");
  });

  it('a command that does not exist cannot be started', async () => {
    const role = new RpcClient(spawn('/nonexistent/node', [], { stdio: ['pipe', 'pipe', 'pipe'] }), { node: 'alice', listener: silent });
    const error = await failure(role.call('x', null));
    expect(error.message).toBe('the process of alice could not be started: spawn /nonexistent/node ENOENT');
    expect(await role.close()).toEqual({ code: null, signal: null });
  });

  it('a process that ignores the end of its stdin is killed', async () => {
    const child = spawn(process.execPath, ['-e', `setInterval(() => 0, 1000); process.stdout.write('{"event":"up","at":0,"data":null}\\n')`], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const role = new RpcClient(child, { node: 'alice', listener: silent });
    expect(await role.close(50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('what is no plain data never leaves', async () => {
    const role = client('');
    expect((await failure(role.call('x', { bad: NaN }))).code).toBe('ROLE_COMMAND');
    await role.close();
  });
});
