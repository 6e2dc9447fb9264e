/**
 * Typed commands of roles. A kind declares them once, each with what goes in, what comes out and a line for people; a
 * role serves them, a scenario asks for them, and both ends are held to the declaration. Light: kind.ts files import it.
 *
 * @example
 * export const doorCommands = { open: command('opens the door', z.strictObject({ wide: z.boolean() }), DONE) };
 * // the role:
 * return { ...serve(host.name, doorCommands, { open: async ({ wide }) => { ...; return {}; } }), stop };
 * // the scenario:
 * await ask(lab.role('door'), doorCommands, 'open', { wide: true });
 * @module
 */
import { z } from 'zod';
import { LabError } from '../base/error.js';
import { listed } from '../base/suggest.js';
import { readIssues } from '../topology/source/zod-issues.js';
import type { Json } from './role.js';

/** Of plain data: what it lets through can be a line of JSON. */
type PlainSchema = z.ZodType<Json, Json>;

export interface Command<I extends PlainSchema = PlainSchema, O extends PlainSchema = PlainSchema> {
  /** What it does, in one line. */
  readonly summary: string;
  readonly in: I;
  readonly out: O;
}

/** Commands of a kind by name, in the order in which they are listed to people. */
export type CommandTable = Readonly<Record<string, Command>>;

export type CommandName<C extends CommandTable> = keyof C & string;
/** What the caller gives. */
export type ArgumentOf<C extends CommandTable, N extends CommandName<C>> = z.input<C[N]['in']>;
/** What the caller gets. */
export type ResultOf<C extends CommandTable, N extends CommandName<C>> = z.output<C[N]['out']>;

/** Every command has its handler. */
export type Handlers<C extends CommandTable> = {
  readonly [N in CommandName<C>]: (argument: z.output<C[N]['in']>) => Promise<z.input<C[N]['out']>> | z.input<C[N]['out']>;
};

/** Whoever takes commands: a role, or the handle of one elsewhere. */
export interface Commanded {
  /** Errors: ROLE_COMMAND, and the command's own. */
  call(command: string, argument: Json): Promise<Json>;
}

/** Nothing to give, nothing to tell. */
export const NOTHING = z.strictObject({});

export function command<I extends PlainSchema, O extends PlainSchema>(summary: string, argument: I, result: O): Command<I, O> {
  return { summary, in: argument, out: result };
}

/**
 * The role's end: finds the handler, and holds argument and result to their schemas. An unknown command, a bad argument
 * and a result that is not as declared are refused with ROLE_COMMAND.
 * @param name of the node, for messages
 */
export function serve<C extends CommandTable>(name: string, commands: C, handlers: Handlers<C>): Commanded {
  const run = async <N extends CommandName<C>>(asked: N, argument: Json): Promise<Json> => {
    const { in: schema, out } = declared(commands, asked);
    const given = held<C[N]['in']>(schema, argument, `the argument of "${asked}" for ${name}`);
    return held(out, await handlers[asked](given), `what ${name} answered to "${asked}"`);
  };
  return {
    async call(asked, argument) {
      if (isCommand(commands, asked)) return run(asked, argument);
      throw new LabError('ROLE_COMMAND', `${name} knows no command "${asked}"`, { expected: `one of: ${Object.keys(commands).join(', ') || 'none'}` });
    },
  };
}

/** The caller's end. Errors: ROLE_COMMAND, also for a result that is not as declared; the command's own. */
export async function ask<C extends CommandTable, N extends CommandName<C>>(
  role: Commanded,
  commands: C,
  name: N,
  argument: ArgumentOf<C, N>,
): Promise<ResultOf<C, N>> {
  return held<C[N]['out']>(declared(commands, name).out, await role.call(name, argument), `what was answered to "${name}"`);
}

function declared<C extends CommandTable, N extends CommandName<C>>(commands: C, name: N): { readonly in: C[N]['in']; readonly out: C[N]['out'] } {
  return commands[name] as C[N];
}

function isCommand<C extends CommandTable>(commands: C, name: string): name is CommandName<C> {
  return Object.hasOwn(commands, name);
}

/** The value as its schema has it. Errors: ROLE_COMMAND. */
function held<S extends PlainSchema>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const [first, ...others] = readIssues(result.error.issues, value, json);
  const more = others.length === 0 ? '' : ` (and ${listed(others.map((one) => one.message))})`;
  throw new LabError('ROLE_COMMAND', `${what}: ${first?.message ?? 'not as declared'}${more}`, {
    ...(first?.expected !== undefined && { expected: first.expected }),
    ...(first?.hint !== undefined && { hint: first.hint }),
  });
}
