/**
 * Stories of packets: flows that begin, are answered, end; and what goes wrong between.
 * @module
 */
import type { Step } from '../case.js';
import type { PacketSpec } from '../frames.js';
import type { Dice } from './dice.js';
import { POOL } from '../bed.js';
import { PORTS, type Universe } from './universe.js';

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;

/** A step of a flow: given the numbers of the flow's own steps before, or null where there is none to refer to. */
type Act = (mine: readonly number[]) => Step | null;

/** @param fragments whether packets may come in fragments: see `explained.md` */
export function generateTraffic(dice: Dice, universe: Universe, fragments: boolean): Step[] {
  const flows = Array.from({ length: dice.between(2, 5) }, () => flow(dice, universe, fragments));
  const steps: Step[] = [];
  const numbers = flows.map((): number[] => []);
  const queues = flows.map((acts) => [...acts]);
  for (;;) {
    const open = queues.map((queue, i) => (queue.length > 0 ? i : -1)).filter((i) => i >= 0);
    if (open.length === 0 || steps.length >= 24) return steps;
    const chosen = dice.percent(60) ? open[0]! : dice.pick(open);
    const step = queues[chosen]!.shift()!(numbers[chosen]!);
    if (step === null) continue;
    numbers[chosen]!.push(steps.length);
    steps.push(step);
  }
}

/** What the packets of a flow's first direction have in common. */
function ends(dice: Dice, universe: Universe): Pick<PacketSpec, 'iface' | 'src' | 'dst' | 'sport' | 'dport'> {
  const family = dice.percent(65) ? 4 : 6;
  const iface = dice.below(universe.count);
  const others = Array.from({ length: universe.count }, (_, i) => i).filter((i) => i !== iface);
  const to = dice.pick(others);
  const targets = dice.weighted<readonly string[]>([
    [60, universe.side(to, family)],
    [18, universe.own(iface, family)],
    [8, universe.own(to, family)],
    [6, POOL[family]],
    [4, universe.side(iface, family)],
    [4, [family === 4 ? '10.77.77.77' : '2001:db8:1ff::77']],
  ]);
  return { iface, src: dice.pick(universe.side(iface, family)), dst: dice.pick(targets), sport: dice.pick(PORTS), dport: dice.pick(PORTS) };
}

function flow(dice: Dice, universe: Universe, fragments: boolean): Act[] {
  const from = ends(dice, universe);
  const six = from.src.includes(':');
  return dice.weighted<(dice: Dice, from: Ends, six: boolean, fragments: boolean) => Act[]>([
    [40, udpFlow],
    [38, tcpFlow],
    [14, echoFlow],
    [8, oddFlow],
  ])(dice, from, six, fragments);
}

type Ends = ReturnType<typeof ends>;

/** Fields that a rule may read, now and then. */
function trimmings(dice: Dice): Partial<PacketSpec> {
  return {
    id: dice.between(1, 0xffff),
    payload: dice.pick([0, 1, 20, 60, 100, 172, 200]),
    ...(dice.percent(15) && { tos: dice.pick([0xb8, 0x88, 0x48, 0x01, 0x03, 0x28]) }),
    ...(dice.percent(12) && { ttl: dice.pick([1, 2, 5, 63, 128, 255]) }),
    ...(dice.percent(20) && { df: true }),
  };
}

const first = (mine: readonly number[]): number | null => mine[0] ?? null;
const last = (mine: readonly number[]): number | null => mine.at(-1) ?? null;

function answering(
  dice: Dice,
  which: (mine: readonly number[]) => number | null,
  spec: { flags?: number; seq?: number; ack?: number; payload?: number; tcpOptions?: readonly number[]; window?: number } = {},
): Act {
  return (mine) => {
    const about = which(mine);
    return about === null ? null : { answer: about, with: { payload: dice.pick([0, 20, 60, 172]), ...(dice.percent(15) && { tos: 0xb8 }), ...spec } };
  };
}

function errorOf(dice: Dice, six: boolean): Act {
  return (mine) => {
    const about = dice.percent(70) ? last(mine) : first(mine);
    const kinds: readonly (readonly [number, number])[] = six
      ? [
          [1, 4],
          [3, 0],
          [1, 1],
        ]
      : [
          [3, 3],
          [11, 0],
          [3, 13],
          [3, 1],
        ];
    const [type, code] = dice.pick(kinds);
    const quote = dice.percent(25) ? { quote: dice.pick(six ? [40, 44, 48, 60] : [20, 24, 28, 40]) } : {};
    return about === null ? null : { error: about, type, code, ...quote };
  };
}

/** A datagram of 808 octets in pieces: cut anywhere, in any order, now and then one twice, odd, or overlapping. */
function pieces(dice: Dice): NonNullable<PacketSpec['pieces']> {
  const cuts = [...new Set([0, ...Array.from({ length: dice.between(1, 3) }, () => 8 * dice.between(1, 100)), 808])].sort((a, b) => a - b);
  const parts: [number, number, boolean?][] = cuts.slice(1).map((to, i) => [cuts[i]!, to]);
  if (dice.percent(40)) parts.sort(() => (dice.percent(50) ? 1 : -1));
  const any = (): [number, number, boolean?] => [...dice.pick(parts)];
  if (dice.percent(15)) parts.splice(dice.below(parts.length), 0, any());
  if (dice.percent(10)) {
    const [from, to] = any();
    parts.splice(dice.below(parts.length), 0, [from, Math.min(808, to + 8)]);
  }
  return parts;
}

function udpFlow(dice: Dice, from: Ends, six: boolean, fragments: boolean): Act[] {
  const send =
    (more: Partial<PacketSpec> = {}): Act =>
    () => ({ send: { ...from, proto: 'udp', ...trimmings(dice), ...more } });
  const acts: Act[] = [send()];
  const more = dice.between(1, 4);
  for (let i = 0; i < more; i++) {
    acts.push(
      dice.weighted<Act>([
        [40, answering(dice, first)],
        [25, send()],
        [12, errorOf(dice, six)],
        [5, send({ sum: six ? 'bad' : dice.pick(['bad', 'none'] as const) })],
        [fragments ? 6 : 0, send({ payload: 1200, fragments: 576 })],
        [fragments ? 6 : 0, send({ payload: 800, pieces: pieces(dice) })],
        [six ? 4 : 0, send({ extensions: dice.pick([[0], [60], [0, 60], [60, 60]]) })],
        [4, send({ src: from.src, sport: dice.pick(PORTS) })],
        [4, send(six ? { options: true } : {})],
        [4, send({ dport: dice.pick(PORTS) })],
      ]),
    );
  }
  return acts;
}

/** Options and windows, as stacks have them: MSS, window scale, SACK permitted at the beginning, time stamps. */
function segment(dice: Dice, flags: number): { tcpOptions?: readonly number[]; window?: number } {
  const stamps = [8, 10, 0, 0, 0, 1, 0, 0, 0, 0];
  const options =
    (flags & SYN) !== 0
      ? dice.pick([[], [2, 4, 5, 180], [2, 4, 5, 180, 3, 3, dice.between(0, 14)], [4, 2, 1, 3, 3, 7], [3, 3, 2, ...stamps]])
      : dice.pick([[], [], stamps, [1, 1, 5, 10, 0, 0, 3, 233, 0, 0, 4, 77]]);
  return {
    ...(options.length > 0 && { tcpOptions: options }),
    ...(dice.percent(20) && { window: dice.pick([0, 1, 100, 1000, 8192, 65535]) }),
  };
}

function tcpFlow(dice: Dice, from: Ends, six: boolean): Act[] {
  const c = dice.pick([1000, 0xffff_ff00, 77_000_000]);
  const s = dice.pick([5000, 0xffff_fff0, 99_000_000]);
  const at = (base: number, plus: number): number => (base + plus) % 2 ** 32;
  const send =
    (flags: number, seq: number, ack = 0, payload = 0): Act =>
    () => ({ send: { ...from, proto: 'tcp', ...trimmings(dice), ...segment(dice, flags), flags, seq, ack, payload } });
  const reply = (flags: number, seq: number, ack: number, payload = 0): Act => answering(dice, first, { ...segment(dice, flags), flags, seq, ack, payload });
  const handshake = [send(SYN, c), reply(SYN | ACK, s, at(c, 1)), send(ACK, at(c, 1), at(s, 1))];
  const data = [
    send(PSH | ACK, at(c, 1), at(s, 1), 100),
    reply(ACK, at(s, 1), at(c, 101)),
    reply(PSH | ACK, at(s, 1), at(c, 101), 60),
    send(ACK, at(c, 101), at(s, 61)),
  ];
  const close = [send(FIN | ACK, at(c, 101), at(s, 61)), reply(FIN | ACK, at(s, 61), at(c, 102)), send(ACK, at(c, 102), at(s, 62))];
  const trouble = (): Act =>
    dice.weighted<Act>([
      [10, send(RST, at(c, 1))],
      [10, reply(RST | ACK, at(s, 1), at(c, 1))],
      [8, send(ACK, at(c, 90_000_000), at(s, 1), 10)],
      [8, reply(ACK, at(s, 90_000_000), at(c, 1), 10)],
      [6, send(ACK, at(c, 1), at(s, 50_000_000))],
      [6, send(SYN, c)],
      [4, send(SYN, at(c, 4000))],
      [4, send(SYN | FIN, c)],
      [4, send(0, c)],
      [4, send(FIN | PSH | 32, c)],
      [6, reply(SYN, s, 0)],
      [8, errorOf(dice, six)],
      [4, () => ({ send: { ...from, proto: 'tcp', flags: SYN, seq: c, sum: 'bad', ...trimmings(dice) } })],
    ]);
  const story = dice.weighted<Act[]>([
    [30, [...handshake, ...data, ...close]],
    [15, [...handshake, ...data]],
    [10, [send(SYN, c), trouble(), ...handshake.slice(1)]],
    [15, [...handshake, trouble(), ...data.slice(0, 2), trouble()]],
    [10, data],
    [8, [trouble(), trouble()]],
    [6, [send(SYN, c), reply(RST | ACK, 0, at(c, 1)), send(SYN, at(c, 1))]],
    [6, [...handshake, ...close, send(SYN, at(c, 200_000))]],
  ]);
  return story;
}

function echoFlow(dice: Dice, from: Ends, six: boolean): Act[] {
  const send =
    (more: Partial<PacketSpec> = {}): Act =>
    () => ({ send: { ...from, proto: six ? 'icmpv6' : 'icmp', type: six ? 128 : 8, ...trimmings(dice), ...more } });
  const acts = [send()];
  for (let i = dice.between(0, 3); i > 0; i--) {
    acts.push(
      dice.weighted<Act>([
        [50, answering(dice, first)],
        [20, send({ dport: 7 })],
        [15, errorOf(dice, six)],
        [10, send({ type: six ? 129 : 0 })],
        [5, send({ sum: 'bad' })],
      ]),
    );
  }
  return acts;
}

/** Protocols without ports, messages that nobody asked for. */
function oddFlow(dice: Dice, from: Ends, six: boolean, fragments: boolean): Act[] {
  const send =
    (more: Pick<PacketSpec, 'proto'> & Partial<PacketSpec>): Act =>
    () => ({ send: { ...from, ...trimmings(dice), ...more } });
  return [
    dice.weighted<Act>([
      [30, send({ proto: 99 })],
      [20, send(six ? { proto: 'icmpv6', type: 129 } : { proto: 'icmp', type: 17 })],
      [20, send(six ? { proto: 'icmpv6', type: 1, code: 1 } : { proto: 'icmp', type: 3, code: 1 })],
      [fragments ? 20 : 0, send({ proto: 'udp', payload: 900, fragments: 576 })],
    ]),
    answering(dice, first),
  ];
}
