import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, tcp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import type { Observation } from '../analysis/legs.js';
import { millis } from '../base/time.js';
import type { Plan } from '../topology/plan.js';
import { NO_EVIDENCE } from './finding.js';
import type { Finding } from './finding.js';
import { parity } from './parity.js';

const plan = { links: [] } as unknown as Plan;
const finding = (check: string, status: Finding['status'], observed: string): Finding => ({
  status,
  check,
  subject: check,
  expected: '',
  observed,
  evidence: NO_EVIDENCE,
  src: null,
});
const run = (substrate: string, ...findings: Finding[]) => ({ substrate, findings, observation: { legs: [] } as never });

describe('parity', () => {
  it('is what substrates agree on', () => {
    const rows = parity([run('sim', finding('signalling/a', 'pass', 'local')), run('netns', finding('signalling/a', 'pass', 'local'))], plan);
    expect(rows).toEqual([{ what: 'signalling/a', seen: ['pass: local', 'pass: local'], same: true }]);
  });

  it('is broken by another label, another verdict, or a check that one did not make', () => {
    const rows = parity(
      [
        run('sim', finding('signalling/a', 'pass', 'local'), finding('call/a-b', 'pass', 'answered')),
        run('netns', finding('signalling/a', 'fail', 'Internet')),
      ],
      plan,
    );
    expect(rows.map((row) => row.same)).toEqual([false, false]);
    expect(rows[1]?.seen).toEqual(['pass: answered', 'not checked']);
  });

  it('compares measured quality by its verdict alone', () => {
    const rows = parity([run('sim', finding('quality/a-b', 'pass', 'delay 6ms')), run('netns', finding('quality/a-b', 'pass', 'delay 7ms'))], plan);
    expect(rows[0]?.same).toBe(true);
  });

  it('tells measured quality that fails from such that passes', () => {
    const rows = parity([run('sim', finding('quality/a-b', 'pass', 'delay 6ms')), run('netns', finding('quality/a-b', 'fail', 'delay 6ms'))], plan);
    expect(rows).toEqual([{ what: 'quality/a-b', seen: ['pass', 'fail'], same: false }]);
    const other = parity([run('sim', finding('call/quality/a', 'pass', '1')), run('netns', finding('call/quality/a', 'pass', '2'))], plan);
    expect(other[0]?.same).toBe(false);
  });

  it('is broken by one of three', () => {
    const same = run('sim', finding('call/a-b', 'pass', 'answered'));
    expect(parity([same, same, run('docker', finding('call/a-b', 'fail', 'not answered'))], plan)).toEqual([
      { what: 'call/a-b', seen: ['pass: answered', 'pass: answered', 'fail: not answered'], same: false },
    ]);
  });

  it('is of the paths of every leg, sorted, after the checks', () => {
    const observed = (...ways: readonly (readonly [string, string?])[]): Observation => {
      const lab = new HandMade();
      ways.forEach(([there, back], i) => {
        const [a = '', b = ''] = [there.split(' ')[0], there.split(' ').at(-1)];
        lab.send({ way: there, at: millis(i * 10), frame: tcp(a, 40000, b, 443) });
        if (back !== undefined) lab.send({ way: back, at: millis(i * 10 + 5), frame: tcp(b, 443, a, 40000) });
      });
      return observe(lab.ledger(), PLAN);
    };
    const [bob, alice] = ['bob lan rt ce msee ms-lan online-fe', 'alice lan rt dc-fe'];
    const runs = [
      { substrate: 'sim', findings: [finding('call/a-b', 'pass', 'answered')], observation: observed([bob, 'online-fe ms-lan msee ce rt lan bob'], [alice]) },
      { substrate: 'netns', findings: [finding('call/a-b', 'pass', 'answered')], observation: observed([bob, 'online-fe ms-lan msee isp ce rt lan bob']) },
    ];
    const out = 'bob--lan, er, msee--ms-lan, online-fe--ms-lan, rt--ce, rt--lan';
    expect(parity(runs, PLAN)).toEqual([
      { what: 'call/a-b', seen: ['pass: answered', 'pass: answered'], same: true },
      { what: 'signalling/alice-dc-fe', seen: ['local: alice--lan, dc-fe--rt, rt--lan; back by nothing', 'no such leg'], same: false },
      {
        what: 'signalling/bob-online-fe',
        seen: [
          `ExpressRoute: ${out}`,
          `ExpressRoute and Internet: ${out}; back by bob--lan, ce--isp, isp--msee, msee--ms-lan, online-fe--ms-lan, rt--ce, rt--lan`,
        ],
        same: false,
      },
    ]);
  });
});
