/**
 * Node kinds for tests of this floor: the real ones live above it.
 * @module
 */
import { z } from 'zod';
import { zodConfigSchema } from '../config-schema.js';
import type { ConfigReference, KindInfo } from '../plan.js';
import type { Traits } from '../traits.js';

const port = z.int().min(1).max(65535);
const ports = z.strictObject({ from: port, to: port });

interface More {
  readonly traits?: Traits;
  readonly forwards?: boolean;
  readonly bridge?: boolean;
  readonly references?: readonly ConfigReference[];
}

function sample(kind: string, schema: z.ZodType, more: More = {}): KindInfo {
  return { kind, summary: `a ${kind}`, traits: { is: 'server' }, forwards: false, bridge: false, ...more, schema: zodConfigSchema(schema) };
}

const all = [
  sample('client', z.strictObject({ stun: z.string().optional(), audioPorts: ports.default({ from: 50000, to: 50019 }) }), {
    traits: { is: 'endpoint' },
    references: [{ key: 'stun', trait: 'reflects', addresses: false }],
  }),
  sample('front-end', z.strictObject({ domains: z.array(z.string()), ports: z.array(port).default([5061]) }), { traits: { is: 'server', homes: true } }),
  sample('dns', z.strictObject({ forwarders: z.array(z.string()).default([]) }), {
    traits: { is: 'server', resolves: true },
    references: [{ key: 'forwarders', trait: 'resolves', addresses: true }],
  }),
  sample('stun', z.strictObject({ port: port.default(3478) }), { traits: { is: 'server', reflects: true } }),
  sample('router', z.strictObject({}), { traits: { is: 'equipment' }, forwards: true }),
  sample('bridge', z.strictObject({}), { traits: { is: 'equipment' }, bridge: true }),
];

export const SAMPLE_KINDS: ReadonlyMap<string, KindInfo> = new Map(all.map((k) => [k.kind, k]));
