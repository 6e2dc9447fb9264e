/**
 * Makes the {@link ConfigSchema} of a node kind from a zod schema.
 * @module
 * @example
 * const stun: KindInfo = {
 *   kind: 'stun', summary: 'STUN server', traits: { is: 'server', reflects: true }, forwards: false, bridge: false,
 *   schema: zodConfigSchema(z.strictObject({ port: z.int().min(1).max(65535).default(3478) })),
 * };
 */
import { z } from 'zod';
import type { ConfigIssue, ConfigSchema } from './plan.js';
import { without } from './assembly/without.js';
import { readIssues } from './source/zod-issues.js';
import type { Trouble } from './source/zod-issues.js';

/** A node without `config` is parsed as one with `config: {}`, so defaults belong into the schema. */
export function zodConfigSchema(schema: z.ZodType): ConfigSchema {
  let json: object | undefined;
  // Made when it is asked for: most runs have no fault to explain and no editor to serve.
  const jsonOf = (): object => (json ??= without(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '$schema'));
  return {
    get json() {
      return jsonOf();
    },
    parse(value) {
      const given = value ?? {};
      const result = schema.safeParse(given);
      if (result.success) return { ok: true, value: result.data };
      return { ok: false, issues: readIssues(result.error.issues, given, jsonOf()).map(configIssue) };
    },
  };
}

function configIssue(t: Trouble): ConfigIssue {
  return {
    path: t.path,
    message: t.message,
    ...(t.expected !== undefined && { expected: t.expected }),
    ...(t.hint !== undefined && { hint: t.hint }),
    ...(t.onKey && { onKey: true }),
  };
}
