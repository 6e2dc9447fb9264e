/**
 * What a node tells late of a packet that it let pass: the rule that admitted the first packet of a connection. Where a
 * node is a kernel, its rules are told of only when the packet is gone; so it is an event and no part of the record.
 * @module
 */
import type { LabEvent } from './ledger-builder.js';
import type { Pairs } from './comment.js';

/** Fields: `packet=ID`, and the pairs of the decision. */
export const ADMITTED_EVENT = 'admitted';

export interface Admitted {
  readonly packet: number;
  readonly node: string;
  readonly said: Pairs;
}

export function admittedOf(event: LabEvent): Admitted | null {
  if (event.name !== ADMITTED_EVENT) return null;
  const { packet, ...said } = event.fields;
  const id = Number(packet ?? NaN);
  return Number.isInteger(id) && id > 0 ? { packet: id, node: event.node, said } : null;
}
