/**
 * Wireshark's TCP analysis of single-point files: it suspects nothing in a clean run; on a bad line every suspicion is
 * something that happened by the ledger, and every retransmission is noticed.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { extract } from '../../src/capture/extract.js';
import { PATIENCE, captures, impair, rows } from './judged.js';
import type { Captured } from './judged.js';
import { flowIds } from '../../src/library/load/load.js';
import { judge } from './support.js';
import { SUSPICIONS, TcpStory } from './tcp-story.js';
import type { Suspicion } from './tcp-story.js';

const NODES = ['alice', 'dave', 'dc-fe'] as const;
/** A bad line in front of the server, and one on the way of one client alone. */
const LINES = [
  ['dc-fe--dc-lan', 'loss 7% delay 20ms 12ms duplicate 4% reorder 25%'],
  ['hq-rt--dc-rt', 'loss 8% delay 20ms 15ms duplicate 3% reorder 15%'],
] as const;
const PLACES = LINES.flatMap(([line]) => NODES.map((node) => [line, node] as const));
const capture = captures();

interface Suspected {
  readonly id: number;
  readonly flagged: boolean;
  readonly suspicions: readonly Suspicion[];
}

const analysed = new Map<string, readonly Suspected[]>();

/** Every TCP segment of the file with what tshark suspects of it; each file is analysed once. */
function segmentsOf(file: string): readonly Suspected[] {
  const fields = SUSPICIONS.map((name) => `tcp.analysis.${name}` as const);
  const list =
    analysed.get(file) ??
    rows(file, ['frame.packet_id', 'tcp.analysis.flags', ...fields], '-Y', 'tcp').map((row) => ({
      id: Number(row['frame.packet_id']),
      flagged: row['tcp.analysis.flags'] !== '',
      suspicions: SUSPICIONS.filter((name) => row[`tcp.analysis.${name}`] !== ''),
    }));
  analysed.set(file, list);
  return list;
}

function suspected(file: string): readonly Suspected[] {
  return segmentsOf(file).filter(({ flagged }) => flagged);
}

/** What was suspected wrongly: `PACKET SUSPICION: why not`. */
function refuted(story: TcpStory, list: readonly Suspected[]): readonly string[] {
  return list.flatMap(({ id, suspicions }) => {
    if (suspicions.length === 0) return [`${id}: a suspicion without a name here`];
    return suspicions.flatMap((name) => {
      const why = story.refute(name, story.segment(id));
      return why === null ? [] : [`${id} ${name}: ${why}`];
    });
  });
}

describe.skipIf(!judge('tshark'))('TCP as tshark analyses it', () => {
  const clean = new Map<string, Captured>();
  const cleanRun = async (id: string): Promise<Captured> => {
    const one = clean.get(id) ?? (await capture(id, id));
    clean.set(id, one);
    return one;
  };
  const lossy = new Map<string, Captured>();
  beforeAll(async () => {
    for (const [line, words] of LINES) lossy.set(line, await capture('hybrid-p2p-onprem', line, undefined, impair(line, words)));
  }, PATIENCE);

  it.each(flowIds())('%s: nothing is suspected of a clean run', async (id) => {
    const one = await cleanRun(id);
    const clients = Object.values(one.verdict.flow.actors);
    const homes = one.plan.users.filter((user) => clients.includes(user.node)).map((user) => user.home);
    const nodes = [...new Set([...clients, ...homes])];
    expect(Math.max(...nodes.map((node) => segmentsOf(one.at(node)).length))).toBeGreaterThan(50);
    expect(nodes.flatMap((node) => suspected(one.at(node)))).toEqual([]);
  });

  it('the bad lines lost, copied and reordered, tshark noticed it, and the calls took place', () => {
    const kinds = new Set<Suspicion>();
    for (const [line, { ledger, at, plan, verdict }] of lossy) {
      const { directions } = verdict.run.links[plan.links.findIndex(({ name }) => name === line)]!;
      for (const count of ['lost', 'duplicated', 'reordered'] as const)
        expect(
          directions.flat().reduce((total, { stats }) => total + stats[count], 0),
          count,
        ).toBeGreaterThan(0);
      expect(new TcpStory(ledger, 'dc-fe').segments.filter((segment) => segment.dropped).length).toBeGreaterThan(0);
      expect(verdict.run.outcomes.every((outcome) => outcome.ok)).toBe(true);
      for (const node of NODES) for (const { suspicions } of suspected(at(node))) for (const name of suspicions) kinds.add(name);
    }
    for (const kind of ['retransmission', 'lost_segment', 'duplicate_ack'] as const) expect(kinds).toContain(kind);
  });

  it.each(PLACES)('%s: every suspicion at %s is what happened', (line, node) => {
    const { ledger, at } = lossy.get(line)!;
    expect(refuted(new TcpStory(ledger, node), suspected(at(node)))).toEqual([]);
  });

  it.each(PLACES)('%s: every octet sent again by %s is noticed there', (line, node) => {
    const { ledger, at } = lossy.get(line)!;
    const story = new TcpStory(ledger, node);
    const noticed = new Map(suspected(at(node)).map(({ id, suspicions }) => [id, suspicions]));
    const own = story.segments.filter((segment) => segment.at === segment.sentAt && segment.payload > 0 && story.sentBefore(segment));
    const missed = own.filter(({ id }) => noticed.get(id)?.some((name) => name.endsWith('retransmission') || name === 'out_of_order') !== true);
    expect(missed).toEqual([]);
  });

  it('a segment that is missing from the file alone is a suspicion that the ledger refutes', async () => {
    const one = await cleanRun('hybrid-p2p-onprem');
    const story = new TcpStory(one.ledger, 'alice');
    const taken = story.segments.find((segment) => segment.payload > 0 && segment.at === segment.sentAt && segment.seq > 1000)!;
    const to = one.beside('holed');
    const others = new Set(story.segments.map(({ id }) => id as number).filter((id) => id !== taken.id));
    extract({ from: one.file, to, at: one.ledger.points.interfacesOf('alice').map((point) => point.name), packets: others });
    expect(refuted(story, suspected(to))).toContainEqual(expect.stringMatching(/lost_segment: nothing was lost or late$/));
  });
});
