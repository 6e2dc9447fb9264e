/**
 * The documented flows on the reference topology, and what "same seed, same run" means.
 */
import { describe, expect, it } from 'vitest';
import { flowIds } from '../../src/cli/files.js';
import type { Ledger } from '../../src/capture/ledger.js';
import type { PacketId } from '../../src/base/brand.js';
import { flowWith, planWith, play } from './support.js';

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
  it.each(flowIds())('%s is as documented', async (id) => {
    const verdict = await play(flowWith(id), planWith());
    expect(verdict.error).toBeNull();
    expect(verdict.findings.filter((finding) => finding.status !== 'pass')).toEqual([]);
    expect(verdict.documented).toBe(true);
    verdict.run.ledger.close();
  });

  it('are the same for the same seed, and differ for another', async () => {
    const flow = flowWith('hybrid-p2p-mixed');
    const plan = planWith();
    const [one, two, other] = [await play(flow, plan, { seed: 7 }), await play(flow, plan, { seed: 7 }), await play(flow, plan, { seed: 8 })];
    const first = story(one.run.ledger);
    expect(first.length).toBeGreaterThan(500);
    expect(story(two.run.ledger)).toEqual(first);
    expect(two.run.ledger.events().map((event) => [event.at, event.node, event.name])).toEqual(one.run.ledger.events().map((event) => [event.at, event.node, event.name]));
    expect(story(other.run.ledger)).not.toEqual(first);
  });
});
