/** Lines as nft 1.0.6 printed them (`nft -a -n monitor trace`). */
import { describe, expect, it } from 'vitest';
import { parseTraceLine } from './trace-line.js';

const PACKET =
  'trace id f74b3d97 inet filter input packet: iif "wv2" ether saddr 4e:b4:9d:8a:6c:d4 ether daddr 9e:bd:04:a5:05:ed ip saddr 192.0.2.1 ip daddr 192.0.2.2 ip dscp 0x00 ip ecn 0x0 ip ttl 64 ip id 58037 ip protocol 17 ip length 33 udp sport 38277 udp dport 5002 udp length 13 @th,64,40 0x68616c6c6f ';
const PACKET6 =
  'trace id 2dae9ede ip6 callpath-trace prerouting packet: iif "wv2" ether saddr 4e:b4:9d:8a:6c:d4 ether daddr 9e:bd:04:a5:05:ed ip6 saddr 2001:db8::1 ip6 daddr 2001:db8::2 ip6 dscp 0x00 ip6 ecn 0x0 ip6 hoplimit 64 ip6 flowlabel 733656 ip6 nexthdr 17 ip6 length 13 udp sport 33360 udp dport 500 udp length 13 @th,64,40 0x68616c6c6f ';
const ECHO =
  'trace id 651d155b inet filter input packet: iif "wv2" ether saddr 4e:b4:9d:8a:6c:d4 ether daddr 9e:bd:04:a5:05:ed ip saddr 192.0.2.1 ip daddr 192.0.2.2 ip dscp 0x00 ip ecn 0x0 ip ttl 64 ip id 31224 ip protocol 1 ip length 84 icmp type 8 icmp code 0 icmp id 7473 icmp sequence 1 @th,64,96 0x75c6086b00000000d4380400 ';
const SYN =
  'trace id d6f0b913 inet filter input packet: iif "wv2" ether saddr 4e:b4:9d:8a:6c:d4 ether daddr 9e:bd:04:a5:05:ed ip saddr 192.0.2.1 ip daddr 192.0.2.2 ip dscp 0x00 ip ecn 0x0 ip ttl 64 ip id 17981 ip protocol 6 ip length 60 tcp sport 34236 tcp dport 80 tcp flags == 0x2 tcp window 64240 ';

describe('a packet', () => {
  it.each([
    ['of UDP', PACKET, 'inet/filter/input', { family: 4, src: '192.0.2.1', dst: '192.0.2.2', length: 33, label: 58037, sport: 38277, dport: 5002 }],
    [
      'of UDP by IPv6',
      PACKET6,
      'ip6/callpath-trace/prerouting',
      { family: 6, src: '2001:db8::1', dst: '2001:db8::2', length: 13, label: 733656, sport: 33360, dport: 500 },
    ],
    ['without ports', ECHO, 'inet/filter/input', { family: 4, src: '192.0.2.1', dst: '192.0.2.2', length: 84, label: 31224, sport: null, dport: null }],
    ['of TCP', SYN, 'inet/filter/input', { family: 4, src: '192.0.2.1', dst: '192.0.2.2', length: 60, label: 17981, sport: 34236, dport: 80 }],
  ] as const)('%s', (_, line, chain, packet) => {
    expect(parseTraceLine(line)).toEqual({ kind: 'packet', id: line.split(' ')[2], chain, packet });
  });

  it('that is no IP is none of ours', () => {
    expect(parseTraceLine('trace id b905b4ae inet filter input packet: iif "wv2" ether saddr 4e:b4:9d:8a:6c:d4 ether daddr ff:ff:ff:ff:ff:ff')).toBeNull();
  });
});

describe('a decision', () => {
  it.each([
    [
      'trace id 0c08205a inet filter input rule udp dport 5000-5999 jump relays # handle 5 (verdict jump relays)',
      { kind: 'rule', id: '0c08205a', chain: 'inet/filter/input', handle: 5, verdict: 'jump' },
    ],
    [
      'trace id 0c08205a inet filter relays rule udp dport 5001 drop comment "no relay range" # handle 7 (verdict drop)',
      { kind: 'rule', id: '0c08205a', chain: 'inet/filter/relays', handle: 7, verdict: 'drop' },
    ],
    [
      'trace id 5847e986 inet filter input rule tcp dport 80 reject with tcp reset # handle 13 (verdict drop)',
      { kind: 'rule', id: '5847e986', chain: 'inet/filter/input', handle: 13, verdict: 'drop' },
    ],
    [
      'trace id ccfed64c inet filter input rule udp dport vmap { 505 : drop, 506 : jump three } # handle 15 (verdict drop)',
      { kind: 'rule', id: 'ccfed64c', chain: 'inet/filter/input', handle: 15, verdict: 'drop' },
    ],
    [
      'trace id 2dae9ede inet filter input rule udp dport 500 log prefix "a # handle 1 (verdict drop)" accept # handle 10 (verdict accept)',
      { kind: 'rule', id: '2dae9ede', chain: 'inet/filter/input', handle: 10, verdict: 'accept' },
    ],
    ['trace id 46e5188a inet filter input policy drop ', { kind: 'policy', id: '46e5188a', chain: 'inet/filter/input', verdict: 'drop' }],
    [
      'trace id 74073dfe inet filter output policy accept meta mark 0x000000d4 ',
      { kind: 'policy', id: '74073dfe', chain: 'inet/filter/output', verdict: 'accept' },
    ],
  ] as const)('%s', (line, expected) => {
    expect(parseTraceLine(line)).toEqual(expected);
  });

  it.each(['', 'trace id', 'Error: Could not process rule', 'trace id 1 inet filter input rule drop (verdict drop)'])('but not %j', (line) => {
    expect(parseTraceLine(line)).toBeNull();
  });
});
