import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZERO, millis, seconds } from '../base/time.js';
import type { PacketId } from '../base/brand.js';
import { FLOW_WORDS, flowText, lookText, totalText } from './console.js';
import type { FlowReport } from './console.js';
import { junit } from './junit.js';
import type { LinkStats } from '../fabric/link-stats.js';
import { linkText } from './links.js';
import { COLOURS, NO_COLOURS, table, wrap } from './table.js';

const report: FlowReport = {
  words: FLOW_WORDS,
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

describe('a narrow terminal', () => {
  const text = 'one two three';

  it('wraps at blanks, and keeps the colour on every line', () => {
    expect(wrap(text, 7)).toEqual(['one two', 'three']);
    expect(wrap(COLOURS.dim(text), 7)).toEqual([COLOURS.dim('one two'), COLOURS.dim('three')]);
    expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  });

  it('makes the widest column give first, and never cuts a word while another can give', () => {
    const rows = [['a-name-of-23-characters', 'some words that can be wrapped', 'x']];
    const lines = table(rows, '', 40).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines[0]).toMatch(/^a-name-of-23-characters {2}some words {4}x$/);
    expect(lines.slice(1).map((line) => line.trim())).toEqual(['that can be', 'wrapped']);
  });

  it('is never exceeded where columns can still give', () => {
    const arbitrary = fc.array(fc.array(fc.stringMatching(/^[a-z ]{0,60}$/), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 30, max: 120 }), (rows, room) => {
        expect(table(rows, '  ', room).split('\n').every((line) => line.length <= room)).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('the links', () => {
  const none: LinkStats = { offered: 0, offeredBytes: 0, carried: 0, carriedBytes: 0, lost: 0, down: 0, queueOverflow: 0, tooLong: 0, duplicated: 0, corrupted: 0, reordered: 0, delaySum: ZERO, delayMax: ZERO };

  it('show what was asked beside what was achieved, and why packets are missing', () => {
    // 8 of 10 carried in 2 ms on average; 1000 octets in 2 s are 4 kbit/s.
    const stats = { ...none, offered: 10, carried: 8, carriedBytes: 1000, lost: 1, queueOverflow: 1, delaySum: millis(16), delayMax: millis(3) };
    const link = { name: 'er-primary', from: 'ce', to: 'msee1', asked: 'delay 2ms loss 10%', stats };
    const lines = linkText([link, { ...link, name: 'a--b', from: 'b', to: 'a', asked: '' }, { ...link, stats: none }], seconds(2), NO_COLOURS).split('\n');
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['link', 'asked', 'delay', 'max', 'loss', 'rate', 'packets'],
      ['ce > msee1 (er-primary)', 'delay 2ms loss 10%', '2ms', '3ms', '20.00%: 1 lost, 1 queue full', '4kbit', '10'],
      ['b > a', '-', '2ms', '3ms', '20.00%: 1 lost, 1 queue full', '4kbit', '10'],
    ]);
  });
});

describe('the console', () => {
  it('shows the links of a leg on a line of their own, once', () => {
    const leg = { status: 'pass', check: 'c', subject: 'x media', expected: 'local', observed: 'local', evidence: { packets: [], total: 1, links: ['l1', 'l2'] }, src: null } as const;
    const lines = flowText({ ...report, findings: [leg, { ...leg, subject: 'x quality' }], documented: true }, NO_COLOURS, false).split('\n');
    expect(lines.slice(2, 5)).toEqual(['  ✔  x media    local       local', '       l1 l2', '  ✔  x quality  local       local']);
  });

  it('tells the trouble of the lab in place of what only follows from it', () => {
    const text = flowText({ ...report, trouble: 'LAB_STALLED nothing is left\n  mend it:  look' }, NO_COLOURS, false);
    expect(text).toContain('  ✘ LAB_STALLED nothing is left\n      mend it:  look\n  the run failed: ');
    expect(text).not.toContain('expected by');
  });

  it('breaks the summary in a narrow terminal', () => {
    const lines = flowText({ ...report, findings: [] }, COLOURS, false, 50).split('\n').slice(1);
    expect(lines.slice(0, 2)).toEqual([`  ${COLOURS.bad('differs from its documentation')}: 0 of 0 checks,`, '  100 packets, 9.0 s of lab time in 0.5 s']);
  });

  it('says how to look at the captures', () => {
    expect(lookText([report], NO_COLOURS)).toContain('callpath where captures/a-flow.pcapng rtp');
    expect(lookText([{ ...report, files: [] }], NO_COLOURS)).toBe('');
  });

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

  it('keeps the lines of a message apart, and lets nothing pass that was not run', () => {
    const xml = junit([{ ...report, trouble: 'one\ntwo' }], ['other']);
    expect(xml).toContain('<error message="one&#10;two"/>');
    expect(xml).toContain('<testsuite name="other" tests="1" failures="0" errors="1"');
    expect(xml).toContain('<testsuites name="callpath" tests="4" failures="1" errors="2">');
  });
});
