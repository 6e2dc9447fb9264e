/** The comparison itself: of what comes out, no octet can be another one, and no port that a rule names. */
import { describe, expect, test } from 'vitest';
import { must } from '../../src/base/assert.js';
import { parseRuleset } from '../../src/nft/parse-ruleset.js';
import { setU16, u16 } from '../../src/wire/bytes.js';
import { type Case, type Run, runCase, type Step } from '../support/differential/case.js';
import { compareRuns } from '../support/differential/compare.js';
import { DrawnPorts, namedPorts } from '../support/differential/drawn.js';
import { generateCase } from '../support/differential/generate/generate.js';
import { placesOf } from '../support/differential/places.js';
import { SimBed } from '../support/differential/sim-bed.js';

function runOf(c: Case, seed = 1): Run {
  const bed = new SimBed(c.bed, (text) => {
    const result = parseRuleset('case.nft', () => text);
    return must(result.ok ? result.ruleset : null, 'rules');
  });
  return runCase(bed, c, seed);
}

/** The run with that frame changed. */
function changed(run: Run, step: number, change: (frame: Uint8Array) => void): Run {
  return {
    ...run,
    emitted: run.emitted.map((out, i) =>
      i !== step || out === null
        ? out
        : out.map((emitted, n) => {
            const frame = emitted.frame.slice();
            if (n === 0) change(frame);
            return { ...emitted, frame };
          }),
    ),
  };
}

const nat = (statement: string): string =>
  `table ip n {\n  chain p {\n    type nat hook postrouting priority srcnat\n    meta l4proto { tcp, udp } ${statement}\n  }\n}`;
const send = (sport: number, src = '10.1.0.2'): Step => ({ send: { iface: 0, src, dst: '198.51.100.2', proto: 'udp', sport, dport: 5060, payload: 20 } });
const story = (rules: string, ...steps: Step[]): Case => ({ name: 'c', bed: 'two', tracked: 'ip', rules, steps });

describe('an octet that is another one', () => {
  /** What a node fills in by itself stands in few places. */
  const FREE = 12;

  test('is seen in what comes out of 16 generated cases', () => {
    let frames = 0;
    for (let number = 0; number < 16; number++) {
      const c = generateCase(5, number);
      if (!parseRuleset('case.nft', () => c.rules).ok) continue;
      const run = runOf(c);
      const named = namedPorts(c);
      run.emitted.forEach((out, step) => {
        const frame = out?.[0]?.frame;
        if (frame === undefined) return;
        frames++;
        const alone: Run = { emitted: [out], injected: [run.injected[step] ?? null], state: { counters: {}, connections: [] } };
        const unseen = Array.from({ length: frame.length }, (_, at) => at).filter((at) => {
          const other = changed(alone, 0, (bytes) => (bytes[at] = bytes[at]! ^ 0x10));
          return compareRuns(alone, other, ['a', 'b'], named).length === 0;
        });
        expect(unseen.length).toBeLessThanOrEqual(FREE);
        // Addresses of both layers, class, hops, protocol, ICMP type and code.
        expect(unseen.filter((at) => at < 16 || at === 22 || at === 23 || (at >= 26 && at < 36 && u16(frame, 12) === 0x0800))).toEqual([]);
      });
    }
    expect(frames).toBeGreaterThan(40);
  });

  test('is seen behind a port that was drawn', () => {
    const c = story(nat('masquerade fully-random'), send(1000));
    const [a, b] = [runOf(c, 1), runOf(c, 2)];
    expect(u16(a.emitted[0]![0]!.frame, 34)).not.toBe(u16(b.emitted[0]![0]!.frame, 34));
    expect(compareRuns(a, b, ['a', 'b'], namedPorts(c))).toEqual([]);
    const wrong = changed(b, 0, (frame) => (frame[45] = frame[45]! ^ 1));
    expect(compareRuns(a, wrong, ['a', 'b'], namedPorts(c))).not.toEqual([]);
  });

  test.each([
    ['the time to live', 22],
    ['the class', 15],
    ['the source address', 29],
    ['the destination address', 33],
    ['the neighbour', 5],
  ])('is seen in %s with all checksums right', (_, at) => {
    const c = story(nat('snat to 198.51.100.20'), send(1000));
    const a = runOf(c);
    const wrong = changed(a, 0, (frame) => (frame[at] = frame[at]! ^ 4));
    expect(compareRuns(a, wrong, ['a', 'b'], namedPorts(c))).not.toEqual([]);
  });
});

describe('a port', () => {
  const port = (run: Run, value: number): Run => changed(run, 0, (frame) => setU16(frame, placesOf(frame).ports[0]!, value));

  test('that a rule names is no other one', () => {
    const c = story(nat('snat to 198.51.100.20:2000'), send(1000));
    const a = runOf(c);
    expect(compareRuns(a, port(a, 2001), ['a', 'b'], namedPorts(c))).not.toEqual([]);
  });

  test('of a range that a rule names stays in it', () => {
    const named = namedPorts(story(nat('snat to 198.51.100.20:2000-2009'), send(1000)));
    expect(new DrawnPorts(named).alike([[2003, 2007]])).toBe(true);
    expect(new DrawnPorts(named).alike([[2003, 2010]])).toBe(false);
  });

  test('that is kept is no other one', () => {
    const c = story(nat('snat to 198.51.100.20'), send(40001));
    const a = runOf(c);
    expect(compareRuns(a, port(a, 40002), ['a', 'b'], namedPorts(c))).not.toEqual([]);
  });

  test('that is drawn is of one class, and one for one', () => {
    const named = namedPorts(story('', send(1000)));
    const drawn = new DrawnPorts(named);
    expect(drawn.alike([[30001, 600]])).toBe(false);
    expect(drawn.alike([[30001, 40001]])).toBe(true);
    expect(drawn.alike([[30001, 40002]])).toBe(false);
    expect(drawn.alike([[30002, 40001]])).toBe(false);
    expect(
      drawn.alike([
        [30001, 40001],
        [30003, 40003],
      ]),
    ).toBe(true);
  });

  test('numbers of addresses name no port', () => {
    const { singles, ranges } = namedPorts(
      story('snat to 10.0.0.77:2000 ip6 saddr 2001:db8:88::99/48 tcp dport { 80, 443-445 } dnat to [2001:db8::1]:8080', send(5)),
    );
    expect([...singles].sort((a, b) => a - b)).toEqual([5, 80, 2000, 5060, 8080]);
    expect(ranges).toEqual([[443, 445]]);
  });
});

describe('other numbers', () => {
  test.each(['mark=7', 'sport=1000', 'src=10.1.0.3'])('of a connection: %s', (word) => {
    const c = story(nat('snat to 198.51.100.20'), send(1000));
    const a = runOf(c);
    const key = word.slice(0, word.indexOf('=') + 1);
    const connections = a.state.connections.map((line) => line.replace(new RegExp(`${key}\\S+`), word === 'sport=1000' ? 'sport=1001' : word));
    expect(connections).not.toEqual(a.state.connections);
    expect(compareRuns(a, { ...a, state: { ...a.state, connections } }, ['a', 'b'], namedPorts(c))).toHaveLength(2);
  });
});
