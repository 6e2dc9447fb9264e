/**
 * For tests of checks: an expectation judged on a ledger that is made by hand.
 * @module
 */
import { must } from '../../base/assert.js';
import { HandMade, PLAN, channelData, rtp, tcp, udp } from '../../analysis/ledger.testkit.js';
import { observe } from '../../analysis/legs.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { LabError } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';
import { millis } from '../../base/time.js';
import type { FlowSpec, Step, StepList } from '../../scenario/flow.js';
import { verifyFlow } from '../expectations.js';
import type { Finding } from '../finding.js';
import type { Check } from './check.js';
import type { Expectation } from './table.js';

export const at = (ms: number): Nanos => millis(ms);
export const BY_CIRCUIT = 'bob lan rt ce msee ms-lan online-fe';
export const BY_INTERNET = 'bob lan rt ce isp msee ms-lan online-fe';

export const SRC = { file: 'f.flow.yaml', line: 10, column: 5 };
export const CALL = { do: 'call', from: 'caller', to: 'callee', talk: millis(1000), src: SRC } satisfies Step;
const ACTORS = { caller: 'alice', callee: 'bob', third: 'dave' };

export type Pair = readonly [string, string];
export const CALLER_CALLEE: Pair = ['caller', 'callee'];

type Play = (lab: HandMade) => void;

/** The finding of one expectation. */
export function judged(expectation: Expectation, play: Play, steps: StepList = [CALL]): Finding {
  const flow: FlowSpec = {
    id: 'f',
    title: 't',
    file: SRC.file,
    source: 's',
    deployment: 'hybrid',
    topology: 't.lab.yaml',
    limit: millis(60_000),
    places: {},
    topologySrc: SRC,
    actors: ACTORS,
    steps,
    expectations: [expectation],
  };
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  const [found] = verifyFlow({ flow, plan: PLAN, ledger, observation: observe(ledger, PLAN) });
  return must(found, 'a finding');
}

/** `status: observed`. */
export function verdict(expectation: Expectation, play: Play, steps?: StepList): string {
  const { status, observed } = judged(expectation, play, steps);
  return `${status}: ${observed}`;
}

/** What an entry of a file says, without its place; `null` when it has not the shape. */
export function readAs(kind: Check, written: unknown): readonly object[] | null {
  const raw = kind.schema.safeParse(written);
  return raw.success ? kind.read(raw.data) : null;
}

/** What the topology of the hand-made ledgers lacks for an entry. */
export function misfits(kind: Check, written: unknown): readonly string[] {
  const found = must(readAs(kind, written), 'an expectation of the right shape');
  const faults = found.flatMap(
    (fields): readonly LabError[] => kind.fit?.({ ...fields, expect: kind.key, src: SRC }, PLAN, { actors: ACTORS, may: () => true }) ?? [],
  );
  return faults.map(({ code, message }) => `${code} ${message}`);
}

export function back(way: string): string {
  return way.split(' ').reverse().join(' ');
}

/** A packet each way. */
export function talk(lab: HandMade, ms: number, way: string, wayBack = back(way), extra: { lost?: DropCode } = {}): void {
  const [a = '', b = ''] = [way.split(' ')[0], way.split(' ').at(-1)];
  lab.send({ way, at: at(ms), frame: tcp(a, 40000, b, 443) });
  lab.send({ way: wayBack, at: at(ms + 1), frame: tcp(b, 443, a, 40000), ...extra });
}

export function speak(lab: HandMade, ms: number, way: string, ssrc: number, count = 3, extra: { lost?: DropCode; delays?: readonly Nanos[] } = {}): void {
  const [a = '', b = ''] = [way.split(' ')[0], way.split(' ').at(-1)];
  // What is lost is sent to the same node, but ends before it.
  const to = extra.lost === undefined ? b : way.includes('lan') ? (a === 'alice' ? 'bob' : 'alice') : b;
  for (let k = 0; k < count; k++) lab.send({ way, at: at(ms + k * 20), frame: udp(a, 50000, to, 50000, rtp(ssrc, k)), ...extra });
}

/** By way of the relay `edge` on the circuit: in a channel of TURN to it, plain from it. What the second leg loses, by number. */
export function relay(lab: HandMade, from: 'alice' | 'bob', ssrc: number, count = 3, lost: (k: number) => boolean = () => false, payloadType = 0): void {
  const to = from === 'alice' ? 'bob' : 'alice';
  for (let k = 0; k < count; k++) {
    const bytes = rtp(ssrc, k, k * 160, payloadType);
    const ms = k * 20;
    const cause = lab.send({ way: `${from} lan rt ce msee ms-lan edge`, at: at(ms), frame: udp(from, 50000, 'edge', 3478, channelData(bytes)) });
    lab.send({
      way: `edge ms-lan msee ce rt lan ${to}`,
      at: at(ms + 6),
      frame: udp('edge', 49152, to, 50000, bytes),
      cause,
      ...(lost(k) && { lost: DROP.LINK_LOSS }),
    });
  }
}
