/**
 * Captures of whole runs in a temporary folder, and what stock tools read in them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { must } from '../../src/base/assert.js';
import type { PacketId } from '../../src/base/brand.js';
import { legsOf } from '../../src/analysis/legs.js';
import type { ClearText } from '../../src/capture/extract.js';
import { extractNodes } from '../../src/capture/extract.js';
import type { Ledger } from '../../src/capture/ledger.js';
import type { SrtpKey } from '../../src/capture/srtp-key.js';
import { judged } from '../../src/capture/testing/tools.js';
import type { FlowVerdict } from '../../src/library/run/flow-run.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import type { Plan } from '../../src/topology/plan.js';
import { planOfFlow } from '../support/documented-flows.js';
import { flowWith, play, swap } from './support.js';
import type { Change } from './support.js';

/** Milliseconds for a hook that runs several flows on a machine that has other things to do. */
export const PATIENCE = 120_000;

/** SIP on 443 is SIP, which Wireshark takes for HTTP: the port decides what it looks for inside TLS. */
export const SIP_ON_443 = ['-d', 'tls.port==443,sip'];
/** Wireshark verifies checksums only when told to, since network cards leave them to the hardware. */
export const VERIFY = ['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
/** RTP that no readable SDP announced is found by its looks. */
export const FIND_RTP = ['--enable-heuristic', 'rtp_udp'];

/**
 * Wireshark makes conversations of what an SDP announces: one for each end, which parts STUN requests from their
 * responses, and of type SRTP, which takes the clear text of an `extract --clear` for encrypted. Looks are enough here.
 */
export const BY_LOOKS = ['-o', 'sdp.establish_conversation:FALSE', ...FIND_RTP];

export interface Captured {
  readonly verdict: FlowVerdict;
  readonly ledger: Ledger;
  readonly plan: Plan;
  /** The ledger's file. */
  readonly file: string;
  /** Path of another file beside it. */
  beside(name: string): string;
  /** Single-point file of a node, written when first asked for; with `clear`, media decrypted. */
  at(node: string, clear?: (keys: readonly SrtpKey[]) => ClearText): string;
}

/** Runs flows into a folder that is gone after the file's tests. */
export function captures(): (id: string, name: string, plan?: Plan, ...changes: readonly Change[]) => Promise<Captured> {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-judges-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return async (id, name, plan = planOfFlow(id), ...changes) => {
    const file = join(folder, `${name}.pcapng`);
    const verdict = await play(flowWith(id, ...changes), plan, { captureFile: file });
    if (verdict.error !== null) throw verdict.error;
    const beside = (other: string): string => join(folder, `${name}.${other}.pcapng`);
    const written = new Set<string>();
    return {
      verdict,
      ledger: verdict.run.ledger,
      plan,
      file,
      beside,
      at: (node, clear) => {
        const path = beside(clear === undefined ? node : `${node}.clear`);
        if (!written.has(path)) extractNodes(file, [node], () => path, clear);
        written.add(path);
        return path;
      },
    };
  };
}

/** Puts a change of a link in front of a flow's steps, in netem's words. */
export function impair(link: string, words: string): Change {
  return swap('steps:\n', `steps:\n  - link: { name: ${link}, set: "${words}" }\n`);
}

export type Row<F extends string> = Readonly<Record<F, string>>;

/** One row of fields per frame; of a field that a frame has several times, all, joined by commas. Complaints fail. */
export function rows<F extends string>(file: string, fields: readonly F[], ...options: readonly string[]): readonly Row<F>[] {
  const out = judged('tshark', ['-n', '-r', file, ...options, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(fields.map((field, i) => [field, values[i] ?? ''])) as Row<F>;
    });
}

/** Of a field that stands several times in a frame (an ICMP error quotes headers), the outermost. */
export function outer(value: string): string {
  return value.split(',')[0] ?? '';
}

/** `frame.time_epoch` as nanoseconds since the run's start: exact. */
export function sinceStart(epoch: string): number {
  const [seconds = '', fraction = ''] = epoch.split('.');
  return (Number(seconds) - sim.originSeconds()) * 1e9 + Number(fraction.padEnd(9, '0'));
}

/** All addresses of a node. */
export function addressesOf(plan: Plan, node: string): readonly string[] {
  const found = must(
    plan.nodes.find((candidate) => candidate.name === node),
    node,
  );
  return found.interfaces.flatMap((nic) => nic.addresses.map((address) => address.address));
}

/** Ids of the packets of speech between two clients, as the analysis finds them. */
export function speechBetween(captured: Captured, a: string, b: string): readonly number[] {
  const audio = legsOf(captured.verdict.observation, 'rtp', a, b);
  return audio.flatMap((leg) => leg.flows.flatMap((flow) => [...captured.ledger.packetsOf(flow)]));
}

/** Every packet with its records in the order of the file: `POINT TIME out|in|verdict`. */
export function* trails(ledger: Ledger): Generator<{ readonly id: PacketId; readonly records: readonly string[] }> {
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const records = ledger.trail(cursor.trail).map((step, k) => {
      const kind = step.kind === 'out' || step.kind === 'in' ? step.kind : 'verdict';
      return `${ledger.points.at(step.point).name} ${cursor.time(k)} ${kind}`;
    });
    yield { id: cursor.id, records };
  }
}
