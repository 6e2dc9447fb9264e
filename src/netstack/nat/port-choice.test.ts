/** Which port a connection gets where its own will not do: nf_nat_core's nf_nat_l4proto_unique_tuple and nf_nat_used_tuple_harder. */
import { describe, expect, test } from 'vitest';
import { TCP } from '../conntrack/tcp/states.js';
import { MANIP_DST, MANIP_SRC } from './manip.js';
import { type Allowed, Choosing, numbers, type TcpSeen } from './unique-tuple.testkit.js';

const OUT: Allowed = { addresses: ['10.0.2.254', '10.0.2.254'] };
const HOST = '10.0.2.1 9';

describe('without ports in the rule: one of the class of its own', () => {
  test.each([
    // Below 512.
    [1, 510, 511],
    [80, 0, 1],
    [511, 511, 1],
    // Below 1024, but from 600 on.
    [512, 0, 600],
    [1023, 424, 600],
    [700, 423, 1023],
    // The rest.
    [1024, 64511, 65535],
    [65535, 0, 1024],
    [5000, 64512, 1024],
  ])('port %i is taken, and the offset %i is drawn: %i', (sport, offset, expected) => {
    const choosing = new Choosing();
    choosing.takenPorts('10.0.2.254', [sport], HOST);
    expect(choosing.choose(`10.0.1.1 ${sport} > ${HOST}`, OUT, MANIP_SRC, [offset])).toBe(`10.0.2.254 ${expected} > ${HOST} (1)`);
  });
});

describe('with ports in the rule', () => {
  test.each([
    [39999, '40005 (1)'],
    [40000, '40000'],
    [40009, '40009'],
    [40010, '40005 (1)'],
  ])('its own is kept where it is among them: %i', (sport, expected) => {
    const [port, drawn] = expected.split(' ');
    const allowed: Allowed = { ...OUT, ports: [40000, 40009] };
    expect(new Choosing().choose(`10.0.1.1 ${sport} > ${HOST}`, allowed, MANIP_SRC, [5])).toBe(
      `10.0.2.254 ${port ?? ''} > ${HOST}${drawn === undefined ? '' : ` ${drawn}`}`,
    );
  });

  test('where it is taken, another of them is sought from a random one on, round and round', () => {
    const choosing = new Choosing();
    choosing.takenPorts('10.0.2.254', [40000, 40003, 40007, 40008, 40009], HOST);
    const allowed: Allowed = { ...OUT, ports: [40000, 40009] };
    const chosen = [0, 3, 7, 8, 17, 65535].map((offset) => choosing.choose(`10.0.1.1 40003 > ${HOST}`, allowed, MANIP_SRC, [offset]).split(' ')[1]);
    // 65535 is 5 of 10.
    expect(chosen).toEqual(['40001', '40004', '40001', '40001', '40001', '40005']);
  });

  test('offsets are of 16 bits: after 65535 comes 0', () => {
    const choosing = new Choosing();
    // 65535 modulo 64512 is 1023.
    choosing.takenPorts('10.0.2.254', [5000, 1024 + 1023], HOST);
    expect(choosing.choose(`10.0.1.1 5000 > ${HOST}`, OUT, MANIP_SRC, [65535])).toBe(`10.0.2.254 1024 > ${HOST} (1)`);
  });

  test('a single one needs no search: it is had though it is taken', () => {
    const choosing = new Choosing();
    choosing.takenPorts('10.0.2.254', [40000], HOST);
    const before = choosing.found;
    const allowed: Allowed = { ...OUT, ports: [40000, 40000] };
    expect(choosing.choose(`10.0.1.1 40000 > ${HOST}`, allowed, MANIP_DST)).toBe('10.0.1.1 40000 > 10.0.2.254 40000');
    expect(choosing.choose(`10.0.1.2 40000 > ${HOST}`, allowed)).toBe(`10.0.2.254 40000 > ${HOST}`);
    expect(choosing.found).toBe(before);
  });

  test('the wrong way round they are the same', () => {
    expect(new Choosing().choose(`10.0.1.1 5000 > ${HOST}`, { ...OUT, ports: [40009, 40000] }, MANIP_SRC, [9])).toBe(`10.0.2.254 40009 > ${HOST} (1)`);
  });

  test('a protocol without ports is not asked for any', () => {
    const choosing = new Choosing('esp');
    expect(choosing.choose('10.0.1.1 0 > 10.0.2.1 0', { ...OUT, ports: [40000, 40009] })).toBe('10.0.2.254 0 > 10.0.2.1 0');
    // Nor do they keep its source from being one of the pool already.
    expect(choosing.choose('10.0.2.105 0 > 10.0.2.1 0', { addresses: ['10.0.2.100', '10.0.2.110'], ports: [40000, 40009] })).toBe('10.0.2.105 0 > 10.0.2.1 0');
    choosing.taken('10.0.1.9 0 > 10.0.2.1 0', '10.0.2.254 0 > 10.0.2.1 0');
    expect(choosing.choose('10.0.1.1 0 > 10.0.2.1 0', OUT)).toBe('10.0.2.254 0 > 10.0.2.1 0');
  });
});

describe.each(['random', 'fully-random'] as const)('`%s`', (flag) => {
  test('the port is never kept: that of the source, nor, with ports in the rule, that of the destination', () => {
    const allowed: Allowed = { ...OUT, flags: [flag] };
    expect(new Choosing().choose(`10.0.1.1 5000 > ${HOST}`, allowed, MANIP_SRC, [77])).toBe(`10.0.2.254 1101 > ${HOST} (1)`);
    expect(new Choosing().choose(`10.0.2.254 5000 > ${HOST}`, allowed, MANIP_SRC, [77])).toBe(`10.0.2.254 1101 > ${HOST} (1)`);
    expect(new Choosing().choose('10.0.1.1 5000 > 10.0.2.1 80', { ...allowed, ports: [80, 89] }, MANIP_DST, [7])).toBe('10.0.1.1 5000 > 10.0.2.254 87 (1)');
    expect(new Choosing().choose('10.0.1.1 5000 > 10.0.2.1 80', allowed, MANIP_DST)).toBe('10.0.1.1 5000 > 10.0.2.254 80');
  });
});

describe('a destination', () => {
  const allowed: Allowed = { addresses: ['10.0.1.1', '10.0.1.1'], ports: [8080, 8083] };
  const ends = (dport: number): string => `10.0.2.1 5000 > 10.0.2.254 ${dport}`;

  test.each([
    [80, 8080],
    [8079, 8080],
    [8080, 8080],
    [8082, 8082],
    [8083, 8083],
    [8084, 8080],
  ])('to port %i gets %i: its own, or the first', (dport, expected) => {
    expect(new Choosing().choose(ends(dport), allowed, MANIP_DST)).toBe(`10.0.2.1 5000 > 10.0.1.1 ${expected}`);
  });

  test('where those are taken, the next', () => {
    const choosing = new Choosing();
    for (const [i, port] of [8080, 8081].entries()) choosing.taken(`10.0.2.1 5000 > 10.0.2.253 ${i}`, `10.0.2.1 5000 > 10.0.1.1 ${port}`);
    expect(choosing.choose(ends(8081), allowed, MANIP_DST)).toBe('10.0.2.1 5000 > 10.0.1.1 8082');
  });
});

describe('of a query: the identifier, which is one for both ends', () => {
  test.each([
    ['icmp', '10.0.1.1 7 > 10.0.2.1', '10.0.2.254', '10.0.2.1'],
    ['icmp6', '2001:db8:1::1 7 > 2001:db8:2::1', '2001:db8:2::fe', '2001:db8:2::1'],
  ] as const)('%s: any of 65536', (protocol, ends, address, to) => {
    const choosing = new Choosing(protocol);
    const other = ends.replace('::1 ', '::9 ').replace('1.1 ', '1.9 ');
    choosing.taken(other, `${address} 7 > ${to}`);
    const chosen = [0, 7, 600, 65535].map((offset) => choosing.choose(ends, { addresses: [address, address] }, MANIP_SRC, [offset]));
    expect(chosen).toEqual([0, 8, 600, 65535].map((id) => `${address} ${id} > ${to} (1)`));
  });

  test.each([
    [6, '12 (1)'],
    [7, '7'],
    [13, '13'],
    [14, '12 (1)'],
  ])('among those of the rule: %i', (id, expected) => {
    const [chosen, drawn] = expected.split(' ');
    expect(new Choosing('icmp').choose(`10.0.1.1 ${id} > 10.0.2.1`, { ...OUT, ports: [7, 13] }, MANIP_SRC, [5])).toBe(
      `10.0.2.254 ${chosen ?? ''} > 10.0.2.1${drawn === undefined ? '' : ` ${drawn}`}`,
    );
    expect(new Choosing('icmp6').choose(`2001:db8:1::1 ${id} > 2001:db8:2::1`, { ports: [7, 13] }, MANIP_SRC, [5])).toBe(
      `2001:db8:1::1 ${chosen ?? ''} > 2001:db8:2::1${drawn === undefined ? '' : ` ${drawn}`}`,
    );
  });

  test('of a destination it changes too where it is taken, from 0 on', () => {
    const choosing = new Choosing('icmp');
    choosing.taken('10.0.2.1 7 > 10.0.2.253', '10.0.2.1 7 > 10.0.1.1');
    expect(choosing.choose('10.0.2.1 7 > 10.0.2.254', { addresses: ['10.0.1.1', '10.0.1.1'] }, MANIP_DST)).toBe('10.0.2.1 0 > 10.0.1.1');
  });
});

describe('a search has an end: 128 ports from one start, then half as many from another', () => {
  const STARTS = [0, 200, 400, 600, 800, 900];
  const allowed: Allowed = { ...OUT, ports: [40000, 40999] };

  /** Of the ports that are come to, and of the one behind each run of them, all are taken but that one; most others are free. */
  function search(free: number | null): { readonly chosen: string; readonly tries: number } {
    const choosing = new Choosing();
    const taken = [128, 64, 32, 16, 8].flatMap((run, i) => numbers(40000 + i * 200, 40000 + i * 200 + run));
    choosing.takenPorts(
      '10.0.2.254',
      taken.filter((port) => port !== free),
      HOST,
    );
    const before = choosing.found;
    return { chosen: choosing.choose(`10.0.1.1 5000 > ${HOST}`, allowed, MANIP_SRC, STARTS), tries: choosing.found - before };
  }

  test.each([
    [40127, '40127 > 10.0.2.1 9 (1)'],
    [40263, '40263 > 10.0.2.1 9 (2)'],
    [40431, '40431 > 10.0.2.1 9 (3)'],
    [40615, '40615 > 10.0.2.1 9 (4)'],
    [40807, '40807 > 10.0.2.1 9 (5)'],
  ])('it comes to %i', (free, expected) => {
    expect(search(free).chosen).toBe(`10.0.2.254 ${expected}`);
  });

  test.each([null, 40128, 40264, 40432, 40616, 40808])('it does not come to %s: after 128 + 64 + 32 + 16 + 8 tries the last is had, taken as it is', (free) => {
    expect(search(free)).toEqual({ chosen: '10.0.2.254 40807 > 10.0.2.1 9 (5)', tries: 248 });
  });

  test.each([2, 15, 16, 100, 127, 128])('%i ports are each tried once', (size) => {
    const choosing = new Choosing();
    choosing.takenPorts('10.0.2.254', numbers(40000, 40000 + size - 1), HOST);
    const before = choosing.found;
    expect(choosing.choose(`10.0.1.1 5000 > ${HOST}`, { ...OUT, ports: [40000, 40000 + size - 1] }, MANIP_SRC, [1])).toBe(`10.0.2.254 40000 > ${HOST} (1)`);
    expect(choosing.found - before).toBe(size);
  });
});

describe('in the last tries a connection of TCP that is over gives way to a new one', () => {
  const ends = `10.0.1.1 5000 > ${HOST}`;
  const two: Allowed = { ...OUT, ports: [40000, 40001] };

  /** Both ports are taken by such connections. */
  function wanted(old: TcpSeen, fresh: TcpSeen): string {
    const choosing = new Choosing('tcp');
    choosing.takenPorts('10.0.2.254', [40000, 40001], HOST, old);
    const chosen = choosing.choose(ends, two, MANIP_SRC, [1], fresh);
    return `${chosen.split(' ')[1] ?? ''} of ${choosing.connections}`;
  }
  const GIVES_WAY = '40001 of 1';
  const STAYS = '40000 of 2';

  test.each([
    [TCP.TIME_WAIT, GIVES_WAY],
    [TCP.CLOSE, GIVES_WAY],
    [TCP.LAST_ACK, STAYS],
    [TCP.CLOSE_WAIT, STAYS],
    [TCP.ESTABLISHED, STAYS],
    [TCP.SYN_SENT, STAYS],
  ])('in state %i: %s', (state, expected) => {
    expect(wanted({ state, end: 1000 }, { end: 2000 })).toBe(expected);
  });

  test.each([
    [1000, 1001, GIVES_WAY],
    [1000, 1000, STAYS],
    [1000, 999, STAYS],
    // Sequence numbers go round (RFC 9293 3.4).
    [0xffff_fff0, 5, GIVES_WAY],
    [5, 0xffff_fff0, STAYS],
    [0x7fff_ffff, 0x8000_0005, GIVES_WAY],
  ])('if its numbers go on from there: %i, then %i: %s', (old, fresh, expected) => {
    expect(wanted({ state: TCP.TIME_WAIT, end: old }, { end: fresh })).toBe(expected);
  });

  test.each([TCP.SYN_RECV, TCP.ESTABLISHED, TCP.NONE])('not to one that does not begin by a SYN (state %i)', (state) => {
    expect(wanted({ state: TCP.TIME_WAIT, end: 1000 }, { state, end: 2000 })).toBe(STAYS);
  });

  test('only if its source is translated', () => {
    const choosing = new Choosing('tcp');
    for (const port of [40000, 40001]) choosing.taken(`10.0.2.254 ${port} > ${HOST}`, undefined, { state: TCP.TIME_WAIT, end: 1000 });
    expect(choosing.choose(ends, two, MANIP_SRC, [1], { end: 2000 })).toBe(`10.0.2.254 40000 > ${HOST} (1)`);
    expect(choosing.connections).toBe(2);
  });

  test('only if the tuple is that of its answers', () => {
    const choosing = new Choosing('tcp');
    for (const port of [40000, 40001])
      choosing.taken(`10.0.2.1 9 > 10.0.2.254 ${port}`, `10.0.2.7 9 > 10.0.2.254 ${port}`, { state: TCP.TIME_WAIT, end: 1000 });
    expect(choosing.choose(ends, two, MANIP_SRC, [1], { end: 2000 })).toBe(`10.0.2.254 40000 > ${HOST} (1)`);
    expect(choosing.connections).toBe(2);
  });

  test('the last tries are 32', () => {
    for (const [size, first] of [
      [32, 40000],
      [33, 40001],
      [128, 40096],
    ] as const) {
      const choosing = new Choosing('tcp');
      const ports = numbers(40000, 40000 + size - 1);
      choosing.takenPorts('10.0.2.254', ports, HOST, { state: TCP.TIME_WAIT, end: 1000 });
      const chosen = choosing.choose(ends, { ...OUT, ports: [40000, 40000 + size - 1] }, MANIP_SRC, [0], { end: 2000 });
      expect([chosen, choosing.connections]).toEqual([`10.0.2.254 ${first} > ${HOST} (1)`, size - 1]);
    }
  });

  test('a port that is free is had before', () => {
    const choosing = new Choosing('tcp');
    choosing.takenPorts('10.0.2.254', [40000], HOST, { state: TCP.TIME_WAIT, end: 1000 });
    expect(choosing.choose(ends, two, MANIP_SRC, [1], { end: 2000 })).toBe(`10.0.2.254 40001 > ${HOST} (1)`);
    expect(choosing.connections).toBe(1);
  });
});
