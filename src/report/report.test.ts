import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZERO, millis, seconds } from '../base/time.js';
import type { PacketId } from '../base/brand.js';
import { flowText, lookText, totalText } from './console.js';
import { junit } from './junit.js';
import { Lateness } from '../fabric/driver/lateness.js';
import type { LinkStats } from '../fabric/link-stats.js';
import { NO_IMPAIRMENT } from '../topology/impairment.js';
import type { ImpairmentSpec } from '../topology/impairment.js';
import { achievedText } from './achieved.js';
import { linkJson, linkText } from './links.js';
import type { LinkReport } from './links.js';
import { FLOW_WORDS } from './model.js';
import type { FlowReport } from './model.js';
import { COLOURS, NO_COLOURS, table, wrap } from './table.js';

const report: FlowReport = {
  words: FLOW_WORDS,
  id: 'a-flow',
  title: 'A & B',
  source: 'a document',
  findings: [
    {
      status: 'pass',
      check: 'call/a-b',
      subject: 'call a > b',
      expected: 'answered',
      observed: 'answered',
      evidence: { packets: [], total: 0, links: [] },
      src: null,
    },
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
  moved: [],
  losses: null,
  trouble: null,
  documented: false,
  observed: null,
  packets: 100,
  labTime: seconds(9),
  wall: 0.5,
  files: ['captures/a-flow.pcapng'],
  links: [],
  lateness: null,
};

describe('a flow that failed', () => {
  const cause = 'step call: 408 nobody answered';
  const [passed, failed] = report.findings;
  if (passed === undefined || failed === undefined) throw new Error('two findings');
  const after = (subject: string, more: Partial<FlowReport['findings'][number]['evidence']> = {}): FlowReport['findings'][number] => ({
    ...failed,
    status: 'unproved',
    subject,
    observed: 'no packet',
    evidence: { packets: [], total: 0, links: [], cause, why: cause, ...more },
  });

  it('tells one cause once, with what followed from it, and other failures by themselves', () => {
    const text = flowText(
      { ...report, findings: [passed, failed, after('a-b media'), after('a-b ICE', { why: `${cause}; 3 × blackhole at r2` })] },
      NO_COLOURS,
      false,
    );
    expect(text.split('\n').slice(7, 19)).toEqual([
      '  ?  unproved: nothing was seen that could show it; it counts as not documented',
      '  ✘ a signalling: documented ExpressRoute, observed Internet <"\u0007">',
      '    expected by f.flow.yaml:12',
      '    crossed l1, isp',
      '    2 × no-route at r1',
      "    9 packets; the first: callpath where captures/a-flow.pcapng 'frame.packet_id == 4711'",
      `  ✘ ${cause}`,
      '    so these did not come about:',
      '      ? a-b media: no packet (f.flow.yaml:12)',
      '      ? a-b ICE: no packet (f.flow.yaml:12)',
      '        3 × blackhole at r2',
      expect.stringMatching(/^ {2}differs from its documentation: /) as string,
    ]);
    expect(text.match(/nobody answered/g)).toHaveLength(1);
  });

  it('keeps to the width that there is', () => {
    const wide = flowText({ ...report, findings: [passed, failed, after('a-b media'), after('a-b ICE')] }, NO_COLOURS, false, 50);
    for (const line of wide.split('\n')) expect(line.length).toBeLessThanOrEqual(50);
  });

  it('has no legend where nothing is unproved', () => {
    expect(flowText(report, NO_COLOURS, false)).not.toContain('unproved');
  });
});

describe('the table', () => {
  it('aligns columns, colours or not', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['aaa', 'b', 'c'],
      ]),
    ).toBe('a    bb  c\naaa  b   c');
    expect(
      table([
        [COLOURS.bad('a'), 'x'],
        ['aa', 'x'],
      ]),
    ).toBe('\u001b[31ma\u001b[0m   x\naa  x');
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
        expect(
          table(rows, '  ', room)
            .split('\n')
            .every((line) => line.length <= room),
        ).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('the links', () => {
  const none: LinkStats = {
    offered: 0,
    offeredBytes: 0,
    carried: 0,
    carriedBytes: 0,
    lost: 0,
    down: 0,
    queueOverflow: 0,
    tooLong: 0,
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
    delaySum: ZERO,
    delayMax: ZERO,
    tried: 0,
    timed: 0,
    transitSum: ZERO,
    transitMin: ZERO,
    transitMax: ZERO,
    busyPeriods: 0,
    busyBytes: 0,
    busyTime: ZERO,
  };
  // Of 10 frames one was lost and one found no room; 8 were 2 ms on the way and 1 ms in the queue. 2500 octets in 20 ms: 1 Mbit/s.
  const stats: LinkStats = {
    ...none,
    offered: 10,
    carried: 8,
    carriedBytes: 1000,
    lost: 1,
    queueOverflow: 1,
    tried: 10,
    delaySum: millis(24),
    delayMax: millis(3),
    timed: 8,
    transitSum: millis(16),
    transitMin: millis(2),
    transitMax: millis(2),
    busyPeriods: 1,
    busyBytes: 2500,
    busyTime: millis(20),
  };
  const spec: ImpairmentSpec = { ...NO_IMPAIRMENT, delay: millis(2), loss: { model: 'random', probability: 0.1 }, rate: 1e6 };
  const there: LinkReport = { name: 'er-primary', from: 'ce', to: 'msee1', since: ZERO, spec, stats };
  const back: LinkReport = { ...there, from: 'msee1', to: 'ce' };
  const perfect: LinkReport = { ...there, name: 'a--b', from: 'b', to: 'a', spec: NO_IMPAIRMENT };
  const cells = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(/ {2,}/));
  const short = (links: readonly LinkReport[]): string[][] => cells(achievedText(links, null, NO_COLOURS).join('\n'));
  const HEAD = ['link', 'asked', 'delay', 'loss', 'rate'];

  it('show what was asked beside what was achieved, and why packets are missing', () => {
    expect(cells(linkText([there, perfect, { ...back, stats: none }], seconds(2), NO_COLOURS))).toEqual([
      ['link', 'asked', 'delay', 'longest', 'loss', 'rate', 'packets'],
      ['ce > msee1 (er-primary)', 'delay 2ms loss 10% rate 1mbit', '2ms', '3ms', '10%, 1 queue full', '1mbit, 4kbit mean', '10'],
      ['b > a', '-', '2ms', '3ms', '10%, 1 queue full', '4kbit mean', '10'],
    ]);
  });

  it('in short are a line each, of those that were impaired and carried something', () => {
    const idle = { ...stats, lost: 0, busyPeriods: 0, queueOverflow: 0 };
    expect(short([there, { ...back, stats: idle }, perfect, { ...there, name: 'unused', stats: none }])).toEqual([
      HEAD,
      ['er-primary', 'delay 2ms loss 10% rate 1mbit', '2ms', '10%, 1 queue full / 0%', '1mbit / not filled'],
    ]);
    expect(short([perfect])).toEqual([['']]);
  });

  it('in short share a line when the same is to be said, and have several when what was asked differs or changed', () => {
    const other = [
      { ...there, name: 'x--y' },
      { ...back, name: 'x--y' },
    ];
    expect(short([there, back, ...other])).toEqual([HEAD, ['2 links', 'delay 2ms loss 10% rate 1mbit', '2ms', '10%, 1 queue full', '1mbit']]);
    const [later, laterBack] = [there, back].map((link) => ({ ...link, since: seconds(3), spec: { ...spec, delay: millis(3) } })) as [LinkReport, LinkReport];
    expect(short([there, later, back, laterBack, ...other]).map(([name, asked]) => [name, asked])).toEqual([
      ['link', 'asked'],
      ['2 links', 'delay 2ms loss 10% rate 1mbit'],
      ['er-primary from 3.0s', 'delay 3ms loss 10% rate 1mbit'],
    ]);
    const slow = {
      ...back,
      since: seconds(3),
      spec: { ...NO_IMPAIRMENT, rate: 1e6, egress: 'dscp-priority', limit: 10 } as const,
      stats: { ...stats, lost: 0 },
    };
    expect(short([there, slow]).map(([name, asked]) => [name, asked])).toEqual([
      ['link', 'asked'],
      ['ce > msee1 (er-primary)', 'delay 2ms loss 10% rate 1mbit'],
      ['!', 'msee1 > ce (er-primary) from 3.0s'],
      ['! not what was asked: msee1 > ce (er-primary) from 3.0s (delay)', undefined],
    ]);
  });

  it('that did something else are marked and named', () => {
    const late = { ...there, stats: { ...stats, transitSum: millis(8 * 5) } };
    const lossy = { ...there, name: 'x--y', stats: { ...stats, lost: 9, busyBytes: 5000 } };
    const text = achievedText([late, back, lossy], null, COLOURS).join('\n');
    expect(text).toContain(COLOURS.bad('5ms / 2ms'));
    expect(text).toContain(COLOURS.bad('90%, 1 queue full'));
    expect(text).toContain(COLOURS.bad('2mbit'));
    expect(text).toContain(COLOURS.dim('2ms'));
    expect(text).toContain('! not what was asked: er-primary (delay), ce > msee1 (x--y) (loss, rate)');
    expect(linkJson(late)).toMatchObject({
      link: 'er-primary',
      asked: 'delay 2ms loss 10% rate 1mbit',
      achieved: { delay: 0.005, loss: 0.1, rate: 1e6 },
      differs: ['delay'],
    });
    expect(linkJson(back)).toMatchObject({ differs: [] });
  });

  it('on a clock on the wall come with how late it was', () => {
    const lateness = new Lateness();
    for (const late of [10e3, 20e3, 40e3, 5e6]) lateness.add(late);
    expect(achievedText([], lateness, NO_COLOURS)).toEqual([
      "  on the wall clock: half of the links' events within 32us of their time, 99% within 5ms, all within 5ms",
    ]);
    expect(achievedText([], new Lateness(), NO_COLOURS)).toEqual([]);
    for (const line of achievedText([there, back], lateness, NO_COLOURS, 60).join('\n').split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });
});

describe('the console', () => {
  it('shows the links of a leg on a line of their own, once', () => {
    const leg = {
      status: 'pass',
      check: 'c',
      subject: 'x media',
      expected: 'local',
      observed: 'local',
      evidence: { packets: [], total: 1, links: ['l1', 'l2'] },
      src: null,
    } as const;
    const lines = flowText({ ...report, findings: [leg, { ...leg, subject: 'x quality' }], documented: true }, NO_COLOURS, false).split('\n');
    expect(lines.slice(2, 5)).toEqual(['  ✔  x media    local       local', '       l1 l2', '  ✔  x quality  local       local']);
  });

  it('tells the trouble of the lab in place of what only follows from it', () => {
    const text = flowText({ ...report, trouble: 'LAB_STALLED nothing is left\n  mend it:  look' }, NO_COLOURS, false);
    expect(text).toContain('  ✘ LAB_STALLED nothing is left\n      mend it:  look\n  the run failed: ');
    expect(text).not.toContain('expected by');
  });

  it('breaks the summary in a narrow terminal', () => {
    const lines = flowText({ ...report, findings: [] }, COLOURS, false, 50)
      .split('\n')
      .slice(1);
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
    expect(xml).toContain('<testsuites name="callpath" tests="2" failures="1" errors="0" time="0.500">');
    expect(xml).toContain('observed Internet &lt;&quot; &quot;&gt;');
    expect(xml).not.toContain('\u0007');
    expect(xml.match(/<testcase /g)).toHaveLength(2);
  });

  it('tells trouble of the lab as an error', () => {
    expect(junit([{ ...report, trouble: 'LAB_STALLED' }])).toContain('tests="3" failures="1" errors="1"');
  });

  it('has a case for each leg that is as the baseline has it, the time of each and where it is expected', () => {
    const [passed] = report.findings;
    const kept = passed === undefined ? [] : [{ ...passed, check: 'baseline/signalling/a' }];
    const xml = junit([{ ...report, kept, wall: 0.6 }]);
    expect(xml).toContain('<testsuites name="callpath" tests="3" failures="1" errors="0" time="0.600">');
    expect(xml).toContain('<testcase classname="a-flow" name="baseline/signalling/a" time="0.200"/>');
    expect(xml).toContain('<testcase classname="a-flow" name="signalling/a" file="f.flow.yaml" line="12" time="0.200"><failure');
  });

  it('keeps the lines of a message apart, and lets nothing pass that was not run', () => {
    const xml = junit([{ ...report, trouble: 'one\ntwo' }], ['other']);
    expect(xml).toContain('<error message="one&#10;two"/>');
    expect(xml).toContain('<testsuite name="other" tests="1" failures="0" errors="1"');
    expect(xml).toContain('<testsuites name="callpath" tests="4" failures="1" errors="2" time="0.500">');
  });
});
