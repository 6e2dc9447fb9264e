/**
 * What the lab and a role's process say to each other: one frame of JSON a line. The lab asks on the role's stdin, the
 * role answers and tells on its stdout; stdin's end means that the lab is gone.
 *
 *     lab:  {"id":1,"start":{...}}               role: {"id":1,"ok":{...}}
 *     lab:  {"id":2,"call":"dial","argument":{}} role: {"event":"ringing","at":1200300,"data":{}}
 *                                                role: {"id":2,"error":{"code":"SIP_REFUSED","message":"..."}}
 *
 * Times are nanoseconds of lab time.
 * @module
 */
import { z } from 'zod';
import { InvariantBroken } from '../../../base/assert.js';
import { ERROR_CODES, LabError, type ErrorCode } from '../../../base/error.js';
import type { Nanos } from '../../../base/time.js';
import type { Json } from '../../../roles/role.js';
import { decodePlain, encodePlain } from './plain-data.js';

const id = z.int().min(1);
const json = z.custom<Json>((value) => value !== undefined, 'a value is missing');
const at = z.number().transform((value) => value as Nanos);

const request = z.union([
  z.strictObject({ id, start: json }),
  z.strictObject({ id, call: z.string(), argument: json }),
  /** Who waits for what: asked when a run did not end in time. */
  z.strictObject({ id, ask: z.literal('waiting') }),
  z.strictObject({ id, stop: z.literal(true) }),
]);

const sourceRef = z.strictObject({ file: z.string(), line: z.int(), column: z.int() });

const labError = z.strictObject({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  where: sourceRef.optional(),
  expected: z.string().optional(),
  hint: z.string().optional(),
});

/** A mistake in a role's code, as opposed to a {@link LabError}. */
const fault = z.strictObject({ name: z.string(), message: z.string(), stack: z.string() });

const secret = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tls'), line: z.string() }),
  z.strictObject({
    kind: z.literal('srtp'),
    /** `ADDRESS:PORT`, IPv6 in brackets. */
    local: z.string(),
    remote: z.string(),
    ssrc: z.int().min(0),
    suite: z.string(),
    /** Master key and salt, in hexadecimal. */
    key: z.string().regex(/^([0-9a-f]{2})+$/),
  }),
]);

const count = z.int().min(0);
/** A datagram: its key, when it was received or sent, its place among alike ones, when those began (role/cause-log.ts). */
const datagram = [count, at, count, at] as const;

/** What was received, by the role's own numbers, and what was sent because of it, each with those numbers. */
const causes = z.strictObject({
  received: z.array(z.tuple([count, ...datagram])),
  sent: z.array(z.tuple(datagram, count)),
});

const answer = z.union([z.strictObject({ id, ok: json }), z.strictObject({ id, error: labError }), z.strictObject({ id, fault })]);

const told = z.union([
  /** For the scenario. */
  z.strictObject({ event: z.string(), at, data: json }),
  /** For the ledger. */
  z.strictObject({ note: z.string(), at, fields: z.record(z.string(), z.string()) }),
  z.strictObject({ reveal: secret, at }),
  /** For the ledger, late: which datagrams the role sent because of which. */
  z.strictObject({ causes }),
]);

export type Request = z.infer<typeof request>;
export type Answer = z.infer<typeof answer>;
export type Told = z.infer<typeof told>;
export type ToldSecret = z.infer<typeof secret>;
export type ToldCauses = z.infer<typeof causes>;

const fromRole = z.union([answer, told]);

/** Undefined when the line is no frame that a lab sends. */
export function parseRequest(line: string): Request | undefined {
  return request.safeParse(decodePlain(line)).data;
}

/** Undefined when the line is no frame that a role sends. */
export function parseFromRole(line: string): Answer | Told | undefined {
  return fromRole.safeParse(decodePlain(line)).data;
}

/** A frame as bytes, with the line's end. Errors: ROLE_COMMAND when something in it is no plain data. */
export function encodeFrame(frame: Request | Answer | Told): Uint8Array {
  return new TextEncoder().encode(`${encodePlain(frame)}\n`);
}

/** The answer that carries an error. */
export function errorAnswer(id: number, error: unknown): Answer {
  if (LabError.is(error)) return { id, error: error.toJSON() };
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { id, fault: { name, message, stack } };
}

/** The error that an answer carries, to throw on the lab's side. */
export function errorOf(answer: Exclude<Answer, { ok: unknown }>, node: string): Error {
  if ('error' in answer) return LabError.fromJSON(answer.error as ReturnType<LabError['toJSON']>);
  const { name, message, stack } = answer.fault;
  const error = new InvariantBroken(`${node}: ${name}: ${message}`);
  error.stack = `${error.stack ?? ''}\n  in the process of ${node}: ${stack}`;
  return error;
}
