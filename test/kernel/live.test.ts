/**
 * A lab that stays up: one terminal keeps it, others look, call, change links, run commands in nodes, take it down.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { hostNetwork } from './host-network.js';
import { LiveDesk, SMALL, endAll } from './live-support.js';
import { ROOT } from './support.js';

const compiled = compileProduct([]);
const scratch = mkdtempSync(join(tmpdir(), 'callpath-live-'));
afterEach(endAll);
afterAll(() => {
  compiled.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const deskNamed = (name: string): LiveDesk => new LiveDesk([process.execPath, fileURLToPath(compiled.url('src/cli/main.ts'))], join(scratch, name));
const CONTOSO = join(ROOT, 'topologies', 'contoso.lab.yaml');

/** Words that ask the lab's DNS server for a name, with one question: its answer, or exit code 1 when none came in time. */
const lookup = (millis: number): readonly string[] => [
  process.execPath,
  '-e',
  `const r=new(require('dns').promises.Resolver)({timeout:${millis},tries:1});r.setServers(['192.0.2.3']);r.resolve4('a.lab.example').then((a)=>console.log(a.join()),(e)=>{console.log(e.code);process.exitCode=1})`,
];
/** For answers that come, however busy the machine; and for those that never do. */
const [LOOKUP, IN_VAIN] = [lookup(30_000), lookup(1000)];

/** What tshark shows of a file that is still being written, or afterwards. */
const shark = (file: string, filter: string): { readonly lines: readonly string[]; readonly says: string } => {
  const { stdout, stderr } = spawnSync('tshark', ['-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'dns.qry.name'], {
    encoding: 'utf8',
  });
  return { lines: stdout.split('\n').filter((line) => line !== ''), says: stderr };
};

function isRole(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('role/main.js');
  } catch {
    return false;
  }
}

describe('a lab that stays up', () => {
  it('lets a second terminal run commands in nodes and change links, is captured meanwhile, and goes down when told', async () => {
    const network = hostNetwork();
    const desk = deskNamed('whole');
    const lab = await desk.up(SMALL);
    const capture = join(desk.folder, 'captures', 'small.pcapng');

    expect(desk.run('exec', 'r', '--', ...LOOKUP)).toMatchObject({ code: 0, out: '192.0.2.3\n' });
    expect(desk.run('status').out).toMatch(/^ {2}r-sw +r:eth0 sw:p2 +1 +1$/m);

    expect(desk.run('link', 'set', 'r-sw', 'down')).toMatchObject({ code: 0, out: 'r-sw: down\n' });
    expect(desk.run('exec', 'r', '--', ...IN_VAIN).code).toBe(1);
    expect(desk.run('status').out).toMatch(/^ {2}r-sw .* down$/m);
    desk.run('link', 'set', 'r-sw', 'up');
    expect(desk.run('exec', 'r', '--', ...LOOKUP).code).toBe(0);
    desk.run('link', 'set', 'r-sw', 'loss', '100%');
    expect(desk.run('exec', 'r', '--', ...IN_VAIN).code).toBe(1);
    expect(desk.run('status').out).toMatch(/^ {2}r-sw .* loss 100%$/m);

    // Two questions and two answers, over two links of two ends, are read while the lab goes on writing.
    await expect
      .poll(() => shark(capture, 'frame.comment contains "drop=link-loss"').lines, { timeout: 10_000, interval: 200 })
      .toEqual(['r-sw:r\ta.lab.example']);
    const carried = 'udp.port == 53 and not frame.comment contains "drop="';
    const { lines, says } = shark(capture, carried);
    expect(lines).toHaveLength(16);
    expect(new Set(lines)).toEqual(new Set(['r-sw:r', 'r-sw:sw', 'ns-sw:sw', 'ns-sw:ns'].map((point) => `${point}\ta.lab.example`)));
    expect(says).not.toContain('cut short');
    // Our own reader, while it is being written.
    expect(desk.run('where', capture, 'udp.port == 53')).toMatchObject({ code: 0, out: expect.stringContaining('delivered to ns') as string });

    expect(desk.run('down')).toMatchObject({ code: 0, out: 'small is down\n' });
    expect(await lab.ended).toMatchObject({ code: 0, err: '' });
    expect(desk.sockets()).toEqual([]);
    expect(shark(capture, carried).lines).toHaveLength(16);
    expect(hostNetwork()).toBe(network);
  });

  it('refuses a second one of its name, and what it does not have', async () => {
    const desk = deskNamed('refusals');
    expect(desk.run('status')).toMatchObject({ code: 2, err: expect.stringContaining('no lab is up') as string });
    const lab = await desk.up(SMALL);
    const refused = (...args: readonly string[]): string => {
      const { code, err } = desk.run(...args);
      expect(code, err).not.toBe(0);
      return err;
    };
    expect(refused('up', 'test.lab.yaml', '--on', 'netns')).toContain('"small" is up already');
    expect(refused('up', 'test.lab.yaml', '--on', 'sim')).toContain('virtual');
    expect(refused('exec', 'sv', '--', 'true')).toMatch(/no node "sv"[^]*ns, r, sw[^]*did you mean "sw"/);
    expect(refused('link', 'set', 'r-sv', 'down')).toMatch(/no link or link group "r-sv"[^]*did you mean "r-sw"/);
    expect(refused('link', 'set', 'r-sw', 'los', '5%')).toContain('los');
    expect(refused('call', 'alice', 'bob')).toContain('no user "alice"');
    expect(refused('status', '--lab', 'smal')).toContain('did you mean "small"');
    // None of it has hurt the lab; an interrupt ends it as `down` does.
    expect(desk.run('exec', 'r', '--', 'sh', '-c', 'exit 7').code).toBe(7);
    lab.child.kill('SIGINT');
    expect((await lab.ended).code).toBe(0);
    expect(refused('down')).toContain('no lab is up');
  });

  it('stays up when a role dies, and tells it: where it runs, to whoever asks, in the capture and by its exit code', async () => {
    const desk = deskNamed('dead');
    const lab = await desk.up(SMALL);
    expect(desk.run('status').code).toBe(0);
    const pid = desk.run('exec', 'ns', '--', 'sh', '-c', 'for p in /proc/[0-9]*; do [ $p/ns/net -ef /proc/self/ns/net ] && echo $p; done').out;
    for (const process_ of pid.split('\n').map((path) => Number(path.split('/')[2]))) if (process_ > 1 && isRole(process_)) process.kill(process_, 'SIGKILL');
    await lab.said('LAB_ROLE_FAILED the process of ns was killed by SIGKILL');
    const status = desk.run('status');
    expect(status).toMatchObject({ code: 3, err: expect.stringContaining('LAB_ROLE_FAILED the process of ns was killed by SIGKILL') as string });
    expect(status.out).toMatch(/^ {2}ns +dns +failed$/m);
    expect(desk.run('exec', 'r', '--', 'true').code).toBe(0);
    expect(desk.run('down').code).toBe(0);
    expect((await lab.ended).code).toBe(3);
    expect(shark(join(desk.folder, 'captures', 'small.pcapng'), 'frame.comment contains "event=role-failed"').lines).toHaveLength(1);
  });

  it('is asked for by name when several are up', async () => {
    const desk = deskNamed('several');
    const first = await desk.up(SMALL);
    const second = await desk.up(SMALL.replace('name: small', 'name: other'));
    expect(desk.run('status').err).toMatch(/several labs are up[^]*other, small/);
    expect(desk.run('status', '--lab', 'other').out).toMatch(/^other, up/);
    expect(desk.run('down', '--lab', 'other').code).toBe(0);
    expect(desk.run('status').out).toMatch(/^small, up/);
    expect(desk.run('down').code).toBe(0);
    expect([(await first.ended).code, (await second.ended).code]).toEqual([0, 0]);
  });

  it('ends a command that runs in a node when it goes down', async () => {
    const desk = deskNamed('command');
    const lab = await desk.up(SMALL);
    const command = desk.start('exec', 'r', '--', 'sh', '-c', 'echo ready; exec sleep 1000');
    await command.said('ready');
    expect(desk.run('down').code).toBe(0);
    expect(await command.ended).toMatchObject({ code: 3, err: expect.stringContaining('LAB_INTERRUPTED') as string });
    expect((await lab.ended).code).toBe(0);
  });

  it('signs users in for a call, tries again after it could not, and ends the call', async () => {
    const desk = deskNamed('call');
    const lab = await desk.upFile(CONTOSO);
    desk.run('link', 'set', 'alice--hq-lan', 'down');
    expect(desk.run('call', 'alice', 'bob').code).toBe(3);
    desk.run('link', 'set', 'alice--hq-lan', 'up');
    expect(desk.run('call', 'alice', 'bob')).toMatchObject({ code: 0, err: '' });
    expect(desk.run('hang-up', 'alice')).toMatchObject({ code: 0, err: '' });
    // The users are signed in by now.
    expect(desk.run('call', 'bob@contoso.example', 'alice')).toMatchObject({ code: 0, err: '' });
    expect(desk.run('down').code).toBe(0);
    expect((await lab.ended).code).toBe(0);
    const sip = shark(join(desk.folder, 'captures', 'contoso.pcapng'), 'sip.Method == "BYE"');
    expect(sip.lines.length).toBeGreaterThan(0);
  }, 200_000);
});
