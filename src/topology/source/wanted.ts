/**
 * What a JSON Schema asks for, in words that finish the sentence "expected: ...". The words of the library that validates are
 * for its own users.
 * @module
 */

/** The part of JSON Schema that is read. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  /** Only `#/$defs/NAME`. */
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** Types as people call them: of JSON Schema, and of the library's issues. */
const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
  nan: 'a number',
};

export function article(type: string): string {
  return WORDS[type] ?? type;
}

/** Undefined where the schema says nothing of it. */
export function wantedWords(schema: JsonSchema): string | undefined {
  switch (schema.type) {
    case 'integer':
    case 'number':
      return numberWords(schema);
    case 'array':
      return listWords(schema);
    case 'string':
      return textWords(schema);
    default:
      return undefined;
  }
}

/** Bounds that stand for "none": those of integers that a double holds exactly. */
const BOUNDLESS = Number.MAX_SAFE_INTEGER;

function numberWords({ type, minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): string {
  const noun = article(String(type));
  const [least, above] = [minimum === -BOUNDLESS ? undefined : minimum, exclusiveMinimum];
  const [most, below] = [maximum === BOUNDLESS ? undefined : maximum, exclusiveMaximum];
  if (least !== undefined && most !== undefined) return `${noun} from ${least} to ${most}`;
  const parts = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return [noun, ...parts].join(', ').replace(', ', ' of ').replace(' of above', ' above').replace(' of below', ' below');
}

function listWords({ minItems, maxItems, prefixItems }: JsonSchema): string {
  const items = (count: number): string => (count === 1 ? 'one item' : `${count} items`);
  const [least, most] = prefixItems === undefined ? [minItems, maxItems] : [prefixItems.length, prefixItems.length];
  if (least !== undefined && least === most) return `a list of ${items(least)}`;
  if (least !== undefined && least > 0 && most === undefined) return `a list of ${items(least)} at least`;
  if (most !== undefined)
    return `a list of ${least === undefined || least === 0 ? '' : `${least} to `}${items(most)}${least === undefined || least === 0 ? ' at most' : ''}`;
  return 'a list';
}

function textWords({ minLength, maxLength, pattern }: JsonSchema): string {
  if (pattern !== undefined) return `a text like ${pattern}`;
  if (maxLength !== undefined) return `a text of at most ${maxLength} characters`;
  return minLength !== undefined && minLength > 0 ? 'a text that is not empty' : 'a text';
}
