/**
 * The reference of commands for people, made from their declarations: `lab/docs/node-kinds.md` holds one part per kind.
 * @module
 */
import { z } from 'zod';
import type { CommandTable } from './commands.js';
import type { RoleKind } from './role.js';

/** What stands in a guide between `<!-- generated: NAME -->` and `<!-- end -->`, by name: `commands of client`. */
export function commandReference(kinds: Iterable<RoleKind>): ReadonlyMap<string, string> {
  return new Map([...kinds].map(({ kind, commands }) => [`commands of ${kind}`, tableOf(commands)]));
}

function tableOf(commands: CommandTable): string {
  const rows = Object.entries(commands).map(
    ([name, { summary, in: argument, out }]) => `| \`${name}\` | ${cell(summary)} | ${shapeCell(argument)} | ${shapeCell(out)} |`,
  );
  return rows.length === 0 ? 'No commands.' : ['| command | | argument | result |', '|---|---|---|---|', ...rows].join('\n');
}

/** The part of JSON Schema that commands use. */
interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

function shapeCell(schema: z.ZodType): string {
  const shape = shapeOf(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema);
  return shape === '{}' ? '' : `\`${cell(shape)}\``;
}

/** `{ to, text }`: names stand for themselves, what has parts is shown with them. */
function shapeOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(shapeOf).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.type === 'array') return schema.items === undefined ? '[]' : `[${shapeOf(schema.items)}, ...]`;
  if (schema.type !== 'object') return schema.type ?? 'any';
  const keys = Object.entries(schema.properties ?? {}).map(([key, value]) => (isPlain(value) ? key : `${key}: ${shapeOf(value)}`));
  if (typeof schema.additionalProperties === 'object') keys.push(`NAME: ${shapeOf(schema.additionalProperties)}`);
  return keys.length === 0 ? '{}' : `{ ${keys.join(', ')} }`;
}

function isPlain({ anyOf, type }: JsonSchema): boolean {
  if (anyOf !== undefined) return anyOf.every(isPlain);
  return type !== 'object' && type !== 'array';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
