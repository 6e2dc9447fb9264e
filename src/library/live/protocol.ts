/**
 * What a second terminal says to a lab that is up, and what it hears: one JSON object a line, over a Unix socket.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import type { Json } from '../../roles/role.js';

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
  /** Answered at once; the lab is down when it ends the connection. */
  z.strictObject({ do: z.literal('down') }),
]);

export type LiveRequest = z.infer<typeof liveRequest>;

export type LiveAnswer = { readonly ok: Json } | { readonly error: ReturnType<LabError['toJSON']> };

/** Answer to `status`. */
export type LiveStatus = {
  readonly topology: string;
  /** Lab time, nanoseconds. */
  readonly time: number;
  readonly nodes: readonly { readonly name: string; readonly kind: string; readonly users: readonly string[] }[];
  readonly links: readonly {
    readonly name: string;
    readonly group: string;
    readonly ends: readonly string[];
    /** What was set by `link set`, in order; empty = as in the topology. */
    readonly set: readonly string[];
    /** Packets offered to it, by direction. */
    readonly packets: readonly number[];
  }[];
};

/** Answer to `call`. */
export type LiveCall = { readonly answered: boolean; readonly status: number; readonly reason: string };

/**
 * Answer to `exec`: words to put before a command of this machine, for a process in the lab's user namespace (a path below
 * /proc), or what to attach to.
 */
export type LiveExec =
  | { readonly how: 'prefix'; readonly user: string; readonly words: readonly string[] }
  | { readonly how: 'attach'; readonly socket: string; readonly exec: string };

/** Answer to `link`: the links that were changed. */
export type LiveLinks = { readonly links: readonly string[] };

/** A line without its end. Errors: CLI_USAGE. */
export function parseRequest(line: string): LiveRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new LabError('CLI_USAGE', 'the request is no JSON', { cause });
  }
  const result = liveRequest.safeParse(value);
  if (!result.success)
    throw new LabError('CLI_USAGE', `the request is not known: ${result.error.issues[0]?.message ?? ''}`, {
      hint: 'use the same version of callpath in both terminals',
    });
  return result.data;
}

/** Lines out of chunks, whatever their borders. */
export class LineSplitter {
  #rest = '';

  push(chunk: string): readonly string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter((line) => line !== '');
  }
}
