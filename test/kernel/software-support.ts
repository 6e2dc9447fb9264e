/**
 * Labs with software that is not ours, on whichever kernel substrate: the reference topology for it with changes, a
 * script, and what came of it; and the checks that hold on all of them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { seconds } from '../../src/base/time.js';
import type { LabEvent } from '../../src/capture/ledger.js';
import type { Lab, ScriptTime, Substrate } from '../../src/substrate/substrate.js';
import { judge, swap, tool, type Change } from '../smoke/support.js';
import { buildLab, inNode, planOf, ROOT } from './support.js';

const TOPOLOGY = readFileSync(join(ROOT, 'topologies', 'software.lab.yaml'), 'utf8');
export const NODE_STUN = join(ROOT, 'node_modules', 'node-stun');

/** In CI a missing program is a failure, since CI installs it. */
export function lacks(...programs: readonly string[]): boolean {
  const missing = programs.filter((name) => (name.includes('/') ? !existsSync(name) : spawnSync('sh', ['-c', 'command -v "$0"', name]).status !== 0));
  if (missing.length === 0) return false;
  if (process.env['CI'] !== undefined) throw new Error(`missing: ${missing.join(', ')}; .ci/run installs coturn, sip-tester and baresip, npm node-stun`);
  process.stderr.write(`tests are skipped, for want of ${missing.join(', ')}\n`);
  return true;
}

/** The topology without a node, its link and its user. */
export function without(node: string): Change {
  return (text) => {
    const user = new RegExp(`\n {2}\\S+: \\{ node: ${node},.*`);
    const node_ = new RegExp(`\n {4}${node}:\n(?: {6}.*\n|\n)+`);
    const fewer = swap(node_, '\n')(swap(new RegExp(`\n.*"${node}:eth0".*`), '')(text));
    return user.test(fewer) ? fewer.replace(user, '') : fewer;
  };
}

export const WITHOUT_PHONES: readonly Change[] = [without('desk'), without('sipp')];
export const WITHOUT_SOFTWARE: readonly Change[] = [...WITHOUT_PHONES, without('coturn'), swap('config: { stun: coturn }', 'config: {}')];

/** A node behind the office's bridge. @param lines of its `config` */
export const withNode = (kind: 'process' | 'container', name: string, address: string, lines: readonly string[]): Change =>
  swap(
    '\n  links:\n',
    `\n    ${name}:\n      kind: ${kind}\n      addresses: { eth0: [${address}/26] }\n      config:\n${lines.map((line) => `        ${line}\n`).join('')}\n  links:\n    - { endpoints: ["${name}:eth0", "office-lan:p9"] }\n`,
  );

export interface Played {
  readonly events: readonly LabEvent[];
  /** Of an event, as `node name`. */
  of(node: string, name: string): readonly LabEvent[];
  /** The log file of a program. */
  log(node: string): string;
  /** What tshark says of the ledger, as rows of fields. */
  rows(filter: string, ...fields: readonly string[]): readonly string[][];
}

export type Play = (changes: readonly Change[], script: (lab: Lab, time: ScriptTime) => Promise<void>) => Promise<Played>;

/** @param folder where captures and logs go */
export function player(substrate: Substrate, folder: string): Play {
  let runs = 0;
  return async (changes, script) => {
    const captureFile = join(folder, `run${++runs}.pcapng`);
    const { lab, finish } = await buildLab(substrate, planOf(changes.reduce((text, change) => change(text), TOPOLOGY)), { captureFile });
    let failure: unknown = null;
    try {
      await lab.run((time) => script(lab, time), seconds(lab.clock.now / 1e9 + 60));
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
  };
}

/** The office's router hides the office behind its own address. */
export const masquerade = (lab: Lab): Promise<string> =>
  inNode(
    lab,
    'rt',
    'nft',
    'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname "net" ip protocol udp masquerade',
  );

/** coturn answers the Binding requests of our client, which learns how it looks from outside. */
export async function learnsFromCoturn(play: Play, changes: readonly Change[]): Promise<void> {
  const played = await play(changes, async (lab) => {
    await masquerade(lab);
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
}

/** A server of ours, with what node-stun asks of one; where `probe` finds it. */
export const OUR_SERVER = '203.0.113.22';
const withOurServer = swap(
  '\n  links:\n',
  `
    ours:
      kind: stun
      addresses: { eth0: [${OUR_SERVER}/26, 203.0.113.23/26] }
      config: { alternatePort: 3479 }
  links:
    - { endpoints: ["ours:eth0", "net-lan:p9"] }
`,
);

/** What the program of the node `probe` wrote that asked it. */
export async function askOurServer(
  play: Play,
  probe: Change,
  prepare: (lab: Lab) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ readonly played: Played; readonly output: unknown }> {
  let output: unknown;
  const played = await play([...WITHOUT_SOFTWARE, withOurServer, probe], async (lab) => {
    await prepare(lab);
    await lab.role('probe').call('start', {});
    expect(await lab.role('probe').call('wait', {})).toEqual({ code: 0, signal: null });
    output = await lab.role('probe').call('output', {});
  });
  return { played, output };
}

/** node-stun, a client of RFC 3489, finds no NAT, by answers from both addresses and ports. */
export async function findsNoNat(play: Play, probe: Change): Promise<void> {
  const { played, output } = await askOurServer(play, probe);
  expect(output).toMatch(/Complete\(0\): Open NB=I EF=I .* mapped=198\.51\.100\.50:/);
  if (!judge('tshark')) return;
  // Wireshark's name for what has no cookie.
  const answers = played.rows('classicstun.type == 0x0101', 'ip.src', 'udp.srcport');
  expect(new Set(answers.map((row) => row.join(':')))).toEqual(new Set([`${OUR_SERVER}:3478`, `${OUR_SERVER}:3479`, '203.0.113.23:3478', '203.0.113.23:3479']));
}
