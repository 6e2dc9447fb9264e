/**
 * The documented flows on the reference topology, and what "same seed, same run" means.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { observe } from '../../src/analysis/legs.js';
import { observationJson } from '../../src/analysis/observation-json.js';
import { readLedgerFile } from '../../src/capture/ledger-reader.js';
import { flowIds } from '../../src/library/load/load.js';
import type { Ledger } from '../../src/capture/ledger.js';
import type { PacketId } from '../../src/base/brand.js';
import { verifyFlow } from '../../src/verify/expectations.js';
import { DOCUMENTED_FLOWS, planOfFlow } from '../support/documented-flows.js';
import { flowWith, planWith, play, said, swap } from './support.js';

/** Everything of a run that must not change: ids, order, times, lengths, links, decisions, drops. */
function story(ledger: Ledger): string[] {
  const lines: string[] = [];
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const journey = ledger.journey(cursor.id as PacketId);
    if (journey === null) throw new Error(`packet ${cursor.id} has no journey`);
    const hops = journey.hops.map((hop) => `${hop.point}@${hop.out ?? '-'}>${hop.in ?? '-'} ${hop.decision}`);
    lines.push(`${journey.id} ${journey.length} ${journey.causes.join()} ${hops.join(' | ')} ${JSON.stringify(journey.end)}`);
  }
  return lines;
}

describe('the documented flows', () => {
  it('have a row each', () => {
    expect(DOCUMENTED_FLOWS.map(({ id }) => id)).toEqual(flowIds());
  });

  it.each(DOCUMENTED_FLOWS)('$id says of itself what its row says', ({ id, topology, deployment, mutations }) => {
    const flow = flowWith(id);
    expect([basename(flow.topology), flow.deployment]).toEqual([`${topology}.lab.yaml`, deployment]);
    expect(mutations.length).toBeGreaterThan(0);
  });

  it.each(DOCUMENTED_FLOWS)('$id is as documented', async ({ id }) => {
    const verdict = await play(flowWith(id), planOfFlow(id));
    expect(verdict.error).toBeNull();
    expect(verdict.findings.filter((finding) => finding.status !== 'pass')).toEqual([]);
    expect(verdict.documented).toBe(true);
    // A pass has evidence too: packets, and the links that they crossed.
    for (const { evidence } of verdict.findings) {
      expect(evidence.packets.length).toBeGreaterThan(0);
      expect(evidence.total).toBeGreaterThanOrEqual(evidence.packets.length);
      expect(evidence.links.length).toBeGreaterThan(0);
    }
    verdict.run.ledger.close();
  });

  it('are the same for the same seed, and differ for another', async () => {
    const flow = flowWith('hybrid-p2p-mixed');
    const plan = planWith();
    const [one, two, other] = [await play(flow, plan, { seed: 7 }), await play(flow, plan, { seed: 7 }), await play(flow, plan, { seed: 8 })];
    const first = story(one.run.ledger);
    expect(first.length).toBeGreaterThan(500);
    expect(story(two.run.ledger)).toEqual(first);
    expect(two.run.ledger.events().map((event) => [event.at, event.node, event.name])).toEqual(
      one.run.ledger.events().map((event) => [event.at, event.node, event.name]),
    );
    expect(story(other.run.ledger)).not.toEqual(first);
  });

  it('give the same analysis from the file as from the live ledger', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'callpath-'));
    try {
      const captureFile = join(folder, 'run.pcapng');
      const flow = flowWith('hybrid-p2p-mixed', swap('hang-up: caller', 'link: { name: hq-rt--hq-lan, set: "loss 20%" }\n  - hang-up: caller'));
      const plan = planWith();
      const live = await play(flow, plan, { captureFile });
      const { ledger, warnings } = readLedgerFile(captureFile);
      expect(warnings).toEqual([]);
      const observation = observe(ledger, plan);
      expect(observation).toEqual(live.observation);
      expect(observationJson(observation, plan)).toEqual(observationJson(live.observation, plan));
      expect(verifyFlow({ flow, plan, ledger, observation })).toEqual(live.findings);
      ledger.close();
      live.run.ledger.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('hold for two calls in one run, each with media of its own', async () => {
    const again = swap('  - hang-up: caller\n', '  - hang-up: caller\n  - wait: 1s\n  - call: { from: caller, to: callee, for: 2s }\n  - hang-up: callee\n');
    const verdict = await play(flowWith('hybrid-p2p-mixed', again), planWith());
    expect(said(verdict, 'call/alice-bob')).toBe('pass: answered');
    expect(said(verdict, 'media/alice-bob')).toBe('pass: local, by hq only');
    expect(verdict.observation.calls).toHaveLength(2);
    const streams = verdict.observation.legs.find((leg) => leg.id === 'audio/alice-bob')?.streams ?? [];
    expect(streams.map((stream) => [stream.from, stream.told])).toEqual(
      expect.arrayContaining([
        ['alice', true],
        ['bob', true],
      ]),
    );
    expect(streams).toHaveLength(4);
    expect(verdict.documented).toBe(true);
  });
});
