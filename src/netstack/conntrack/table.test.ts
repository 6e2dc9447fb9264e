import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { seconds, type Nanos } from '../../base/time.js';
import { IPPROTO } from '../transport.js';
import { CT_STATUS } from './connection.js';
import { Entry } from './entry.js';
import { Moment } from './moment.js';
import { ConnectionTable } from './table.js';
import { TCP } from './tcp/states.js';
import { Tuple } from './tuple.js';

/** Fewest buckets of a table: a place is a hash's lower six bits while there are less than 32 entries. */
const BUCKETS = 64;

class Bed {
  readonly clock = { now: 0 as Nanos };
  readonly moment = new Moment(this.clock);
  readonly table = new ConnectionTable(this.moment);
  #lastId = 0;

  /** An entry of a UDP flow that is remembered for 30 s, unless it is said. */
  entry(sport: number, dport = 9, protocol: number = IPPROTO.UDP): Entry {
    const entry = new Entry(++this.#lastId, tuple(sport, dport, protocol), inverse(sport, dport, protocol));
    entry.expires = (this.clock.now + seconds(30)) as Nanos;
    return entry;
  }

  insert(sport: number, dport = 9): Entry {
    const entry = this.entry(sport, dport);
    this.table.insert(entry);
    return entry;
  }

  at(now: Nanos): void {
    this.clock.now = now;
    this.moment.take();
  }

  /** Identifiers, oldest first. */
  get ids(): number[] {
    return this.table.list().map((entry) => entry.id);
  }
}

function tuple(sport: number, dport = 9, protocol: number = IPPROTO.UDP): Tuple {
  return Object.assign(new Tuple(), { family: 4, protocol, srcKey: 0x0a000101, dstKey: 0x0a000201, sport, dport });
}

function inverse(sport: number, dport: number, protocol: number = IPPROTO.UDP): Tuple {
  const back = new Tuple();
  back.setInverse(tuple(sport, dport, protocol));
  return back;
}

const bucket = (t: Tuple): number => t.computeHash() % BUCKETS;

/** Ports of `count` flows whose first tuple has its place in one bucket, and whose answers' is far from it. */
function flowsIn(place: number, count: number): number[] {
  const far = (t: Tuple): boolean => (bucket(t) - place + BUCKETS) % BUCKETS > 12 && (place - bucket(t) + BUCKETS) % BUCKETS > 12;
  const ports: number[] = [];
  for (let sport = 1; ports.length < count; sport++) if (bucket(tuple(sport)) === place && far(inverse(sport, 9))) ports.push(sport);
  return ports;
}

describe('an entry', () => {
  test('is found by both of its tuples from its insertion on, and is confirmed', () => {
    const bed = new Bed();
    const entry = bed.entry(5000);
    expect([bed.table.find(tuple(5000)), entry.confirmed, bed.table.count]).toEqual([null, false, 0]);
    bed.table.insert(entry);
    expect(bed.table.find(tuple(5000))).toBe(entry.original);
    expect(bed.table.find(inverse(5000, 9))).toBe(entry.reply);
    expect(bed.table.find(tuple(5001))).toBeNull();
    expect([entry.tuple(0), entry.tuple(1)]).toEqual([entry.original, entry.reply]);
    expect([entry.confirmed, bed.table.count]).toEqual([true, 1]);
  });

  test('is over at its time, and gone when it is met', () => {
    const bed = new Bed();
    const entry = bed.insert(5000);
    bed.at((seconds(30) - 1) as Nanos);
    expect(bed.table.find(tuple(5000))).toBe(entry.original);
    bed.at(seconds(30));
    expect([bed.table.count, bed.table.find(inverse(5000, 9)), bed.table.count]).toEqual([1, null, 0]);
    expect(entry.status & CT_STATUS.DYING).not.toBe(0);
  });

  test('is told of once when it comes and once when it goes', () => {
    const bed = new Bed();
    const told: string[] = [];
    bed.table.onInserted = ({ id }) => told.push(`+${id}`);
    bed.table.onRemoved = ({ id }) => told.push(`-${id}`);
    const entry = bed.insert(5000);
    bed.table.remove(entry);
    bed.table.remove(entry);
    expect(told).toEqual(['+1', '-1']);
    expect(bed.table.count).toBe(0);
  });

  test('that was never confirmed only dies', () => {
    const bed = new Bed();
    bed.insert(5000);
    const entry = bed.entry(5001);
    bed.table.remove(entry);
    expect([entry.status, bed.table.count]).toEqual([CT_STATUS.DYING, 1]);
  });
});

describe('the order is that of confirmation', () => {
  test.each([
    ['the oldest', 0, [2, 3, 4]],
    ['one between', 1, [1, 3, 4]],
    ['the newest', 2, [1, 2, 4]],
  ])('when %s has gone, too', (_which, which, rest) => {
    const bed = new Bed();
    const entries = [bed.insert(1), bed.insert(2), bed.insert(3)];
    expect(bed.ids).toEqual([1, 2, 3]);
    bed.table.remove(must(entries[which], 'entry'));
    bed.insert(4);
    expect(bed.ids).toEqual(rest);
    for (const entry of bed.table.list()) bed.table.remove(entry);
    bed.insert(5);
    expect(bed.ids).toEqual([5]);
  });
});

test.each([0, 1, 2])('of entries in one bucket one can go (number %i), the others are found', (which) => {
  const bed = new Bed();
  const ports = flowsIn(7, 3);
  const entries = ports.map((port) => bed.insert(port));
  bed.table.remove(must(entries[which], 'entry'));
  expect(ports.map((port) => bed.table.find(tuple(port)) !== null)).toEqual([0, 1, 2].map((i) => i !== which));
  expect(ports.map((port) => bed.table.find(inverse(port, 9)) !== null)).toEqual([0, 1, 2].map((i) => i !== which));
});

test('it grows, and finds all that it has', () => {
  const bed = new Bed();
  const ports = Array.from({ length: 500 }, (_, i) => i + 1);
  for (const port of ports) bed.insert(port);
  bed.table.remove(must(bed.table.list()[250], 'entry'));
  expect(ports.filter((port) => bed.table.find(tuple(port)) === null)).toEqual([251]);
  expect(ports.filter((port) => bed.table.find(inverse(port, 9)) === null)).toEqual([251]);
  expect(bed.table.count).toBe(499);
});

describe('what is over', () => {
  test('is swept out, the rest stays', () => {
    const bed = new Bed();
    for (const port of [1, 2, 3, 4]) bed.insert(port).expires = seconds(port * 10);
    bed.at(seconds(20));
    bed.table.sweep();
    expect([bed.ids, bed.table.count]).toEqual([[3, 4], 2]);
  });

  test('is kept in mind until it is many: 64, or as many again as there were', () => {
    const bed = new Bed();
    for (let port = 1; port <= 63; port++) bed.insert(port).expires = seconds(port <= 30 ? 10 : 1000);
    bed.at(seconds(10));
    bed.insert(1064).expires = seconds(1000);
    expect(bed.table.count).toBe(64);
    bed.insert(1065).expires = seconds(1000);
    expect(bed.table.count).toBe(35);
    // 34 lived through it: the next is at 68.
    for (let port = 2000; bed.table.count < 68; port++) bed.insert(port).expires = seconds(20);
    bed.at(seconds(20));
    expect(bed.table.count).toBe(68);
    bed.insert(3000);
    expect(bed.table.count).toBe(36);
  });
});

describe('room for one more (early_drop)', () => {
  /** A table with an entry in each of these buckets, and a new flow of bucket 60. */
  function full(places: readonly number[]): { bed: Bed; entries: Entry[]; fresh: Tuple } {
    const bed = new Bed();
    const entries = places.map((place, i) => bed.insert(must(flowsIn(place % BUCKETS, i + 1)[i], 'port')));
    return { bed, entries, fresh: tuple(must(flowsIn(60, 20)[19], 'port')) };
  }

  test('all of one bucket that are not assured go: the first of eight, from the new flow on and around, that has any', () => {
    const { bed, fresh } = full([60, 60, 61]);
    expect([bed.table.evict(fresh), bed.ids]).toEqual([2, [3]]);
    expect([bed.table.evict(fresh), bed.ids]).toEqual([1, []]);
    const around = full([64, 67, 68]);
    expect([around.bed.table.evict(around.fresh), around.bed.ids]).toEqual([1, [2, 3]]);
    expect([around.bed.table.evict(around.fresh), around.bed.ids]).toEqual([1, [3]]);
    expect([around.bed.table.evict(around.fresh), around.bed.ids]).toEqual([0, [3]]);
  });

  test('those that are assured stay', () => {
    const { bed, entries, fresh } = full([60, 60, 61]);
    must(entries[0], 'entry').status |= CT_STATUS.ASSURED;
    expect([bed.table.evict(fresh), bed.ids]).toEqual([1, [1, 3]]);
    must(entries[2], 'entry').status |= CT_STATUS.ASSURED;
    expect([bed.table.evict(fresh), bed.ids]).toEqual([0, [1, 3]]);
  });

  test('an entry counts once, also where both of its tuples stand', () => {
    const bed = new Bed();
    let sport = 1;
    while (bucket(tuple(sport)) !== bucket(inverse(sport, 9))) sport++;
    bed.insert(sport);
    expect([bed.table.evict(tuple(sport)), bed.table.count]).toEqual([1, 0]);
  });
});

describe('relief under pressure (gc_worker)', () => {
  test('oldest first, of those that are not assured or are closing, until there are less than that', () => {
    const bed = new Bed();
    for (let i = 1; i <= 6; i++) {
      const entry = bed.entry(i, 80, IPPROTO.TCP);
      must(entry.tcp, 'TCP').state = i === 3 ? TCP.TIME_WAIT : TCP.ESTABLISHED;
      bed.table.insert(entry);
      if (i !== 5) entry.status |= CT_STATUS.ASSURED;
    }
    bed.insert(7).status |= CT_STATUS.ASSURED;
    bed.insert(8);
    bed.table.relieve(9);
    expect(bed.ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    bed.table.relieve(7);
    expect(bed.ids).toEqual([1, 2, 4, 6, 7, 8]);
    bed.table.relieve(1);
    expect(bed.ids).toEqual([1, 2, 4, 6, 7]);
  });
});
