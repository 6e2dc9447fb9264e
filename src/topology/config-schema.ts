/**
 * Makes the {@link ConfigSchema} of a node kind from a zod schema.
 * @module
 * @example
 * const stun: KindInfo = {
 *   kind: 'stun', summary: 'STUN server', forwards: false, bridge: false,
 *   schema: zodConfigSchema(z.strictObject({ port: z.int().min(1).max(65535).default(3478) })),
 * };
 */
import { z } from 'zod';
import type { ConfigIssue, ConfigSchema } from './plan.js';
import { readIssues } from './source/zod-issues.js';

/** A node without `config` is parsed as one with `config: {}`, so defaults belong into the schema. */
export function zodConfigSchema(schema: z.ZodType): ConfigSchema {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  delete json.$schema;
  return {
    json,
    parse(value) {
      const given = value ?? {};
      const result = schema.safeParse(given);
      if (result.success) return { ok: true, value: result.data };
      const issues = readIssues(result.error.issues, given, json).map(
        (t): ConfigIssue => ({
          path: t.path,
          message: t.message,
          ...(t.expected !== undefined && { expected: t.expected }),
          ...(t.hint !== undefined && { hint: t.hint }),
          ...(t.onKey && { onKey: true }),
        }),
      );
      return { ok: false, issues };
    },
  };
}
