import { describe, expect, it, test } from 'vitest';
import type { PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { echoPayload, ipv4Frame, ipv6Frame, udpPayload } from '../../capture/testing/small-lab.js';
import { HandMade, STUN, addressOf, udp } from '../ledger.testkit.js';
import { Pieces } from './pieces.js';
import { errorMeaning, errorsAmong, icmpFlows } from './icmp-errors.js';

const QUOTED = ipv4Frame('10.0.0.1', '10.0.0.2', 17, udpPayload(5, 6, STUN)).subarray(14, 14 + 28);
const QUOTED6 = ipv6Frame('2001:db8::1', '2001:db8::2', 17, udpPayload(5, 6, STUN)).subarray(14);

/** RFC 792, RFC 4443: type, code, checksum, four octets, the beginning of the packet that it is about. */
function error(type: number, code: number, rest = 0, quoted = QUOTED): Uint8Array {
  return Uint8Array.of(type, code, 0, 0, rest >>> 24, (rest >>> 16) & 0xff, (rest >>> 8) & 0xff, rest & 0xff, ...quoted);
}

describe('what an error means', () => {
  it.each([
    [3, 0, 0, 'network unreachable'],
    [3, 3, 0, 'port unreachable'],
    // RFC 1191 section 4: the MTU of the next hop is in the low 16 bits.
    [3, 4, 1400, 'fragmentation needed, MTU 1400'],
    [3, 13, 0, 'communication administratively prohibited'],
    [3, 99, 0, 'destination unreachable, code 99'],
    [11, 0, 0, 'TTL exceeded in transit'],
    [11, 1, 0, 'reassembly time exceeded'],
  ])('ICMP type %i code %i', (type, code, rest, means) => {
    expect(errorMeaning(ipv4Frame('10.0.0.9', '10.0.0.1', 1, error(type, code, rest)))).toBe(means);
  });

  it.each([
    [1, 0, 0, 'no route to destination'],
    [1, 4, 0, 'port unreachable'],
    [2, 0, 1280, 'packet too big, MTU 1280'],
    [3, 0, 0, 'hop limit exceeded in transit'],
  ])('ICMPv6 type %i code %i', (type, code, rest, means) => {
    expect(errorMeaning(ipv6Frame('2001:db8::9', '2001:db8::1', 58, error(type, code, rest, QUOTED6)))).toBe(means);
  });

  it.each([
    ['an echo', ipv4Frame('10.0.0.9', '10.0.0.1', 1, echoPayload(8, 1, 1))],
    ['an echo of ICMPv6', ipv6Frame('2001:db8::9', '2001:db8::1', 58, echoPayload(128, 1, 1))],
    ['a datagram', ipv4Frame('10.0.0.9', '10.0.0.1', 17, udpPayload(1, 2, STUN))],
    ['half a frame', ipv4Frame('10.0.0.9', '10.0.0.1', 1, error(3, 0)).subarray(0, 20)],
  ])('%s is none', (_, frame) => {
    expect(errorMeaning(frame)).toBeNull();
  });
});

test('errors about packets: alike ones together, with who sent them and whom they reached; nothing else is one', () => {
  const lab = new HandMade();
  const refused = ipv4Frame(addressOf('rt'), addressOf('alice'), 1, error(3, 13));
  const ids: number[] = [];
  for (const k of [0, 1, 2]) {
    const cause = lab.send({ way: 'alice lan rt', at: millis(k * 10), frame: udp('alice', 5, 'dave', 6, STUN), dropped: DROP.FIREWALL_RULE });
    ids.push(lab.send({ way: 'rt lan alice', at: millis(k * 10 + 2), frame: refused, cause, ...(k === 2 && { lost: DROP.LINK_LOSS }) }));
  }
  // An echo and a datagram that packets of the flow caused.
  ids.push(lab.send({ way: 'rt lan alice', at: millis(50), frame: ipv4Frame(addressOf('rt'), addressOf('alice'), 1, echoPayload(8, 1, 1)), cause: 1 }));
  ids.push(lab.send({ way: 'rt lan alice', at: millis(51), frame: udp('rt', 7, 'alice', 8, STUN), cause: 1 }));
  const ledger = lab.ledger();
  const pieces = new Pieces(ledger, ledger.flows());
  for (const cursor = ledger.cursor(); cursor.next(); ) pieces.relate(cursor);
  const errors = errorsAmong(ledger, ids as PacketId[], icmpFlows(ledger), pieces);
  expect(errors).toEqual([
    { node: 'rt', means: 'communication administratively prohibited', packets: 2, reached: 'alice', died: null, example: ids[0] },
    {
      node: 'rt',
      means: 'communication administratively prohibited',
      packets: 1,
      reached: null,
      died: expect.objectContaining({ kind: 'dropped', drop: 'link-loss', at: 'link' }) as unknown,
      example: ids[2],
    },
  ]);
  expect(errorsAmong(ledger, ids as PacketId[], new Set(), pieces)).toEqual([]);
});
