/**
 * The calls of the kernel: namespaces that are left again, devices that are in them, waits that end when they should.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { NEVER, millis, plus } from '../../src/base/time.js';
import { MONOTONIC } from '../../src/fabric/driver/real-time.js';
import { Namespace } from '../../src/substrate/kernel/namespace/namespace.js';
import { runTool } from '../../src/substrate/kernel/namespace/tool.js';
import { EFD_FLAGS, loadLibc } from '../../src/substrate/kernel/tap/libc.js';
import { PpollIdle } from '../../src/substrate/kernel/tap/ppoll-idle.js';
import { TapDevice } from '../../src/substrate/kernel/tap/tap-device.js';

const libc = await loadLibc();
const ownNamespace = (): string => readlinkSync('/proc/thread-self/ns/net');
const interfaces = (): string[] =>
  readFileSync('/proc/thread-self/net/dev', 'utf8')
    .split('\n')
    .slice(2)
    .map((line) => line.split(':')[0]?.trim() ?? '')
    .filter((name) => name !== '');

const open: { close(): void }[] = [];
afterEach(() => {
  for (const thing of open.splice(0)) thing.close();
});
function namespace(name: string): Namespace {
  const made = Namespace.create(libc, name);
  open.push(made);
  return made;
}

describe('a namespace', () => {
  it('is left again, whatever is done in it', () => {
    const home = ownNamespace();
    const one = namespace('one');
    expect(ownNamespace()).toBe(home);
    const inside = one.inside(() => [ownNamespace(), ...interfaces()]);
    expect(inside.slice(1)).toEqual(['lo']);
    expect(inside[0]).not.toBe(home);
    expect(() =>
      one.inside(() => {
        throw new Error('in there');
      }),
    ).toThrow('in there');
    expect(ownNamespace()).toBe(home);
  });

  it('takes no asynchronous work: that would go on elsewhere', () => {
    expect(() => namespace('one').inside(() => Promise.resolve())).toThrow(/synchronously/);
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(readlinkSync('/proc/self/ns/net'));
  });

  it('has its devices for itself', () => {
    const [one, two] = [namespace('one'), namespace('two')];
    const before = interfaces();
    open.push(TapDevice.open(libc, one, 'eth0'));
    expect(one.inside(interfaces)).toContain('eth0');
    expect(two.inside(interfaces)).toEqual(['lo']);
    expect(before).toEqual(interfaces());
  });

  it('takes its devices with it', async () => {
    const [one, two] = [namespace('one'), namespace('two')];
    const device = TapDevice.open(libc, one, 'eth0');
    // A pair goes as a whole: the end in the other namespace tells what has become of this one.
    await runTool(one, { tool: 'ip', arguments: ['link', 'add', 'name', 'inner', 'type', 'veth', 'peer', 'name', 'outer', 'netns', two.path], input: '' });
    device.close();
    expect(one.inside(interfaces)).toContain('eth0');
    expect(two.inside(interfaces)).toContain('outer');
    one.close();
    await expect.poll(() => two.inside(interfaces), { timeout: 10_000 }).toEqual(['lo']);
  });

  it('of somebody else loses them with their descriptors', async () => {
    const child = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    open.push({ close: () => child.kill('SIGKILL') });
    await once(child.stdout, 'data');
    const theirs = Namespace.ofProcess(libc, 'theirs', child.pid ?? 0);
    open.push(theirs);
    const device = TapDevice.open(libc, theirs, 'eth0');
    expect(theirs.inside(interfaces)).toContain('eth0');
    device.close();
    expect(theirs.inside(interfaces)).toEqual(['lo']);
  });

  it('has no two devices of a name', () => {
    const one = namespace('one');
    open.push(TapDevice.open(libc, one, 'eth0'));
    expect(() => TapDevice.open(libc, one, 'eth0')).toThrow(
      expect.objectContaining({ code: 'KERNEL_REFUSED', message: expect.stringContaining('EBUSY') as unknown }),
    );
  });
});

describe('a tool in a namespace', () => {
  it('that complains is an error with the line that it complains of', async () => {
    const run = runTool(namespace('one'), { tool: 'ip', arguments: ['-batch', '-'], input: 'link set dev lo up\nlink set dev nosuch up\n' });
    await expect(run).rejects.toMatchObject({ code: 'KERNEL_REFUSED', hint: 'the line that failed: link set dev nosuch up' });
  });

  it('that is missing is named with its cure', async () => {
    await expect(runTool(namespace('one'), { tool: 'no-such-tool', arguments: [], input: '' })).rejects.toMatchObject({ code: 'KERNEL_TOOL' });
  });
});

describe('a wait on descriptors', () => {
  function idle(): { idle: PpollIdle; fd: number; served: number[] } {
    const fd = libc.eventfd(0, EFD_FLAGS);
    const served: number[] = [];
    const made = new PpollIdle(
      libc,
      [fd],
      () => served.push(-1),
      (index) => {
        served.push(index);
        libc.read(fd, new Uint8Array(8), 8);
      },
    );
    open.push({ close: () => closeSync(fd) });
    return { idle: made, fd, served };
  }
  const one = new Uint8Array(new BigUint64Array([1n]).buffer);

  it('ends when something can be read, which is then served', async () => {
    const { idle: waiting, fd, served } = idle();
    const wait = waiting.wait(NEVER);
    libc.write(fd, one, 8);
    await wait;
    expect(served).toEqual([-1, 0]);
    await waiting.close();
  });

  it('ends by a wake: one that is going on, and the next one if none is', async () => {
    const { idle: waiting, served } = idle();
    const wait = waiting.wait(NEVER);
    waiting.wake();
    await wait;
    waiting.wake();
    await waiting.wait(NEVER);
    expect(served).toEqual([]);
    await waiting.close();
  });

  it('serves what is there even when no time is left', async () => {
    const { idle: waiting, fd, served } = idle();
    libc.write(fd, one, 8);
    await waiting.wait(MONOTONIC.now());
    expect(served).toEqual([-1, 0]);
    await waiting.close();
  });

  it('ends by itself when its time comes', async () => {
    const { idle: waiting, served } = idle();
    await waiting.wait(plus(MONOTONIC.now(), millis(5)));
    expect(served).toEqual([]);
    await waiting.close();
  });

  it('ends when it is closed', async () => {
    const { idle: waiting } = idle();
    const wait = waiting.wait(NEVER);
    await waiting.close();
    await wait;
    await waiting.close();
  });
});
