/**
 * What media is about, apart from the protocol that carries it; and at which clock its timestamps run. Both are told: by
 * the nodes that send and receive it, or by RFC 3551 for the payload types that it fixes. Nothing is guessed: of a
 * dynamic payload type that nobody told of neither is known.
 * @module
 */
import { type Workload, WORKLOADS } from '../base/workload.js';
import type { Ledger } from '../capture/ledger.js';

export type { Workload } from '../base/workload.js';

/** Of one SSRC. */
export interface Told {
  /** Names of the nodes that told of it. */
  readonly nodes: ReadonlySet<string>;
  readonly workload: Workload | null;
  /** Timestamp units in a second. */
  readonly clockRate: number | null;
}

type Static = readonly [Workload | null, number];

/** RFC 3551 tables 4 and 5. MP2T (33) carries sound and pictures. */
const STATIC: ReadonlyMap<number, Static> = new Map([
  ...[0, 3, 4, 5, 7, 8, 9, 12, 13, 15, 18].map((type): [number, Static] => [type, ['audio', 8000]]),
  [6, ['audio', 16000]],
  [10, ['audio', 44100]],
  [11, ['audio', 44100]],
  [14, ['audio', 90000]],
  [16, ['audio', 11025]],
  [17, ['audio', 22050]],
  ...[25, 26, 28, 31, 32, 34].map((type): [number, Static] => [type, ['video', 90000]]),
  [33, [null, 90000]],
]);

/** Of a static payload type (RFC 3551 section 6); null where it is dynamic or unassigned. */
export function staticWorkload(payloadType: number): Workload | null {
  return STATIC.get(payloadType)?.[0] ?? null;
}

export function staticClockRate(payloadType: number): number | null {
  return STATIC.get(payloadType)?.[1] ?? null;
}

/** What nodes told of streams, by SSRC. */
export function toldStreams(ledger: Ledger): ReadonlyMap<number, Told> {
  const told = new Map<number, { nodes: Set<string>; workload: Workload | null; clockRate: number | null }>();
  for (const { name, node, fields } of ledger.events()) {
    if (name !== 'media-started' && name !== 'media-heard') continue;
    const ssrc = Number(fields['ssrc'] ?? NaN);
    if (!Number.isInteger(ssrc)) continue;
    let known = told.get(ssrc);
    if (known === undefined) told.set(ssrc, (known = { nodes: new Set(), workload: null, clockRate: null }));
    known.nodes.add(node);
    known.workload ??= workloadNamed(fields['workload'] ?? fields['kind']);
    known.clockRate ??= rateOf(fields['clock-rate']);
  }
  return told;
}

function workloadNamed(text: string | undefined): Workload | null {
  return WORKLOADS.find((workload) => workload === text) ?? null;
}

function rateOf(text: string | undefined): number | null {
  const rate = Number(text ?? NaN);
  return Number.isInteger(rate) && rate > 0 ? rate : null;
}
