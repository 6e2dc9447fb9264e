/**
 * For every check a case in which it fails: one thing of the reference topology is changed, and the verdict names the
 * expectation and what was seen instead.
 */
import { describe, expect, it } from 'vitest';
import { compareBaseline, pathsOf } from '../../src/verify/baseline.js';
import { flowWith, planWith, play, said, swap } from './support.js';

const OVER_THE_INTERNET = [swap('- { to: office365, via: ce }', '- { to: office365, via: inet-fw }')];
const HQ_BY_THE_DATACENTER = swap('- { to: branch-lan, via: dc-rt, metric: 20 }', '- { to: branch-lan, via: dc-rt, metric: 5 }');
const BRANCH_BY_THE_DATACENTER = swap('- { to: hq-lan, via: dc-rt, metric: 20 }', '- { to: hq-lan, via: dc-rt, metric: 5 }');

/** Puts a step in front of the others. */
const first = (step: string) => swap('steps:\n', `steps:\n  - ${step}\n`);

describe('a flow that differs says where', () => {
  it('signalling re-routed over the Internet', async () => {
    const verdict = await play(flowWith('online-p2p-internal'), planWith(...OVER_THE_INTERNET));
    expect(verdict.documented).toBe(false);
    const instead = 'fail: Internet: inet-fw--isp, isp--ix, ix--ms-edge';
    expect(said(verdict, 'signalling/carol')).toBe(instead);
    expect(said(verdict, 'signalling/erin')).toBe(instead);
    expect(said(verdict, 'media/carol-erin')).toMatch(/^pass/);
    const finding = verdict.findings.find((candidate) => candidate.check === 'signalling/carol');
    expect(finding?.evidence.links).toContain('inet-fw--isp');
    expect(finding?.evidence.packets).toHaveLength(10);
    expect(finding?.src?.line).toBeGreaterThan(0);
  });

  it('media forced through another site', async () => {
    const verdict = await play(flowWith('hybrid-p2p-onprem'), planWith(HQ_BY_THE_DATACENTER, BRANCH_BY_THE_DATACENTER));
    expect(said(verdict, 'media/alice-dave')).toBe('fail: local, through datacenter');
    expect(said(verdict, 'symmetric/alice-dave')).toMatch(/^pass/);
  });

  it('media that takes another way back', async () => {
    const verdict = await play(flowWith('hybrid-p2p-onprem'), planWith(HQ_BY_THE_DATACENTER));
    expect(said(verdict, 'symmetric/alice-dave')).toMatch(/^fail: only alice > dave: .*; only dave > alice: /);
  });

  it('the ExpressRoute taken down', async () => {
    const verdict = await play(flowWith('hybrid-p2p-mixed', first('link: { name: er, set: down }')), planWith());
    expect(said(verdict, 'signalling/bob')).toBe('fail: Internet: inet-fw--isp, isp--ix, ix--ms-edge (instead of er)');
    expect(said(verdict, 'signalling/dc-fe-online-fe')).toMatch(/^fail: Internet: /);
    expect(said(verdict, 'signalling/alice')).toMatch(/^pass/);
  });

  it('one of the two circuits down is no difference: they are one group', async () => {
    const verdict = await play(flowWith('hybrid-p2p-mixed', first('link: { name: er-primary, set: down }')), planWith());
    expect(said(verdict, 'signalling/bob')).toBe('pass: ExpressRoute');
    expect(verdict.documented).toBe(true);
  });

  it('a home that cannot be reached', async () => {
    const verdict = await play(flowWith('hybrid-p2p-onprem', first('link: { name: dc-fe--dc-lan, set: down }')), planWith());
    expect(verdict.error).toBeNull();
    expect(verdict.findings.find(({ check }) => check === 'signed-in/alice')?.evidence.drops?.[0]).toMatch(/^alice > dc-fe: .* dropped .* dc-/);
    expect(said(verdict, 'signed-in/alice')).toBe('fail: not signed in');
    expect(said(verdict, 'call/alice-dave')).toBe('fail: not answered');
    expect(said(verdict, 'message/alice-dave')).toBe('fail: not delivered');
    expect(said(verdict, 'media/alice-dave')).toBe('unproved: no packet');
    expect(said(verdict, 'ice/alice-dave')).toBe('unproved: no pair selected');
    expect(said(verdict, 'quality/alice-dave')).toBe('unproved: no packet');
  });

  it('DNS sent into the circuit', async () => {
    const verdict = await play(
      flowWith('hybrid-p2p-mixed'),
      planWith(
        swap('- { to: office365, via: ce }', '- { to: [office365, 192.0.2.53/32], via: ce }'),
        swap('- { to: office365, via: msee1, metric: 10 }', '- { to: [office365, 192.0.2.53/32], via: msee1, metric: 10 }'),
        // The circuit's edge lets nothing else through.
        swap(/ +firewall: .*er-edge\.nft\n/, ''),
      ),
    );
    expect(said(verdict, 'internet-only/dns')).toMatch(/^fail: ExpressRoute: er-primary \(dns\/dc-dns-public-dns/);
    expect(verdict.documented).toBe(false);
  });

  it('of two calls one that is not answered', async () => {
    const flow = flowWith(
      'hybrid-p2p-onprem',
      swap('  - hang-up: callee\n', '  - hang-up: callee\n  - link: { name: dc-fe--dc-lan, set: down }\n  - call: { from: caller, to: callee, for: 2s }\n'),
    );
    expect(said(await play(flow, planWith()), 'call/alice-dave')).toBe('fail: answered 1 of 2 times');
  });

  it('media quality beyond its bounds', async () => {
    const verdict = await play(flowWith('hybrid-p2p-onprem', first('link: { name: hq-rt--branch-rt, set: "loss 8% delay 80ms 40ms" }')), planWith());
    expect(said(verdict, 'quality/alice-dave')).toMatch(/^fail: loss \d+\.\d+%, delay \d+(\.\d+)?ms/);
  });

  it('a baseline names the leg that moved', async () => {
    const flow = flowWith('online-p2p-internal');
    const plan = planWith();
    const before = await play(flow, plan);
    const baseline = { format: 'callpath-baseline-1' as const, flows: { [flow.id]: pathsOf(before.observation, plan) } };
    expect(compareBaseline(baseline, flow.id, before.observation, plan).filter((finding) => finding.status !== 'pass')).toEqual([]);
    const moved = planWith(...OVER_THE_INTERNET);
    const after = await play(flow, moved);
    const differences = compareBaseline(baseline, flow.id, after.observation, moved).filter((finding) => finding.status !== 'pass');
    expect(differences.map((finding) => finding.check).sort()).toEqual(['baseline/signalling/carol-online-fe', 'baseline/signalling/erin-online-fe']);
    expect(differences[0]?.expected).toContain('er');
    expect(differences[0]?.observed).toMatch(/^Internet:/);
  });
});
