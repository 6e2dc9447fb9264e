/**
 * A role's log of causes and the lab's search for the packets, with a kernel between them that is played here: it takes
 * time, loses datagrams, and keeps the order within a flow.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cause, NO_CAUSE, type PacketId } from '../../../base/brand.js';
import { millis, type Nanos, seconds, ZERO } from '../../../base/time.js';
import { EndpointTable } from '../../../host/endpoints.js';
import { parseIpv4 } from '../../../wire/address.js';
import * as ethernet from '../../../wire/ethernet.js';
import * as ipv4 from '../../../wire/ipv4.js';
import * as udp from '../../../wire/udp.js';
import { CauseLog } from '../role/cause-log.js';
import type { ToldCauses } from '../rpc/frame.js';
import { CauseResolver } from './cause-resolver.js';

const endpoints = new EndpointTable();
const ROLE = endpoints.of('192.0.2.1', 3478);
const PEER = endpoints.of('192.0.2.2', 5000);
const NEXT = endpoints.of('198.51.100.9', 7000);
type End = typeof ROLE;

function frameOf(from: End, to: End, payload: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(8 + payload.length);
  udp.emit({ srcPort: from.port, dstPort: to.port, payload }, datagram, 0);
  const frame = new Uint8Array(34 + datagram.length);
  ethernet.setType(frame, 0, ethernet.ETHERTYPE.IPV4);
  const [src, dst] = [parseIpv4(from.address) ?? 0, parseIpv4(to.address) ?? 0];
  const header = { dscp: 0, ecn: 0, identification: 0, dontFragment: true, moreFragments: false, fragmentOffset: 0, ttl: 64, protocol: udp.PROTOCOL };
  ipv4.emit({ ...header, src, dst, options: new Uint8Array(0), payload: datagram }, frame, 14);
  return frame;
}

/** One node: its kernel, its role's log, and the lab. */
class Node {
  now = ZERO;
  readonly recorded = new Map<number, readonly number[]>();
  readonly batches: ToldCauses[] = [];
  readonly resolver = new CauseResolver(
    () => this.now,
    (id, causes) => this.recorded.set(id, causes),
  );
  readonly log = new CauseLog(
    () => this.now,
    ({ causes }) => this.batches.push(causes),
  );
  #id = 0;

  /** A frame goes into the kernel: its packet's id. */
  arrive(payload: Uint8Array): number {
    const frame = frameOf(PEER, ROLE, payload);
    this.resolver.arrived(frame, 0, frame.length, ++this.#id as PacketId, this.now);
    return this.#id;
  }

  read(payload: Uint8Array): Cause {
    return this.log.received(PEER, ROLE, payload, 0, payload.length);
  }

  send(payload: Uint8Array, cause: Cause, to = NEXT): void {
    this.log.sent(ROLE, to, payload, cause, this.now);
  }

  depart(payload: Uint8Array, to = NEXT): number {
    const frame = frameOf(ROLE, to, payload);
    this.resolver.departed(frame, 0, frame.length, ++this.#id as PacketId);
    return this.#id;
  }

  /** The role's batch reaches the lab. */
  tell(): void {
    this.log.flush();
    for (const batch of this.batches.splice(0)) this.resolver.told(batch);
  }

  pass(time: Nanos): void {
    this.now = (this.now + time) as Nanos;
  }
}

const bytes = (...octets: number[]): Uint8Array => Uint8Array.from(octets);

describe('what a role sent because of what it received', () => {
  it('a relay and a mixer: found, and told late', () => {
    const node = new Node();
    const [a, b] = [node.arrive(bytes(1)), node.arrive(bytes(2))];
    node.pass(millis(1));
    const [first, second] = [node.read(bytes(1)), node.read(bytes(2))];
    node.send(bytes(9), first);
    node.send(bytes(8), node.log.sets.of([second, first]));
    const [x, y] = [node.depart(bytes(9)), node.depart(bytes(8))];
    expect(node.recorded.size).toBe(0);
    node.pass(millis(20));
    node.tell();
    expect([...node.recorded]).toEqual([
      [x, [a]],
      [y, [a, b]],
    ]);
    expect(node.resolver.counts).toEqual({ told: 2, resolved: 2, partly: 0, unknown: 0 });
  });

  it('nothing is told of what was sent because of nothing, nor of what was only received', () => {
    const node = new Node();
    node.arrive(bytes(1));
    node.read(bytes(1));
    node.send(bytes(9), NO_CAUSE);
    node.log.flush();
    expect(node.batches).toEqual([]);
  });

  it('the lab may be told before it has read the tap', () => {
    const node = new Node();
    const a = node.arrive(bytes(1));
    node.send(bytes(9), node.read(bytes(1)));
    node.tell();
    expect(node.resolver.counts).toMatchObject({ told: 1, resolved: 0, unknown: 0 });
    node.pass(millis(50));
    expect([node.depart(bytes(9)), ...node.recorded.values()]).toEqual([2, [a]]);
  });

  it('a datagram that never left is given up, and counted', () => {
    const node = new Node();
    node.arrive(bytes(1));
    node.send(bytes(9), node.read(bytes(1)));
    node.tell();
    node.pass(seconds(3));
    // An alike one that the kernel made of something else long after is not taken for it.
    node.depart(bytes(9));
    expect(node.recorded.size).toBe(0);
    expect(node.resolver.counts).toMatchObject({ resolved: 0, unknown: 1 });
  });

  it('what did not come by a tap is no cause: the rest is recorded, and it is counted', () => {
    const node = new Node();
    const a = node.arrive(bytes(1));
    const own = node.log.received(ROLE, ROLE, bytes(5), 0, 1);
    node.send(bytes(9), node.log.sets.of([own, node.read(bytes(1))]));
    node.send(bytes(8), own);
    node.depart(bytes(9));
    node.depart(bytes(8));
    node.tell();
    expect([...node.recorded.values()]).toEqual([[a]]);
    expect(node.resolver.counts).toEqual({ told: 2, resolved: 0, partly: 1, unknown: 1 });
  });

  it('what waits when the lab ends is unknown', () => {
    const node = new Node();
    node.arrive(bytes(1));
    node.send(bytes(9), node.read(bytes(1)));
    node.tell();
    node.resolver.flush();
    expect(node.resolver.counts).toEqual({ told: 1, resolved: 0, partly: 0, unknown: 1 });
  });

  it('a request that is sent again is told apart by order, and by time once a run of alike ones has ended', () => {
    const node = new Node();
    const requests: number[] = [];
    const answers: number[] = [];
    for (const pause of [500, 1000, 2000, 9000, 500, 30_000]) {
      requests.push(node.arrive(bytes(1)));
      node.pass(millis(1));
      const cause = node.read(bytes(1));
      // Only every other one is answered.
      if (requests.length % 2 === 0) {
        node.send(bytes(9), cause, PEER);
        answers.push(node.depart(bytes(9), PEER));
      }
      node.tell();
      node.pass(millis(pause));
    }
    expect([...node.recorded]).toEqual(answers.map((id, k) => [id, [requests[2 * k + 1]]]));
  });

  it('one that was received too long ago to be remembered is no cause', () => {
    const node = new Node();
    node.arrive(bytes(1));
    const old = node.read(bytes(1));
    for (let i = 0; i < 20_000; i++) node.read(bytes(2, i & 0xff, i >> 8));
    node.send(bytes(9), old);
    node.depart(bytes(9));
    node.tell();
    expect([node.recorded.size, node.resolver.counts.unknown]).toEqual([0, 1]);
  });

  it('a discard names what it is about once the lab knows the number', () => {
    const node = new Node();
    const a = node.arrive(bytes(1));
    const numbers = node.log.name(node.read(bytes(1)));
    for (const batch of node.batches) node.resolver.told(batch);
    expect(numbers.map((number) => node.resolver.idOf(number))).toEqual([a]);
    expect(node.resolver.idOf(77)).toBeNull();
  });

  it('property: whatever is received, lost in the kernel, kept, mixed and sent again, no wrong cause is recorded', () => {
    const step = fc.record({
      /** Below 8 it may be alike; those are not lost between tap and socket. */
      payload: fc.nat(40),
      lost: fc.boolean(),
      late: fc.nat(900),
      pause: fc.nat(3000),
      mix: fc.integer({ min: 1, max: 3 }),
      told: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const node = new Node();
        const truth = new Map<number, readonly number[]>();
        let heard: { readonly id: number; readonly cause: Cause }[] = [];
        let serial = 0;
        for (const { payload, lost, late, pause, mix, told } of steps) {
          const alike = payload < 8;
          const text = alike ? bytes(payload) : bytes(payload, ++serial & 0xff, serial >> 8);
          const id = node.arrive(text);
          node.pass(millis(late));
          if (lost && !alike) continue;
          heard.push({ id, cause: node.read(text) });
          if (heard.length >= mix) {
            node.send(bytes(payload & 3, mix), node.log.sets.of(heard.map(({ cause }) => cause)));
            node.pass(millis(late));
            truth.set(
              node.depart(bytes(payload & 3, mix)),
              heard.map((one) => one.id).sort((a, b) => a - b),
            );
            heard = [];
          }
          node.pass(millis(pause));
          if (told) node.tell();
        }
        node.tell();
        for (const [id, causes] of node.recorded) for (const cause of causes) expect(truth.get(id)).toContain(cause);
        const { resolved, partly, unknown, ...rest } = node.resolver.counts;
        expect(resolved + partly + unknown).toBe(rest.told);
      }),
      { numRuns: 300 },
    );
  });
});
