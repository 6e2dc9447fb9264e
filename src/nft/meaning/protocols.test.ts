/** nft(8), "Payload expressions"; net/netfilter and nft's proto.c for what excludes what. */
import { describe, expect, it } from 'vitest';
import type { Match, Selector } from '../ruleset.js';
import { namesTransport, Protocols, selectorsOf, TCP } from './protocols.js';

const at = { file: 'fw.nft', line: 1, column: 1 };
const tcp: Selector = { select: 'tcp', field: 'dport' };
const udp: Selector = { select: 'udp', field: 'dport' };
const eq = (selector: Selector, ...numbers: readonly number[]): Match =>
  numbers.length === 1
    ? { do: 'match', left: { is: 'selector', selector }, op: 'eq', right: { is: 'number', number: numbers[0] as number } }
    : {
        do: 'lookup',
        left: { is: 'selector', selector },
        op: 'eq',
        set: {
          is: 'anonymous',
          set: { types: ['inet_proto'], gives: null, elements: numbers.map((number) => ({ key: [{ is: 'number', number }], data: null, src: at })) },
        },
      };
const L4: Selector = { select: 'meta', key: 'l4proto' };

describe('families', () => {
  it.each([
    ['ip', 4],
    ['ip6', 6],
    ['inet', null],
  ] as const)('%s', (family, network) => expect(new Protocols(family).network).toBe(network));

  it('a field of IPv4 makes the packet one', () => {
    const p = new Protocols('inet');
    p.read({ select: 'ip', field: 'ttl' }, at);
    expect(p.network).toBe(4);
    expect(() => p.read({ select: 'ip6', field: 'hoplimit' }, at)).toThrow('no packet is both IPv4 and IPv6');
  });

  it('meta nfproto settles it in a table for both, and says nothing in another', () => {
    const p = new Protocols('inet');
    const nfproto: Selector = { select: 'meta', key: 'nfproto' };
    p.matched(eq(p.read(nfproto, at), 10));
    expect(p.network).toBe(6);
    expect(() => new Protocols('ip').read(nfproto, at)).toThrow('says nothing in a table of the family ip');
  });

  it('ICMP is of IPv4, ICMPv6 of IPv6; an inequality settles nothing', () => {
    for (const [select, network] of [
      ['icmp', 4],
      ['icmpv6', 6],
    ] as const) {
      const p = new Protocols('inet');
      p.read({ select, field: 'code' }, at);
      expect(p.network).toBe(network);
    }
    const p = new Protocols('inet');
    p.matched({ ...eq({ select: 'meta', key: 'nfproto' }, 2), op: 'ne' } as Match);
    expect(p.network).toBeNull();
  });
});

describe('transports', () => {
  it('a field of TCP asks for it, and excludes UDP', () => {
    const p = new Protocols('inet');
    expect([p.transport, p.transportAsked]).toEqual([null, false]);
    expect(p.read(tcp, at)).toEqual(tcp);
    expect([p.transport, p.transportAsked]).toEqual([TCP, true]);
    expect(() => p.read(udp, at)).toThrow('no packet is both tcp and udp');
  });

  it.each([[L4], [{ select: 'ip', field: 'protocol' }], [{ select: 'ip6', field: 'nexthdr' }]] as [Selector][])('$select names it', (selector) => {
    const p = new Protocols('inet');
    p.matched(eq(selector, 17));
    expect([p.transport, p.transportAsked, namesTransport(selector)]).toEqual([17, true, true]);
  });

  it('of several named ones the last counts, and a field of one of them is refused as nft refuses it', () => {
    const p = new Protocols('inet');
    p.matched(eq(L4, 6, 17));
    expect([p.transport, p.transportAsked]).toEqual([17, true]);
    expect(() => p.read(tcp, at)).toThrow('no packet is both udp and tcp');
  });

  it("a connection's protocol is assumed to be the packet's, where the family is known", () => {
    const of: Selector = { select: 'ct-tuple', direction: 'reply', field: 'protocol', family: null };
    const known = new Protocols('ip');
    known.matched(eq(of, 17));
    expect(known.read(udp, at)).toEqual({ ...udp, assumed: true });
    const open = new Protocols('inet');
    open.matched(eq(of, 17));
    expect(open.transportAsked).toBe(false);
    expect(open.read(udp, at)).toEqual(udp);
    const foreign = new Protocols('ip');
    foreign.matched(eq(of, 99));
    expect(foreign.transportAsked).toBe(false);
  });

  it('other fields name none', () => {
    expect(namesTransport({ select: 'meta', key: 'mark' })).toBe(false);
    expect(namesTransport({ select: 'ip', field: 'ttl' })).toBe(false);
    expect(namesTransport(tcp)).toBe(false);
  });
});

describe('messages', () => {
  const field = (name: 'id' | 'sequence' | 'mtu'): Selector => ({ select: 'icmp', field: name });
  it('an id is of echoes, an MTU of "fragmentation needed" (RFC 792)', () => {
    const p = new Protocols('inet');
    p.read(field('id'), at);
    expect(p.read(field('sequence'), at)).toEqual(field('sequence'));
    expect(() => p.read(field('mtu'), at)).toThrow('a message of icmp type 0 has no mtu');
  });
  it('a type that was matched excludes the fields of others', () => {
    const p = new Protocols('inet');
    p.matched(eq(p.read({ select: 'icmp', field: 'type' }, at), 3));
    expect(() => p.read(field('id'), at)).toThrow('a message of icmp type 3 has no id');
    expect(p.read(field('mtu'), at)).toEqual(field('mtu'));
  });
});

it('the fields of an operand', () => {
  expect(selectorsOf({ is: 'selector', selector: tcp })).toEqual([tcp]);
  expect(selectorsOf({ is: 'bits', bits: { of: L4, mask: 1, xor: 0 } })).toEqual([L4]);
  expect(selectorsOf({ is: 'concat', parts: [tcp, L4] })).toEqual([tcp, L4]);
});
