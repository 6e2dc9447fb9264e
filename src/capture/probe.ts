/**
 * The seam between those who ask what a network does with a packet, and a network that can be asked: one packet is sent
 * into it, whoever gets it answers, and the ledger says the rest. No roles, no impairments.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { Plan } from '../topology/plan.js';
import type { Ledger } from './ledger.js';

export type ProbeTransport =
  | { readonly protocol: 'udp' | 'tcp'; readonly fromPort: number; readonly toPort: number }
  /** An echo request. */
  | { readonly protocol: 'icmp' };

export interface Probe {
  /** Name of the node that sends it. */
  readonly node: string;
  /** Source and destination: canonical addresses of one family. The source may be somebody else's. */
  readonly from: string;
  readonly to: string;
  readonly transport: ProbeTransport;
  /** 0..63, of the probe and of the answer. */
  readonly dscp: number;
}

/** A packet as it was when a node took it. */
export interface Taken {
  readonly node: string;
  /** `ADDRESS:PORT`, IPv6 in brackets, no port for ICMP. */
  readonly from: string;
  readonly to: string;
}

export interface ProbeOutcome {
  /** Of these packets alone. Of use until the next question. */
  readonly ledger: Ledger;
  readonly sent: PacketId;
  /** Null when no node took it. */
  readonly taken: Taken | null;
  /** The answer; null when there was nobody to answer. */
  readonly answer: PacketId | null;
  readonly answered: Taken | null;
}

export interface Prober {
  ask(probe: Probe): ProbeOutcome;
}

/** Builds the network of a plan once; it may be asked often, and forgets each question. @param seed as of a run: it chooses among equal paths */
export type ProberFactory = (plan: Plan, seed: number) => Prober;
