import { describe, expect, it } from 'vitest';
import { nodeOf, planOf, faultsOf } from '../testing/lab.js';
import { readDscp, readPorts } from './dscp.js';

describe('readDscp', () => {
  // RFC 2474 4.2.2 (class selectors), RFC 2597 6 (assured forwarding), RFC 3246 2.7 (expedited forwarding).
  it.each<[string | number, number]>([
    ['EF', 46],
    ['ef', 46],
    ['AF11', 10],
    ['AF21', 18],
    ['AF31', 26],
    ['AF41', 34],
    ['AF43', 38],
    ['CS0', 0],
    ['CS3', 24],
    ['CS7', 56],
    ['BE', 0],
    [46, 46],
    ['46', 46],
    [0, 0],
  ])('%s', (name, code) => expect(readDscp(name)).toBe(code));
  it.each<string | number>([64, -1, 'AF44', 'AF51', 'XF', '', '0x2e'])('refuses %s', (name) => expect(readDscp(name)).toBeUndefined());
});

describe('readPorts', () => {
  it('reads a port and a range', () => {
    expect(readPorts(5061)).toEqual({ from: 5061, to: 5061 });
    expect(readPorts('50000-50019')).toEqual({ from: 50000, to: 50019 });
  });
  it.each(['0', '65536', '20-10', '5061,5062', 'x'])('refuses %s', (text) => expect(readPorts(text)).toBeUndefined());
});

describe('policies', () => {
  const lab = (dscp: string): string => `name: x\ntopology:\n  kinds:\n    client:\n      dscp:\n        - ${dscp}\n  nodes:\n    a: { kind: client }\n`;
  it('come from the kind where the node says nothing', () => {
    expect(nodeOf(planOf(lab('{ ports: 50000-50019, dscp: EF }')), 'a').dscp).toEqual([{ protocol: 'udp', from: 50000, to: 50019, dscp: 46 }]);
  });
  it('with wrong ports or code points are refused at their place', () => {
    expect(faultsOf(lab('{ ports: 9-1, dscp: AF14 }'))).toEqual([
      '6:20 TOPOLOGY_SCHEMA "9-1" is no port range',
      '6:31 TOPOLOGY_SCHEMA "AF14" is no code point',
    ]);
  });
});
