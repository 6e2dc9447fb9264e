/**
 * For every check a case in which it fails: one thing of a documented flow is changed, and the verdict names the
 * expectation and what was seen instead.
 */
import { describe, expect, it } from 'vitest';
import { compareBaseline, pathsOf } from '../../src/verify/baseline.js';
import { checkOf } from '../../src/verify/checks/table.js';
import { DOCUMENTED_FLOWS, first, mutated, OVER_THE_INTERNET } from '../support/documented-flows.js';
import { flowWith, planWith, play, said } from './support.js';

/** Packets that evidence names at most. */
const NAMED = 10;

describe.each(DOCUMENTED_FLOWS)('$id differs, and says where', (row) => {
  it.each(row.mutations)('$what', async (mutation) => {
    const { flow, plan } = mutated(row, mutation);
    const verdict = await play(flow, plan);
    expect([verdict.error, verdict.documented]).toEqual([null, false]);
    for (const [check, says] of Object.entries(mutation.says)) {
      if (typeof says === 'string') expect(said(verdict, check)).toBe(says);
      else expect(said(verdict, check)).toMatch(says);
    }
    expect(Object.keys(mutation.says).map((check) => said(verdict, check))).toContainEqual(expect.stringMatching(/^fail: /));
    for (const [check, line] of Object.entries(mutation.evidence ?? {})) {
      const evidence = verdict.findings.find((finding) => finding.check === check)?.evidence;
      expect([...(evidence?.links ?? []), ...(evidence?.drops ?? [])].join('\n')).toMatch(line);
    }
    for (const { status, src, evidence } of verdict.findings.filter((finding) => finding.status === 'fail')) {
      expect([status, src?.line]).toEqual(['fail', expect.any(Number)]);
      expect(evidence.packets.length).toBeLessThanOrEqual(NAMED);
    }
    verdict.run.ledger.close();
  });
});

describe('a flow that differs says where', () => {
  it('for every check that documented flows have', () => {
    const checks = DOCUMENTED_FLOWS.flatMap(({ id }) => flowWith(id).expectations.map((expectation) => checkOf(expectation).key));
    const said = DOCUMENTED_FLOWS.flatMap(({ mutations }) => mutations.flatMap(({ says }) => Object.entries(says)));
    const differing = said.filter(([, says]) => !/^\^?pass/.test(typeof says === 'string' ? says : says.source)).map(([check]) => check.split('/')[0]);
    expect([...new Set(checks)].filter((check) => !differing.includes(check))).toEqual([]);
  });

  it('with the first packets of both directions, and the line of the expectation', async () => {
    const verdict = await play(flowWith('online-p2p-internal'), planWith(OVER_THE_INTERNET));
    const finding = verdict.findings.find((candidate) => candidate.check === 'signalling/carol');
    expect(finding?.evidence.packets).toHaveLength(NAMED);
    expect(finding?.src?.line).toBeGreaterThan(0);
  });

  it('one of the two circuits down is no difference: they are one group', async () => {
    const verdict = await play(flowWith('hybrid-p2p-mixed', first('link: { name: er-primary, set: down }')), planWith());
    expect(said(verdict, 'signalling/bob')).toBe('pass: ExpressRoute');
    expect(verdict.documented).toBe(true);
  });

  it('a baseline names the leg that moved', async () => {
    const flow = flowWith('online-p2p-internal');
    const plan = planWith();
    const before = await play(flow, plan);
    const baseline = { format: 'callpath-baseline-1' as const, flows: { [flow.id]: pathsOf(before.observation, plan) } };
    expect(compareBaseline(baseline, flow.id, before.observation, plan).filter((finding) => finding.status !== 'pass')).toEqual([]);
    const moved = planWith(OVER_THE_INTERNET);
    const after = await play(flow, moved);
    const differences = compareBaseline(baseline, flow.id, after.observation, moved).filter((finding) => finding.status !== 'pass');
    expect(differences.map((finding) => finding.check).sort()).toEqual(['baseline/signalling/carol-online-fe', 'baseline/signalling/erin-online-fe']);
    expect(differences[0]?.expected).toContain('er');
    expect(differences[0]?.observed).toMatch(/^Internet:/);
  });
});
