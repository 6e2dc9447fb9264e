/**
 * Node kinds for tests of this floor: the real ones live above it.
 * @module
 */
import { z } from 'zod';
import { zodConfigSchema } from '../config-schema.js';
import type { ConfigReference, KindInfo } from '../plan.js';

const port = z.int().min(1).max(65535);
const ports = z.strictObject({ from: port, to: port });

interface Traits {
  readonly forwards?: boolean;
  readonly bridge?: boolean;
  readonly references?: readonly ConfigReference[];
}

function sample(kind: string, schema: z.ZodType, traits: Traits = {}): KindInfo {
  return { kind, summary: `a ${kind}`, forwards: false, bridge: false, ...traits, schema: zodConfigSchema(schema) };
}

const all = [
  sample('client', z.strictObject({ stun: z.string().optional(), audioPorts: ports.default({ from: 50000, to: 50019 }) }), {
    references: [{ key: 'stun', kinds: ['stun'], addresses: false }],
  }),
  sample('front-end', z.strictObject({ domains: z.array(z.string()), ports: z.array(port).default([5061]) })),
  sample('dns', z.strictObject({ forwarders: z.array(z.string()).default([]) }), {
    references: [{ key: 'forwarders', kinds: ['dns'], addresses: true }],
  }),
  sample('stun', z.strictObject({ port: port.default(3478) })),
  sample('router', z.strictObject({}), { forwards: true }),
  sample('bridge', z.strictObject({}), { bridge: true }),
];

export const SAMPLE_KINDS: ReadonlyMap<string, KindInfo> = new Map(all.map((k) => [k.kind, k]));
