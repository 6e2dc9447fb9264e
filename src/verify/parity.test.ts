import { describe, expect, it } from 'vitest';
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
});
