/**
 * What a second terminal says to a lab that is up, and what it hears: one JSON object a line, over a Unix socket.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import { callResult } from '../../roles/client/commands.js';
import { NOTHING } from '../../roles/commands.js';
import type { Json } from '../../roles/role.js';
import { readIssues } from '../../topology/source/zod-issues.js';

export const liveRequest = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('status') }),
  /** Signs both users in, where they are not, and calls. */
  z.strictObject({ do: z.literal('call'), from: z.string(), to: z.string() }),
  /** Ends the calls of a user. */
  z.strictObject({ do: z.literal('hang-up'), user: z.string() }),
  /** `up`, `down`, or netem's words for both directions. */
  z.strictObject({ do: z.literal('link'), name: z.string(), set: z.string() }),
  /** How to start a command in a node. It ends with the connection. `terminal`: the kind of terminal that it shall have; null = pipes. */
  z.strictObject({ do: z.literal('exec'), node: z.string(), words: z.array(z.string()).min(1), terminal: z.string().nullable(), machineTools: z.boolean() }),
  /** Answered at once; the lab is down when it ends the connection. `folder`: in which it must have been started; absent: any. */
  z.strictObject({ do: z.literal('down'), folder: z.string().optional() }),
]);

export type LiveRequest = z.infer<typeof liveRequest>;

export type LiveAnswer = { readonly ok: Json } | { readonly error: ReturnType<LabError['toJSON']> };

/** What is answered, by what was asked. */
const liveAnswers = {
  status: z.strictObject({
    topology: z.string(),
    /** Lab time, nanoseconds. */
    time: z.number(),
    nodes: z
      .array(
        z.strictObject({
          name: z.string(),
          kind: z.string(),
          users: z.array(z.string()).readonly(),
          /** Why its role has ended; null while it lives, or has none. */
          failed: z.string().nullable(),
        }),
      )
      .readonly(),
    links: z
      .array(
        z.strictObject({
          name: z.string(),
          group: z.string(),
          ends: z.array(z.string()).readonly(),
          /** What was set by `link set`, in order; empty = as in the topology. */
          set: z.array(z.string()).readonly(),
          /** Packets offered to it, by direction. */
          packets: z.array(z.number()).readonly(),
        }),
      )
      .readonly(),
  }),
  call: callResult,
  'hang-up': NOTHING,
  /** The links that were changed. */
  link: z.strictObject({ links: z.array(z.string()).readonly() }),
  /**
   * Words to put before a command of this machine, for a process in the lab's user namespace (a path below /proc), or what to
   * attach to.
   */
  exec: z.discriminatedUnion('how', [
    z.strictObject({ how: z.literal('prefix'), user: z.string(), words: z.array(z.string()).readonly() }),
    z.strictObject({ how: z.literal('attach'), socket: z.string(), exec: z.string() }),
  ]),
  down: NOTHING,
} satisfies Readonly<Record<LiveRequest['do'], z.ZodType<Json>>>;

type Answers = { readonly [D in LiveRequest['do']]: z.output<(typeof liveAnswers)[D]> };
/** What is answered to a request. */
export type AnswerTo<R extends LiveRequest> = Answers[R['do']];
export type LiveStatus = Answers['status'];
export type LiveCall = Answers['call'];
export type LiveLinks = Answers['link'];
export type LiveExec = Answers['exec'];

/** Type by type, for who knows only that it is one of them. */
const schemas: { readonly [D in keyof Answers]: z.ZodType<Answers[D]> } = liveAnswers;

const OTHER_VERSION = { hint: 'use the same version of callpath in both terminals' };

/** What was answered to the request, as it is declared. Errors: CLI_USAGE. */
export function parseAnswer<R extends LiveRequest>(request: R, value: unknown): AnswerTo<R> {
  const asked: R['do'] = request.do;
  return held(schemas[asked], value, `the answer to "${asked}"`);
}

/** A line without its end. Errors: CLI_USAGE. */
export function parseRequest(line: string): LiveRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new LabError('CLI_USAGE', 'the request is no JSON', { cause });
  }
  return held(liveRequest, value, 'the request');
}

/** Errors: CLI_USAGE. */
function held<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [trouble] = readIssues(result.error.issues, value, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  throw new LabError('CLI_USAGE', `${what} is not known: ${trouble?.message ?? 'it is of another form'}`, OTHER_VERSION);
}

/** Characters that a line may have. */
const LONGEST_LINE = 1 << 20;

/** Lines out of chunks, whatever their borders. */
export class LineSplitter {
  #rest = '';

  /** Errors: CLI_USAGE for a line that is longer than any request or answer; what was kept of it is forgotten. */
  push(chunk: string): readonly string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LONGEST_LINE) {
      this.#rest = '';
      throw new LabError('CLI_USAGE', `a line does not end within ${LONGEST_LINE} characters`, OTHER_VERSION);
    }
    return lines.filter((line) => line !== '');
  }
}
