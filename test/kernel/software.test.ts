/**
 * Software that is not ours at nodes of the lab: coturn answers our clients, node-stun and baresip and SIPp are clients
 * of our roles. What they did is read from the ledger.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LabError } from '../../src/base/error.js';
import { plus, seconds } from '../../src/base/time.js';
import type { LabEvent } from '../../src/capture/ledger.js';
import { ENDED_EVENT, READY_EVENT, STARTED_EVENT } from '../../src/substrate/kernel/program/program.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import type { Lab, ScriptTime } from '../../src/substrate/substrate.js';
import { judge, tool } from '../smoke/support.js';
import { alive, buildLab, descendants, inNode, planOf, ROOT, until } from './support.js';

const TOPOLOGY = readFileSync(join(ROOT, 'topologies', 'software.lab.yaml'), 'utf8');
const NODE_STUN = join(ROOT, 'node_modules', 'node-stun');

/** In CI a missing program is a failure, since CI installs it. */
function lacks(...programs: readonly string[]): boolean {
  const missing = programs.filter((name) => (name.includes('/') ? !existsSync(name) : spawnSync('sh', ['-c', 'command -v "$0"', name]).status !== 0));
  if (missing.length === 0) return false;
  if (process.env['CI'] !== undefined) throw new Error(`missing: ${missing.join(', ')}; .ci/run installs coturn, sip-tester and baresip, npm node-stun`);
  process.stderr.write(`tests are skipped, for want of ${missing.join(', ')}\n`);
  return true;
}

type Change = (text: string) => string;

function swap(from: string | RegExp, to: string): Change {
  return (text) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
    return changed;
  };
}

/** The topology without a node, its link and its user. */
function without(node: string): Change {
  return (text) => {
    const user = new RegExp(`\n {2}\\S+: \\{ node: ${node},.*`);
    const node_ = new RegExp(`\n {4}${node}:\n(?: {6}.*\n|\n)+`);
    const fewer = swap(node_, '\n')(swap(new RegExp(`\n.*"${node}:eth0".*`), '')(text));
    return user.test(fewer) ? fewer.replace(user, '') : fewer;
  };
}

const withNode = (name: string, address: string, lines: readonly string[]): Change =>
  swap('\n  links:\n', `\n    ${name}:\n      kind: process\n      addresses: { eth0: [${address}/26] }\n      config:\n${lines.map((line) => `        ${line}\n`).join('')}\n  links:\n    - { endpoints: ["${name}:eth0", "office-lan:p9"] }\n`);

const compiled = compileProduct([]);
const folder = mkdtempSync(join(tmpdir(), 'callpath-software-'));
afterAll(() => {
  compiled.remove();
  rmSync(folder, { recursive: true });
});
const substrate = createNetns({ main: compiled.main });

/** Answer to `statistics`, as far as it is read here. */
type Heard = readonly { readonly received: readonly { readonly packets: number }[] }[];

interface Played {
  readonly events: readonly LabEvent[];
  /** Of an event, as `node name`. */
  of(node: string, name: string): readonly LabEvent[];
  /** The log file of a program. */
  log(node: string): string;
  /** What tshark says of the ledger, as rows of fields. */
  rows(filter: string, ...fields: readonly string[]): readonly string[][];
}

let runs = 0;
async function play(changes: readonly Change[], script: (lab: Lab, time: ScriptTime) => Promise<void>): Promise<Played> {
  const captureFile = join(folder, `run${++runs}.pcapng`);
  const { lab, finish } = await buildLab(substrate, planOf(changes.reduce((text, change) => change(text), TOPOLOGY)), { captureFile });
  let failure: unknown = null;
  try {
    await lab.run((time) => script(lab, time), plus(lab.clock.now, seconds(60)));
  } catch (error) {
    failure = error;
  }
  const ledger = await finish();
  const events = ledger.events();
  ledger.close();
  if (failure !== null) throw failure;
  return {
    events,
    of: (node, name) => events.filter((event) => event.node === node && event.name === name),
    log: (node) => readFileSync(captureFile.replace(/pcapng$/, `${node}.log`), 'utf8'),
    rows: (filter, ...fields) =>
      tool('tshark', '-r', captureFile, '-Y', filter, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t')),
  };
}

describe.skipIf(lacks('turnserver'))('coturn', () => {
  const changes = [without('desk'), without('sipp')];

  it('answers the Binding requests of our client: behind a NAT it learns a server-reflexive candidate', async () => {
    const played = await play(changes, async (lab) => {
      await inNode(lab, 'rt', 'nft', 'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname "net" ip protocol udp masquerade');
      await lab.role('alice').call('sign-in', {});
      await lab.role('carol').call('sign-in', {});
      await lab.role('alice').call('call', { to: 'carol@lab.example' });
    });
    const candidates = played.of('alice', 'ice-candidate').map(({ fields }) => ({ candidate: fields['candidate'], from: fields['learned-from'] }));
    const [host, reflexive] = candidates;
    expect(host?.candidate).toMatch(/^host udp 198\.51\.100\.10:/);
    // The NAT keeps the source port while it is free.
    expect(reflexive).toEqual({ candidate: expect.stringMatching(/^srflx udp 203\.0\.113\.1:/), from: expect.stringContaining('203.0.113.20:3478') });
    if (!judge('tshark')) return;
    const answers = played.rows('stun.type == 0x0101 && ip.src == 203.0.113.20', 'stun.att.ipv4', 'stun.att.software');
    expect(answers.length).toBeGreaterThan(0);
    for (const [mapped] of answers) expect(mapped).toContain('203.0.113.1');
  });

  it.skipIf(lacks(NODE_STUN))('tells node-stun, a client of RFC 3489, that no NAT is on the way', async () => {
    const probe = withNode('probe', '198.51.100.50', [`command: [${process.execPath}, bin/client.js, -s, 203.0.113.20]`, `workdir: ${NODE_STUN}`, 'autostart: false']);
    let output: unknown;
    const played = await play([...changes, probe], async (lab) => {
      await lab.role('probe').call('start', {});
      expect(await lab.role('probe').call('wait', {})).toEqual({ code: 0, signal: null });
      output = await lab.role('probe').call('output', {});
    });
    expect(output).toMatch(/Open NB=I EF=I .* mapped=198\.51\.100\.50:/);
    expect(played.log('probe')).toBe(output);
    expect(played.of('probe', ENDED_EVENT).map(({ fields }) => fields)).toEqual([{ code: '0' }]);
    // The other address answered too: a test for filtering (EF) needs it.
    if (judge('tshark')) expect(played.rows('udp && ip.src == 203.0.113.21 && ip.dst == 198.51.100.50', 'udp.srcport').length).toBeGreaterThan(0);
  });
});

describe.skipIf(lacks('baresip', 'turnserver'))('baresip', () => {
  it('registers over TLS by the name that the DNS of the lab gives, and is called: ICE, SRTP, media both ways', async () => {
    let heard: unknown;
    const played = await play([without('sipp')], async (lab, time) => {
      await lab.role('alice').call('sign-in', {});
      expect(await lab.role('alice').call('call', { to: 'dora@lab.example' })).toMatchObject({ answered: true, status: 200 });
      // 50 packets a second for 1.5 s.
      await until(time, async () => {
        heard = await lab.role('alice').call('statistics', {});
        return (heard as Heard).flatMap(({ received }) => received).some(({ packets }) => packets > 75);
      });
      await lab.role('alice').call('hang-up', {});
    });
    expect(played.of('fe', 'signed-in').map(({ fields }) => fields['user'])).toContain('dora@lab.example');
    expect(played.of('alice', 'ice-selected').at(-1)?.fields).toMatchObject({ 'local-type': 'host', 'remote-type': 'host' });
    expect(played.of('alice', 'media-started')[0]?.fields).toMatchObject({ protection: 'AES_CM_128_HMAC_SHA1_80' });
    expect(heard).toMatchObject([{ peer: 'dora@lab.example', received: [{ lost: 0 }], refused: { authentication: 0 } }]);
    // Of the program the ledger has its start, its readiness, and no death: the lab ended it.
    expect(played.events.filter((event) => event.node === 'desk').map((event) => event.name)).toEqual([STARTED_EVENT, READY_EVENT]);
  });

  it('calls our client', async () => {
    const dials = [swap('command: [baresip, -f, "${LAB_DIR}"]', 'command: [baresip, -f, "${LAB_DIR}", -e, "/dial sip:alice@lab.example"]'), swap('        ready: { output: 200 OK }\n', '        autostart: false\n        ready: { output: Call established }\n')];
    let heard: unknown;
    const played = await play([without('sipp'), ...dials], async (lab, time) => {
      await lab.role('alice').call('sign-in', {});
      await lab.role('desk').call('start', {});
      await until(time, async () => {
        heard = await lab.role('alice').call('statistics', {});
        return (heard as Heard).some(({ received }) => received.some(({ packets }) => packets > 25));
      });
      await lab.role('desk').call('stop', {});
      await until(time, () => lab.role('alice').events.some(({ name }) => name === 'call-ended'));
    });
    expect(played.of('alice', 'media-heard').length).toBeGreaterThan(0);
    expect(heard).toMatchObject([{ peer: 'dora@lab.example', received: [{ lost: 0 }] }]);
    // Asked to end it says goodbye first.
    expect(played.of('alice', 'call-ended').map(({ fields }) => fields)).toEqual([{ peer: 'dora@lab.example', why: 'bye-received' }]);
    expect(played.of('desk', ENDED_EVENT)).toHaveLength(1);
  });
});

describe.skipIf(lacks('sipp', 'turnserver'))('SIPp', () => {
  it('registers with digest, calls our client through the front end, sends back what it hears, hangs up', async () => {
    const played = await play([without('desk')], async (lab) => {
      await lab.role('carol').call('sign-in', {});
      await lab.role('sipp').call('start', {});
      // SIPp's exit code is its verdict: 0 when every call went as its scenario says.
      expect(await lab.role('sipp').call('wait', {})).toEqual({ code: 0, signal: null });
    });
    const [stopped] = played.of('carol', 'media-stopped');
    expect(Number(stopped?.fields['received'])).toBeGreaterThan(50);
    expect(Number(stopped?.fields['sent'])).toBeGreaterThanOrEqual(Number(stopped?.fields['received']));
    expect(played.of('carol', 'call-ended').map(({ fields }) => fields)).toEqual([{ peer: 'simon@lab.example', why: 'bye-received' }]);
    if (!judge('tshark')) return;
    // Inside the TLS that a foreign process spoke: the front end told the keys.
    const methods = new Set(played.rows('sip.Method && ip.src == 203.0.113.40', 'sip.Method').map(([method]) => method));
    expect([...methods].sort()).toEqual(['ACK', 'BYE', 'INVITE', 'REGISTER']);
    for (const port of ['udp.srcport', 'udp.dstport']) expect(played.rows(`${port} == 40000`, 'frame.number').length, port).toBeGreaterThan(50);
  });

  it('with the wrong password it does not get in', async () => {
    const played = await play([without('desk'), swap('password=${LAB_PASSWORD}', 'password=guess')], async (lab) => {
      await lab.role('sipp').call('start', {});
      expect(await lab.role('sipp').call('wait', {})).toEqual({ code: 1, signal: null });
    });
    expect(played.of('fe', 'signed-in')).toEqual([]);
  });
});

describe.skipIf(lacks('setpriv', 'unshare'))('a process of a node', () => {
  const bare = (lines: readonly string[]): Change[] => [without('desk'), without('sipp'), without('coturn'), swap('config: { stun: coturn }', 'config: {}'), withNode('one', '198.51.100.50', lines)];

  it('finds its folder, its files, its variables and the resolvers of the plan; the machine keeps its own', async () => {
    const before = readFileSync('/etc/resolv.conf', 'utf8');
    let output: unknown;
    await play(
      bare([
        'command: [sh, -c, "pwd; cat a/b.txt; cat /etc/resolv.conf; openssl verify -CAfile $LAB_CA $LAB_CERTIFICATE; echo $COLOUR $HOME; ip -br -4 address show dev eth0; getent hosts sip.lab.example"]',
        'files: { a/b.txt: "it is ${LAB_NODE} at ${LAB_ADDRESS}, costs $1\\n" }',
        'env: { COLOUR: "blue-${LAB_NODE}" }',
        'autostart: false',
      ]),
      async (lab) => {
        await lab.role('one').call('start', {});
        await lab.role('one').call('wait', {});
        output = await lab.role('one').call('output', {});
      },
    );
    expect(String(output).split('\n').map((line) => line.trim())).toEqual([
      '/dev/shm/callpath',
      'it is one at 198.51.100.50, costs $1',
      'nameserver 203.0.113.53',
      '/dev/shm/callpath/.lab/certificate.pem: OK',
      'blue-one /dev/shm/callpath',
      expect.stringMatching(/^eth0 .* 198\.51\.100\.50\/26$/),
      expect.stringMatching(/^203\.0\.113\.10 +sip\.lab\.example$/),
      '',
    ]);
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
    expect(existsSync('/dev/shm/callpath')).toBe(false);
  });

  it('that dies is in the ledger, with how; what it started dies with it', async () => {
    let orphans: readonly number[] = [];
    const played = await play(bare(['command: [sh, -c, "sleep 1000 & echo up; wait"]', 'ready: { output: up }']), async (lab) => {
      orphans = descendants((await lab.inspect('one') as { process: number }).process);
      expect(orphans.length).toBeGreaterThan(1);
      // The first process of the namespace, as the kernel's out-of-memory killer would.
      const [first = 0] = orphans;
      process.kill(first, 'SIGKILL');
      await lab.role('one').call('wait', {});
    });
    expect(played.of('one', ENDED_EVENT).map(({ fields }) => fields)).toEqual([{ signal: 'SIGKILL' }]);
    expect(orphans.filter(alive)).toEqual([]);
  });

  it('that never gets ready fails the build, with what it said', async () => {
    const changes = bare(['command: [sh, -c, "echo no such option >&2; exit 7"]', 'ready: { port: 5000 }']);
    const failed = await play(changes, () => Promise.resolve()).then(
      () => null,
      (error: unknown) => error,
    );
    expect(LabError.is(failed) && [failed.code, failed.message, failed.expected]).toEqual(['LAB_ROLE_FAILED', expect.stringMatching(/one ended before it was ready \(exit code 7\).*no such option/s), 'it listens on udp port 5000']);
  });
});
