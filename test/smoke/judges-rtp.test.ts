/**
 * Wireshark's RTP analysis of single-point files agrees with ours to its last digit: on a clean line, on a bad one, and
 * at a point on the way.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../src/base/assert.js';
import type { PacketId } from '../../src/base/brand.js';
import { legsOf } from '../../src/analysis/legs.js';
import { rtpHeader, udpPayload } from '../../src/analysis/payload.js';
import { StreamTally } from '../../src/analysis/rtp-streams.js';
import type { Reception } from '../../src/analysis/rtp-streams.js';
import { extract } from '../../src/capture/extract.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { judged } from '../../src/capture/testing/tools.js';
import { PATIENCE, BY_LOOKS, captures, impair, speechBetween } from './judged.js';
import type { Captured } from './judged.js';
import { judge } from './support.js';

const LINE = 'hq-rt--branch-rt';
const POINT = `${LINE}:branch-rt`;
const WORDS = {
  clean: 'loss 0%',
  // A rate beside the jitter keeps packets in order, as in netem.
  bad: 'loss 3% delay 20ms 8ms',
  reordering: 'loss 3% delay 60ms 10ms duplicate 2% reorder 5%',
} as const;
type Line = keyof typeof WORDS;
const LINES = Object.keys(WORDS) as Line[];
const CLIENTS = ['alice', 'dave'] as const;
const PLACES = LINES.flatMap((line) => CLIENTS.map((client) => [line, client] as const));

/** Times in milliseconds, with three digits. */
interface Judgement {
  readonly packets: number;
  readonly lost: number;
  readonly maxDelta: string;
  readonly meanJitter: string;
  readonly maxJitter: string;
}

const analysed = new Map<string, ReadonlyMap<number, Judgement>>();

/** `-z rtp,streams` by SSRC; of an ICMP error's quotation it takes no notice. Each file is analysed once. */
function streamsByTshark(file: string): ReadonlyMap<number, Judgement> {
  const before = analysed.get(file);
  if (before !== undefined) return before;
  const text = judged('tshark', ['-n', '-r', file, ...BY_LOOKS, '-q', '-z', 'rtp,streams']);
  const row = /0x([0-9A-F]{8})\s+\S+\s+(\d+)\s+(-?\d+) \(\S+\)\s+[-\d.]+\s+[\d.]+\s+([\d.]+)\s+[-\d.]+\s+([\d.]+)\s+([\d.]+)/g;
  const found = [...text.matchAll(row)].map(
    ([, ssrc = '', packets, lost, maxDelta = '', meanJitter = '', maxJitter = '']) =>
      [Number.parseInt(ssrc, 16), { packets: Number(packets), lost: Number(lost), maxDelta, meanJitter, maxJitter }] as const,
  );
  const streams = new Map(found);
  analysed.set(file, streams);
  return streams;
}

function asPrinted(reception: Reception): Judgement {
  const ms = (nanos: number | null): string => (nanos === null ? '?' : (nanos / 1e6).toFixed(3));
  const { packets, lost, maxDelta, meanJitter, maxJitter } = reception;
  return { packets, lost, maxDelta: ms(maxDelta), meanJitter: ms(meanJitter), maxJitter: ms(maxJitter) };
}

/** What passed a point, by SSRC, through the analysis that receivers get. */
function streamsAt(ledger: Ledger, point: number, ids: readonly number[]): ReadonlyMap<number, Judgement> {
  const tallies = new Map<number, StreamTally>();
  for (const id of ids as readonly PacketId[]) {
    const journey = must(ledger.journey(id), `packet ${id}`);
    const at = journey.hops.map((hop) => (hop.point === point ? hop.out : (hop.point ^ 1) === point ? hop.in : null)).find((time) => time !== null);
    const frame = at === undefined ? null : ledger.bytes(id, point);
    const payload = frame === null ? null : udpPayload(frame);
    if (at === undefined || payload?.kind !== 'rtp') continue;
    const { ssrc, payloadType, sequence, timestamp } = rtpHeader(payload.bytes);
    let tally = tallies.get(ssrc);
    if (tally === undefined) {
      tally = new StreamTally({ flow: journey.flow, ssrc, payloadType, from: '', to: '', wrapped: false, told: null });
      tallies.set(ssrc, tally);
    }
    tally.arrived(tally.sent(0, id, at, { sequence, timestamp }), at);
  }
  return new Map([...tallies].map(([ssrc, tally]) => [ssrc, asPrinted(tally.reception())]));
}

/** Wireshark before 4.2 counts jitter by RFC 3550 A.8; since then it leaves late packets out of the largest and the mean. */
function countsLatePackets(): boolean {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(judged('tshark', ['--version'])) ?? [];
  return Number(major) < 4 || (Number(major) === 4 && Number(minor) < 2);
}

describe.skipIf(!judge('tshark'))('RTP as tshark analyses it', () => {
  const capture = captures();
  const runs = new Map<Line, Captured>();
  let late = false;
  const comparable = (line: Line, judgement: Judgement): Partial<Judgement> =>
    line !== 'reordering' || late ? judgement : { packets: judgement.packets, lost: judgement.lost };
  beforeAll(async () => {
    late = countsLatePackets();
    for (const line of LINES) runs.set(line, await capture('hybrid-p2p-onprem', line, undefined, impair(LINE, WORDS[line])));
  }, PATIENCE);

  const received = (line: Line, client: string): readonly (readonly [number, Judgement])[] =>
    legsOf(runs.get(line)!.verdict.observation, 'rtp', ...CLIENTS).flatMap((leg) =>
      leg.streams.filter((stream) => stream.to === client).map((stream) => [stream.ssrc, asPrinted(stream)] as const),
    );

  /** What a file holds is what passed its points. */
  const alike = (line: Line, point: string, file: string): void => {
    const { ledger } = runs.get(line)!;
    const ours = streamsAt(ledger, ledger.points.named(point)!.index, speechBetween(runs.get(line)!, ...CLIENTS));
    const theirs = streamsByTshark(file);
    expect(ours.size).toBe(2);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    for (const [ssrc, judgement] of ours) expect(comparable(line, theirs.get(ssrc)!)).toEqual(comparable(line, judgement));
  };

  it.each(PLACES)('%s line: both streams are counted alike at %s', (line, client) => {
    const one = runs.get(line)!;
    alike(line, one.ledger.points.interfacesOf(client)[0]!.name, one.at(client));
  });

  // Of what the network doubled a call's analysis counts one, and of what reached a closed socket none: the tally does.
  it.each(PLACES.filter(([line]) => line !== 'reordering'))('%s line: what the call’s analysis says that %s received is what tshark says', (line, client) => {
    const ours = received(line, client);
    const theirs = streamsByTshark(runs.get(line)!.at(client));
    const said = ({ lost, maxDelta, maxJitter }: Judgement): object => ({ lost, maxDelta, maxJitter });
    expect(ours).toHaveLength(1);
    for (const [ssrc, judgement] of ours) expect(said(theirs.get(ssrc)!)).toEqual(said(judgement));
  });

  it('a clean line is clean', () => {
    for (const client of CLIENTS) {
      const [[, judgement]] = received('clean', client) as [readonly [number, Judgement]];
      expect(judgement.lost).toBe(0);
      expect(Number(judgement.maxJitter)).toBeLessThan(0.1);
      expect(Math.abs(Number(judgement.maxDelta) - 20)).toBeLessThan(0.1);
    }
  });

  it('the bad lines lose and delay, and one copies and reorders', () => {
    for (const line of ['bad', 'reordering'] as const) {
      const { verdict, plan } = runs.get(line)!;
      const link = plan.links.findIndex(({ name }) => name === LINE);
      const phases = verdict.run.links[link]!.directions.flat();
      const sum = (count: (of: (typeof phases)[number]['stats']) => number): number => phases.reduce((total, { stats }) => total + count(stats), 0);
      expect(sum((of) => of.duplicated) > 0).toBe(line === 'reordering');
      expect(sum((of) => of.reordered) > 0).toBe(line === 'reordering');
      for (const client of CLIENTS) {
        const [[, judgement]] = received(line, client) as [readonly [number, Judgement]];
        expect(judgement.lost).toBeGreaterThan(0);
        expect(Number(judgement.maxJitter)).toBeGreaterThan(5);
      }
    }
  });

  it.each(LINES)('%s line: at a point on the way both streams are counted alike', (line) => {
    const one = runs.get(line)!;
    const to = one.beside('way');
    extract({ from: one.file, to, at: [POINT] });
    alike(line, POINT, to);
  });

  it('a packet taken out of the file is one that tshark misses', () => {
    const one = runs.get('clean')!;
    const ids = speechBetween(one, ...CLIENTS);
    const to = one.beside('holed');
    const taken = ids[Math.floor(ids.length / 2)];
    extract({ from: one.file, to, at: one.ledger.points.interfacesOf('alice').map(({ name }) => name), packets: new Set(ids.filter((id) => id !== taken)) });
    const lost = [...streamsByTshark(to).values()].map((judgement) => judgement.lost);
    expect(lost.sort()).toEqual([0, 1]);
  });
});
