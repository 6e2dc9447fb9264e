import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { openErrorQueues, parseQueued, socketAddress } from './error-queue.js';

const bytes = (hex: string): Uint8Array => Uint8Array.from(must(hex.match(/../g), 'octets'), (octet) => Number.parseInt(octet, 16));

/** As little-endian Linux lays them out; `error` is ee_errno, ee_origin, ee_type, ee_code of ip(7). */
function control4(errno: number, origin: number, type: number, code: number): Uint8Array {
  return Uint8Array.of(48, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, errno, 0, 0, 0, origin, type, code, ...new Array<number>(25).fill(0));
}

function control6(errno: number, origin: number, type: number, code: number): Uint8Array {
  return Uint8Array.of(60, 0, 0, 0, 0, 0, 0, 0, 41, 0, 0, 0, 25, 0, 0, 0, errno, 0, 0, 0, origin, type, code, ...new Array<number>(37).fill(0));
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

describe.runIf(littleEndian)("the kernel's error queue", () => {
  const to4 = bytes('02001388c0000207000000000000000000000000000000000000000000');
  const to6 = bytes('0a0013880000000020010db800000000000000000000000700000000');

  // Types and codes: RFC 792, RFC 1812 5.2.7.1 (13), RFC 1191 (3/4); errno values: icmp(7).
  it.each([
    [111, 2, 3, 3, 'port-unreachable', false],
    [113, 2, 3, 1, 'host-unreachable', false],
    [113, 2, 3, 13, 'host-unreachable', false],
    [90, 2, 3, 4, 'too-big', false],
    [113, 2, 11, 0, 'ttl-exceeded', false],
    [90, 1, 0, 0, 'too-big', true],
    [113, 1, 0, 0, 'host-unreachable', true],
  ])('IPv4: errno %i, origin %i, type %i, code %i', (errno, origin, type, code, error, local) => {
    expect(parseQueued(to4, control4(errno, origin, type, code))).toEqual({ error, address: '192.0.2.7', port: 5000, local });
  });

  // RFC 4443 3.1-3.3.
  it.each([
    [111, 3, 1, 4, 'port-unreachable', false],
    [113, 3, 1, 0, 'host-unreachable', false],
    [90, 3, 2, 0, 'too-big', false],
    [113, 3, 3, 0, 'ttl-exceeded', false],
    [90, 1, 0, 0, 'too-big', true],
  ])('IPv6: errno %i, origin %i, type %i, code %i', (errno, origin, type, code, error, local) => {
    expect(parseQueued(to6, control6(errno, origin, type, code))).toEqual({ error, address: '2001:db8::7', port: 5000, local });
  });

  it('control data of another kind is none, and neither is half of it', () => {
    const other = control4(111, 2, 3, 3);
    other[12] = 2;
    expect(parseQueued(to4, other)).toBeNull();
    expect(parseQueued(to4, control4(111, 2, 3, 3).subarray(0, 31))).toBeNull();
    expect(parseQueued(to4, new Uint8Array(0))).toBeNull();
  });

  it('addresses are written as sockaddr_in and sockaddr_in6', () => {
    expect(socketAddress('192.0.2.7', 5000)).toEqual(bytes('02001388c00002070000000000000000'));
    expect(socketAddress('2001:db8::7', 5000)).toEqual(to6);
  });

  it('a bind that the kernel refuses is named, and leaves no descriptor open', async () => {
    const queues = must(await openErrorQueues(), 'koffi');
    const first = queues.bind('127.77.9.1', 45_000);
    expect(first).toHaveProperty('fd');
    expect(queues.bind('127.77.9.1', 45_000)).toEqual({ errno: 'EADDRINUSE' });
    expect(queues.bind('203.0.113.7', 45_000)).toEqual({ errno: 'EADDRNOTAVAIL' });
    if (!('fd' in first)) return;
    expect(queues.drain(first.fd)).toEqual([]);
    queues.close(first.fd);
    const again = queues.bind('127.77.9.1', 45_000);
    // The lowest free number is given again (POSIX): nothing else was left open.
    expect(again).toEqual(first);
    queues.close(first.fd);
  });
});
