import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../../base/brand.js';
import { randomRoot } from '../../../base/rng.js';
import { millis, ZERO, type Nanos } from '../../../base/time.js';
import type { StunAttribute } from '../../stun/attribute.js';
import { checkFingerprint, emitStun, isMalformedStun, parseStun, type StunPacket } from '../../stun/codec.js';
import type { TransportAddress } from '../../stun/transport-address.js';
import { at, base } from '../scripted-peer.testkit.js';
import type { IceBase } from './candidate.js';
import type { GathererOut } from './gatherer.js';
import { Pacer } from './pacer.js';
import { ReflexiveGatherer } from './reflexive-gatherer.js';

const SERVER = at('203.0.113.1 3478');
const HOST = base('10.0.0.1');

function read(bytes: Uint8Array): StunPacket {
  const packet = parseStun(bytes, 0, bytes.length);
  if (isMalformedStun(packet)) throw new Error(packet.why);
  return packet;
}

class Run {
  readonly gatherer: ReflexiveGatherer;
  readonly pacer: Pacer;
  readonly requests: { readonly at: number; readonly base: IceBase; readonly to: TransportAddress; readonly cause: Cause; readonly packet: StunPacket }[] = [];
  readonly candidates: Extract<GathererOut, { kind: 'candidate' }>[] = [];
  now: Nanos = ZERO;

  constructor(bases: readonly IceBase[] = [HOST], more: { readonly server?: string; readonly ta?: Nanos } = {}) {
    this.gatherer = new ReflexiveGatherer(more.server === undefined ? SERVER : at(more.server));
    this.pacer = new Pacer(more.ta);
    this.gatherer.start({ bases, pacer: this.pacer, random: randomRoot(2).stream('gather') });
  }

  until(ms: number): this {
    while (this.gatherer.deadline <= millis(ms)) {
      this.now = Math.max(this.now, this.gatherer.deadline) as Nanos;
      const out: GathererOut[] = [];
      this.gatherer.tick(this.now, out);
      if (this.gatherer.deadline <= this.now) throw new Error('a tick leaves a deadline behind that is due');
      this.#took(out);
    }
    this.now = millis(ms);
    return this;
  }

  /** The server's answer to the newest request. */
  answer(
    attributes: readonly StunAttribute[],
    how: { readonly error?: boolean; readonly from?: string; readonly base?: IceBase; readonly nth?: number } = {},
  ): boolean {
    const request = must(this.requests.at(how.nth ?? -1), 'request');
    const packet = read(emitStun({ class: how.error === true ? 'error' : 'success', method: 1, transaction: request.packet.transaction, attributes }));
    const out: GathererOut[] = [];
    const taken = this.gatherer.receive(how.base ?? request.base, how.from === undefined ? SERVER : at(how.from), packet, this.now, out);
    this.#took(out);
    return taken;
  }

  mapped(text: string): boolean {
    return this.answer([{ name: 'xor-mapped-address', address: at(text) }]);
  }

  notes(): [number, string, string][] {
    return this.gatherer.notes.map((n) => [n.at / 1e6, n.base, n.what]);
  }

  times(): number[] {
    return this.requests.map((r) => r.at);
  }

  #took(out: readonly GathererOut[]): void {
    for (const one of out) {
      if (one.kind === 'candidate') this.candidates.push(one);
      else this.requests.push({ at: this.now / 1e6, base: one.base, to: one.to, cause: one.cause, packet: read(one.bytes) });
    }
  }
}

describe('5.1.1.2: asking the server', () => {
  it('a Binding request with a fingerprint and nothing else, one every Ta, each with its own transaction', () => {
    const other = base('10.0.0.2');
    const run = new Run([HOST, other]).until(60);
    expect(run.requests.map((r) => [r.at, r.base, r.to, r.cause])).toEqual([
      [0, HOST, SERVER, NO_CAUSE],
      [50, other, SERVER, NO_CAUSE],
    ]);
    const [first, second] = run.requests.map((r) => r.packet);
    expect(first).toMatchObject({ class: 'request', method: 1, attributes: [], integrityAt: -1 });
    expect(checkFingerprint(must(first, 'request'))).toBe('right');
    expect(first?.transaction).not.toBe(second?.transaction);
    expect([run.gatherer.name, run.gatherer.opensPaths, run.gatherer.done]).toEqual(['stun 203.0.113.1:3478', false, false]);
  });

  it.each([
    ['over UDP only', [HOST, base('10.0.0.2', { transport: 'tcp', tcpType: 'active' })], '203.0.113.1 3478', [HOST.address.address]],
    ['from addresses of its family only', [HOST, base('2001:db8::1')], '203.0.113.1 3478', [HOST.address.address]],
    ['and so over IPv6', [HOST, base('2001:db8::1')], '2001:db8:ff::1 3478', ['2001:db8::1']],
  ])('%s', (_rule, bases, server, asked) => {
    const run = new Run(bases, { server }).until(400);
    expect(run.requests.map((r) => r.base.address.address)).toEqual(asked);
  });

  it('with nothing to ask for it is done, and has no timer', () => {
    const run = new Run([]);
    expect([run.gatherer.done, run.gatherer.deadline]).toEqual([true, Infinity]);
  });

  it('14.3: RTO = MAX(500 ms, Ta * number of candidates sought)', () => {
    const bases = [1, 2, 3].map((n) => base(`10.0.0.${n}`));
    const run = new Run(bases, { ta: millis(400) }).until(3000);
    expect(run.requests.filter((r) => r.base === bases[0]).map((r) => r.at)).toEqual([0, 1200]);
    expect(new Run([HOST]).until(1600).times()).toEqual([0, 500, 1500]);
  });

  it('a slot that checks have taken is waited for', () => {
    const run = new Run();
    run.pacer.take(ZERO);
    expect(run.gatherer.deadline).toBe(millis(50));
    expect(run.until(60).times()).toEqual([50]);
  });

  it('before it was started it wants nothing', () => {
    const gatherer = new ReflexiveGatherer(SERVER);
    const out: GathererOut[] = [];
    gatherer.tick(millis(100), out);
    expect([out, gatherer.deadline, gatherer.done]).toEqual([[], Infinity, true]);
  });
});

describe('the answer', () => {
  it('XOR-MAPPED-ADDRESS is a server-reflexive candidate, whose base it was asked from', () => {
    const run = new Run().until(20);
    expect(run.mapped('198.51.100.1 4000')).toBe(true);
    expect(run.candidates).toEqual([
      { kind: 'candidate', candidate: { type: 'srflx', base: HOST, address: at('198.51.100.1 4000'), learnedFrom: SERVER, related: HOST.address } },
    ]);
    expect(run.notes()).toEqual([[20, '10.0.0.1:50000', 'mapped to 198.51.100.1:4000']]);
    expect(run.gatherer.done).toBe(true);
  });

  it('RFC 8489 14.1: MAPPED-ADDRESS of an old server will do, XOR-MAPPED-ADDRESS goes first', () => {
    const run = new Run().until(20);
    run.answer([{ name: 'mapped-address', address: at('198.51.100.1 4001') }]);
    const both = new Run().until(20);
    both.answer([
      { name: 'mapped-address', address: at('198.51.100.1 4001') },
      { name: 'xor-mapped-address', address: at('198.51.100.1 4000') },
    ]);
    expect([run, both].map((r) => r.candidates[0]?.candidate.address.port)).toEqual([4001, 4000]);
  });

  it.each<[string, readonly StunAttribute[], boolean]>([
    ['answered with 400 Bad Request', [{ name: 'error-code', code: 400, reason: 'Bad Request' }], true],
    ['answer without a mapped address', [], false],
    ['answer without a mapped address', [{ name: 'mapped-address', address: at('198.51.100.1 4001') }], true],
    [
      'answer with unknown attributes 0x0042, 0x7ffe',
      [
        { name: 'xor-mapped-address', address: at('198.51.100.1 4000') },
        { name: 'unknown', code: 0x42, bytes: new Uint8Array(0) },
        { name: 'unknown', code: 0x7ffe, bytes: new Uint8Array(0) },
      ],
      false,
    ],
  ])('%s: no candidate, and no second question', (what, attributes, error) => {
    const run = new Run().until(20);
    expect(run.answer(attributes, { error })).toBe(true);
    expect([run.candidates, run.gatherer.done, run.gatherer.deadline]).toEqual([[], true, Infinity]);
    expect(run.notes()).toEqual([[20, '10.0.0.1:50000', what]]);
  });

  it("from elsewhere, or at another socket, it is nobody else's either, and the right one is still waited for", () => {
    const run = new Run().until(20);
    const attributes = [{ name: 'xor-mapped-address', address: at('198.51.100.1 4000') }] as const;
    expect(run.answer(attributes, { from: '203.0.113.66 3478' })).toBe(true);
    expect(run.answer(attributes, { base: base('10.0.0.2') })).toBe(true);
    expect([run.candidates, run.gatherer.done]).toEqual([[], false]);
    run.answer(attributes);
    expect(run.candidates).toHaveLength(1);
  });

  it('to another transaction is none of its business, nor is a second one', () => {
    const run = new Run().until(20);
    run.mapped('198.51.100.1 4000');
    expect(run.mapped('198.51.100.1 4000')).toBe(false);
    const foreign = read(emitStun({ class: 'success', method: 1, transaction: '0'.repeat(24), attributes: [] }));
    expect(new Run().until(20).gatherer.receive(HOST, SERVER, foreign, ZERO, [])).toBe(false);
  });

  it('belongs to the base that asked, though another asks too', () => {
    const other = base('10.0.0.2');
    const run = new Run([HOST, other]).until(60);
    run.answer([{ name: 'xor-mapped-address', address: at('198.51.100.1 4000') }], { nth: 0 });
    expect([run.candidates.map((c) => c.candidate.base), run.gatherer.done]).toEqual([[HOST], false]);
    run.mapped('198.51.100.1 4001');
    expect([run.candidates.map((c) => c.candidate.base), run.gatherer.done]).toEqual([[HOST, other], true]);
  });

  it('RFC 8489 6.2.1: none for 39.5 s: no candidate, and no second question', () => {
    const run = new Run().until(100_000);
    expect(run.times()).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(run.notes()).toEqual([[39_500, '10.0.0.1:50000', 'no answer to 7 requests']]);
    expect([run.gatherer.done, run.gatherer.deadline]).toEqual([true, Infinity]);
  });
});

describe('RFC 8489 6.2.1: ICMP errors', () => {
  it.each([
    ['port-unreachable', true],
    ['host-unreachable', true],
    ['ttl-exceeded', false],
    ['too-big', false],
  ] as const)('%s ends the question: %s', (error, ends) => {
    const run = new Run().until(20);
    run.gatherer.fault(HOST, SERVER, error, run.now);
    expect([run.gatherer.done, run.notes()]).toEqual([ends, ends ? [[20, '10.0.0.1:50000', `ICMP ${error}`]] : []]);
    expect(run.until(600).times()).toEqual(ends ? [0] : [0, 500]);
  });

  it('only that of its base, about its server, while it is asked', () => {
    const run = new Run([HOST, base('10.0.0.2')]).until(20);
    run.gatherer.fault(HOST, at('203.0.113.66 3478'), 'port-unreachable', run.now);
    run.gatherer.fault(base('10.0.0.2'), SERVER, 'port-unreachable', run.now);
    expect(run.notes()).toEqual([]);
    run.until(60);
    run.answer([{ name: 'xor-mapped-address', address: at('198.51.100.1 4000') }], { nth: 0 });
    run.gatherer.fault(HOST, SERVER, 'port-unreachable', run.now);
    expect(run.notes().map(([, , what]) => what)).toEqual(['mapped to 198.51.100.1:4000']);
    expect(run.gatherer.done).toBe(false);
  });
});

describe('5.1.1.4: the mapping is kept alive', () => {
  it('every 15 s after the answer; the same mapping again is nothing new', () => {
    const run = new Run().until(20);
    run.mapped('198.51.100.1 4000');
    run.until(15_030);
    run.mapped('198.51.100.1 4000');
    run.until(30_040);
    expect(run.times()).toEqual([0, 15_020, 30_030]);
    expect([run.candidates.length, run.notes().length, run.gatherer.done]).toEqual([1, 1, true]);
  });

  it('another mapping is another candidate, and is told', () => {
    const run = new Run().until(20);
    run.mapped('198.51.100.1 4000');
    run.until(15_030);
    run.mapped('198.51.100.1 4001');
    expect(run.candidates.map((c) => c.candidate.address.port)).toEqual([4000, 4001]);
    expect(run.notes().at(-1)).toEqual([15_030, '10.0.0.1:50000', 'mapping moved to 198.51.100.1:4001']);
  });

  it('a server that falls silent is not asked for ever, and takes nothing back', () => {
    const run = new Run().until(20);
    run.mapped('198.51.100.1 4000');
    run.until(200_000);
    expect(run.times()).toHaveLength(8);
    expect([run.gatherer.done, run.gatherer.deadline]).toEqual([true, Infinity]);
  });

  it('a refresh waits for its slot like any other question', () => {
    const run = new Run().until(20);
    run.mapped('198.51.100.1 4000');
    run.until(15_000);
    run.pacer.take(run.now);
    expect(run.until(15_100).times()).toEqual([0, 15_050]);
  });

  it('8.3: not any more when pairs are selected, and what is under way ends too', () => {
    const idle = new Run().until(20);
    idle.mapped('198.51.100.1 4000');
    const busy = new Run().until(20);
    for (const run of [idle, busy]) run.gatherer.release();
    expect([idle, busy].map((r) => [r.gatherer.done, r.gatherer.deadline, r.until(40_000).times()])).toEqual([
      [true, Infinity, [0]],
      [true, Infinity, [0]],
    ]);
  });

  it('9: started again it forgets all and asks anew', () => {
    const run = new Run().until(20);
    run.mapped('198.51.100.1 4000');
    run.gatherer.start({ bases: [HOST], pacer: run.pacer, random: randomRoot(3).stream('again') });
    expect(run.gatherer.done).toBe(false);
    run.until(100);
    run.mapped('198.51.100.1 4000');
    expect([run.times(), run.candidates.length]).toEqual([[0, 50], 2]);
  });
});
