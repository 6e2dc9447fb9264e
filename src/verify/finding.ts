/**
 * What a check says. A pass has evidence too; `unproved` (nothing to judge) is no pass.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { SourceRef } from '../base/error.js';

export interface Evidence {
  /** The first ten packets. */
  readonly packets: readonly PacketId[];
  readonly total: number;
  /** Links that they crossed, by name, in order, for the reader. */
  readonly links: readonly string[];
  /** What kept it from coming about at all: the step that was refused, or why the run ended early. {@link why} begins with it. */
  readonly cause?: string;
  /** The decision or drop that explains it, in words. */
  readonly why?: string;
  /** Why packets were dropped, in a line each. */
  readonly drops?: readonly string[];
}

export type Status = 'pass' | 'fail' | 'unproved';

export interface Finding {
  readonly status: Status;
  /** Stable id within its flow: `signalling/bob`, `media/alice-bob`. */
  readonly check: string;
  /** What it speaks of, for people: `bob signalling`. */
  readonly subject: string;
  readonly expected: string;
  readonly observed: string;
  readonly evidence: Evidence;
  /** The expectation in the flow file. */
  readonly src: SourceRef | null;
}

/** What a check found out; what it is about is known before. */
export type Verdict = Pick<Finding, 'status' | 'observed' | 'evidence'>;

export const NO_EVIDENCE: Evidence = { packets: [], total: 0, links: [] };

/** Nothing passes by absence: a flow holds only when each finding passed and there is one. */
export function holds(findings: readonly Finding[]): boolean {
  return findings.length > 0 && findings.every((finding) => finding.status === 'pass');
}
