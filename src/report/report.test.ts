import { describe, expect, it } from 'vitest';
import { seconds } from '../base/time.js';
import type { PacketId } from '../base/brand.js';
import { flowText, totalText } from './console.js';
import type { FlowReport } from './console.js';
import { junit } from './junit.js';
import { COLOURS, NO_COLOURS, table } from './table.js';

const report: FlowReport = {
  id: 'a-flow',
  title: 'A & B',
  source: 'a document',
  findings: [
    { status: 'pass', check: 'call/a-b', subject: 'call a > b', expected: 'answered', observed: 'answered', evidence: { packets: [], total: 0, links: [] }, src: null },
    {
      status: 'fail',
      check: 'signalling/a',
      subject: 'a signalling',
      expected: 'ExpressRoute',
      observed: 'Internet <"\u0007">',
      evidence: { packets: [4711 as PacketId], total: 9, links: ['l1', 'isp'], why: '2 × no-route at r1' },
      src: { file: 'f.flow.yaml', line: 12, column: 3 },
    },
  ],
  trouble: null,
  documented: false,
  packets: 100,
  labTime: seconds(9),
  wall: 0.5,
  files: ['captures/a-flow.pcapng'],
  links: [],
};

describe('the table', () => {
  it('aligns columns, colours or not', () => {
    expect(table([['a', 'bb', 'c'], ['aaa', 'b', 'c']])).toBe('a    bb  c\naaa  b   c');
    expect(table([[COLOURS.bad('a'), 'x'], ['aa', 'x']])).toBe('\u001b[31ma\u001b[0m   x\naa  x');
  });
});

describe('the console', () => {
  it('shows what differs with evidence, place and the way to look', () => {
    const text = flowText(report, NO_COLOURS, false);
    expect(text).toContain('documented ExpressRoute, observed Internet');
    expect(text).toContain('expected by f.flow.yaml:12');
    expect(text).toContain('crossed l1, isp');
    expect(text).toContain("callpath where captures/a-flow.pcapng 'frame.packet_id == 4711'");
    expect(text).toContain('1 of 2 checks');
    expect(totalText([report], NO_COLOURS)).toBe('1 flow, 0 as documented, 1 not');
  });
});

describe('JUnit', () => {
  it('counts and escapes', () => {
    const xml = junit([report]);
    expect(xml).toContain('<testsuites name="callpath" tests="2" failures="1" errors="0">');
    expect(xml).toContain('observed Internet &lt;&quot; &quot;&gt;');
    expect(xml).not.toContain('\u0007');
    expect(xml.match(/<testcase /g)).toHaveLength(2);
  });

  it('tells trouble of the lab as an error', () => {
    expect(junit([{ ...report, trouble: 'LAB_STALLED' }])).toContain('tests="3" failures="1" errors="1"');
  });
});
