/**
 * Labs without root: the same verdicts in a user namespace, and the cure where the system has none to give.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { hostNetwork } from './host-network.js';
import { LiveDesk, SMALL, endAll } from './live-support.js';
import { ROOT } from './support.js';
import { Unprivileged } from './unprivileged.js';

const compiled = compileProduct([]);
const main = fileURLToPath(compiled.url('src/cli/main.ts'));
// A folder of mkdtemp's is for its owner only.
chmodSync(join(dirname(main), '..', '..'), 0o755);
const nobody = new Unprivileged();
const scratch = mkdtempSync(join(tmpdir(), 'callpath-rootless-'));
afterEach(endAll);
afterAll(() => {
  compiled.remove();
  nobody.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const ASROOT = [process.execPath, main] as const;
const FLOW = 'hybrid-p2p-mixed';
const FLOWFILE = join('lab', 'flows', `${FLOW}.flow.yaml`);
const TOPOLOGY = join('topologies', 'contoso.lab.yaml');
const RULES = join('lab', 'rules');

interface Seen {
  readonly documented: boolean;
  readonly findings: readonly { readonly check: string; readonly status: string }[];
}

/** Runs the flow in namespaces; verdict by check, and what was printed. */
function played(command: readonly string[], cwd: string): { readonly code: number | null; readonly err: string; readonly seen: Seen | null } {
  for (const file of [FLOWFILE, TOPOLOGY, RULES]) cpSync(join(ROOT, file), join(cwd, file), { recursive: true });
  const [program = '', ...args] = [...command, 'run', FLOWFILE, '--on', 'netns', '--out', 'captures', '--json-report', 'seen.json'];
  const { status, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 100_000 });
  const seen = status === 0 ? (JSON.parse(readFileSync(join(cwd, 'seen.json'), 'utf8')) as Record<string, Seen>) : {};
  return { code: status, err: stderr, seen: seen[FLOW] ?? null };
}

describe('a lab without root', () => {
  it('runs a documented flow with the verdict of root, check by check', () => {
    const network = hostNetwork();
    const theirs = played(nobody.node(main, '666'), nobody.folder);
    expect(theirs).toMatchObject({ code: 0, err: '' });
    const ours = played(ASROOT, scratch);
    expect(ours).toMatchObject({ code: 0, err: '' });
    const verdicts = ({ seen }: typeof ours): unknown => [seen?.documented, seen?.findings.map(({ check, status }) => `${check} ${status}`)];
    expect(verdicts(theirs)).toEqual(verdicts(ours));
    expect(hostNetwork()).toBe(network);
  });

  it('stays up, is joined from a second terminal, and runs programs of others', async () => {
    const desk = new LiveDesk(nobody.node(main, '666'), nobody.makeFolder('live'));
    const program =
      '{ kind: process, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.5/24] }, config: { command: [sh, -c, "mount | grep resolv.conf; wc -l < /etc/resolv.conf; cat /proc/1/comm; sleep 1000"], ready: { output: sh } } }';
    const lab = await desk.up(
      SMALL.replace('    r: {', `    pr: ${program}\n    r: {`).replace(
        '    - { name: r-sw',
        '    - { name: pr-sw, segment: customer, endpoints: ["pr:eth0", "sw:p3"] }\n    - { name: r-sw',
      ),
    );
    expect(desk.run('status')).toMatchObject({ code: 0, out: expect.stringMatching(/^ {2}r-sw /m) as string });
    const addresses = desk.run('exec', 'r', '--', 'ip', '-json', 'address', 'show', 'dev', 'eth0');
    expect(addresses.err).toBe('');
    expect(JSON.parse(addresses.out)).toMatchObject([{ ifname: 'eth0', addr_info: [{ local: '192.0.2.1' }] }]);
    // A firewall of the node's own, by who runs the lab.
    expect(desk.run('exec', 'r', '--', 'nft', 'add', 'table', 'inet', 'mine')).toMatchObject({ code: 0, err: '' });
    expect(desk.run('down')).toMatchObject({ code: 0, out: 'small is down\n' });
    expect(await lab.ended).toMatchObject({ code: 0, err: '' });
    expect(desk.sockets()).toEqual([]);
  });

  it('says what helps where /dev/net/tun is for root only', () => {
    const { code, err } = played(nobody.node(main, '600'), nobody.folder);
    expect(code).toBe(3);
    expect(err).toMatch(/^KERNEL_PERMISSION \/dev\/net\/tun cannot be opened \(EACCES\)\n[^]*mend it: {2}sudo chmod 0666 \/dev\/net\/tun/);
  });

  it.each(['user', 'net'])('says what helps where user.max_%s_namespaces is 0', (kind) => {
    // Limits are a user namespace's own: one with a root that may do nothing stands for a machine with such a limit.
    const limited = `echo 0 > /proc/sys/user/max_${kind}_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all -- "$@"`;
    const { code, err } = played(['unshare', '--user', '--map-root-user', 'sh', '-c', limited, 'sh', ...ASROOT], scratch);
    expect(code).toBe(3);
    expect(err).toMatch(new RegExp(`^KERNEL_PERMISSION [^]*mend it: {2}sudo sysctl -w user\\.max_${kind}_namespaces=`));
  });
});
