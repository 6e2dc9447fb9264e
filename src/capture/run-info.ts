/**
 * What a capture says of the run that wrote it: the comment of its section header.
 * @module
 */
import { formatComment, parseComment } from './comment.js';

export interface RunInfo {
  /** Of callpath. */
  readonly version: string;
  /** Name of the topology. */
  readonly topology: string;
  /** The plan's hash. */
  readonly hash: string;
  readonly seed: number;
  /** A record at both ends of a link, or one a hop, where the packet was sent. */
  readonly records: 'both' | 'sent';
}

export function formatRunInfo(run: RunInfo): string {
  return formatComment({
    lab: 'callpath',
    version: run.version,
    topology: run.topology,
    hash: run.hash,
    seed: String(run.seed),
    records: run.records,
  });
}

/** Null when the comment is not that of a run. */
export function parseRunInfo(comment: string): RunInfo | null {
  const pairs = parseComment(comment);
  if (pairs?.['lab'] !== 'callpath') return null;
  const { version, topology, hash, seed, records } = pairs;
  if (version === undefined || topology === undefined || hash === undefined || !/^\d+$/.test(seed ?? '')) return null;
  if (records !== 'both' && records !== 'sent') return null;
  return { version, topology, hash, seed: Number(seed), records };
}
