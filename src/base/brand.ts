/**
 * Branded ids: numbers that must not be mixed up with each other.
 * @module
 */
declare const brand: unique symbol;

/** `T` that carries the name `N` in the type system and nothing at run time. */
export type Brand<T, N extends string> = T & { readonly [brand]: N };

/** Identity of a packet, kept across every hop, through routers, NAT and firewalls. Starts at 1; 0 = none. */
export type PacketId = Brand<number, 'PacketId'>;
/** Index of a link in the plan. */
export type LinkId = Brand<number, 'LinkId'>;
/** Index of a node in the plan. */
export type NodeId = Brand<number, 'NodeId'>;
/** A bidirectional transport flow in the ledger. */
export type FlowId = Brand<number, 'FlowId'>;
/** An interned list of (point, decision) in the ledger; 0 = empty. */
export type TrailId = Brand<number, 'TrailId'>;
/** An interned decision of a node (route, rule, translation, drop); 0 = none. */
export type DecisionId = Brand<number, 'DecisionId'>;
/** A booked timer: slot and generation, so that a stale id cancels nothing. 0 is never given out. */
export type TimerId = Brand<number, 'TimerId'>;
/** What made a sender send: the id of a packet, or below 0 a set of them (`cause-sets.ts`). Opaque to roles, 0 = nothing known. */
export type Cause = Brand<number, 'Cause'>;

export const NO_CAUSE = 0 as Cause;
export const NO_DECISION = 0 as DecisionId;
export const NO_TRAIL = 0 as TrailId;
