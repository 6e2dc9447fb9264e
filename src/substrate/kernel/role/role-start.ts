/**
 * What the process of a node gets when it starts: everything that the lab decided about it, as plain data.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../../../base/error.js';
import type { LabPki } from '../../../protocol/pki/lab-pki.js';
import type { Json } from '../../../roles/role.js';
import type { Plan } from '../../../topology/plan.js';
import { monotoneOf } from './kernel-clock.js';

const kindRef = z.union([
  /** A kind of the product's own registry. */
  z.strictObject({ name: z.string() }),
  /** A kind of somebody else's: `export` of the ES module at the URL `module`. */
  z.strictObject({ module: z.url(), export: z.string() }),
]);

const roleStart = z.strictObject({
  node: z.string(),
  /** Made and validated by the lab; a Plan is plain data. */
  plan: z.custom<Plan>((value) => typeof value === 'object' && value !== null && 'nodes' in value, 'no plan'),
  kind: kindRef,
  seed: z.int(),
  /** CLOCK_REALTIME of lab time 0, nanoseconds since 1970 in decimal: too long for a number. */
  origin: z.string().regex(/^\d+$/),
  /** CLOCK_MONOTONIC of lab time 0, in nanoseconds: below zero when the machine was not up yet. */
  zero: z.string().regex(/^-?\d+$/),
  /** PEM texts; certificate and key only for a node that serves TLS. */
  pki: z.strictObject({ ca: z.string(), certificate: z.string().optional(), key: z.string().optional() }),
});

export type KindRef = z.infer<typeof kindRef>;
export type RoleStart = z.infer<typeof roleStart>;

/** What a process says when its role runs. */
export interface RoleStarted {
  readonly pid: number;
  /** Can the role be told of ICMP errors? False where koffi is missing. */
  readonly icmpErrors: boolean;
  readonly now: number;
}

/** Errors: LAB_ROLE_FAILED. */
export function parseRoleStart(value: Json): RoleStart {
  const result = roleStart.safeParse(value);
  if (result.success) return result.data;
  throw new LabError('LAB_ROLE_FAILED', `a process was started with what is no start: ${z.prettifyError(result.error)}`);
}

/** The start of one node, for {@link RpcClient.start}. `kind` defaults to the node's own, from the registry. */
export function roleStartOf(
  node: { readonly name: string; readonly kind: string },
  lab: { readonly plan: Plan; readonly seed: number; readonly origin: bigint; readonly pki: LabPki },
  kind: KindRef = { name: node.kind },
): Json {
  const start: RoleStart = {
    node: node.name,
    plan: lab.plan,
    kind,
    seed: lab.seed,
    origin: lab.origin.toString(),
    zero: monotoneOf(lab.origin).toString(),
    pki: { ca: lab.pki.ca, ...lab.pki.identities.get(node.name) },
  };
  return start as unknown as Json;
}
