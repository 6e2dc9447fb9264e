/**
 * For findings that did not hold: why packets were dropped, in a line each, as `callpath why` explains it.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { DropName } from '../base/drop.js';
import { explain } from '../analysis/why/explain.js';
import { whyLine } from '../analysis/why/words.js';
import type { Context } from './context.js';
import type { Finding } from './finding.js';

/** A reader takes in no more. */
const LINES = 2;
/** Drops that are nobody's fault: copies of a bridge that were for others, and ports that were closed in time. */
const EVERYDAY: readonly DropName[] = ['not-mine', 'no-listener'];

/** @param findings of the flow, in their order */
export function withDropLines(c: Context, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    if (finding.status === 'pass') return finding;
    const drops = linesOf(c, finding.evidence.packets.length > 0 ? finding.evidence.packets : droppedByNodes(c));
    return drops.length === 0 ? finding : { ...finding, evidence: { ...finding.evidence, drops } };
  });
}

function linesOf(c: Context, packets: readonly PacketId[]): readonly string[] {
  const broken = explain(c.ledger, c.plan, packets).filter(({ verdict }) => verdict === 'broken' || verdict === 'lossy');
  return [...new Set(broken.flatMap((story) => whyLine(story) ?? []))].slice(0, LINES);
}

/** What can explain that something never came about: one packet of each kind of drop that a node decided on, the most frequent first. */
function droppedByNodes({ observation }: Context): readonly PacketId[] {
  return observation.drops.filter(({ at, reason }) => at === 'node' && !EVERYDAY.includes(reason)).flatMap(({ examples }) => examples[0] ?? []);
}
