/**
 * Quirks of boxes on the way, as a key of a node's `config`: what all of them may do wrong, and what only a NAT can.
 * @module
 */
import { z } from 'zod';
import { type Nanos, parseDuration } from '../base/time.js';
import type { ConfigIssue, NodeInterface } from '../topology/plan.js';
import { readDscp } from '../topology/drafting/dscp.js';
import { readRate } from '../topology/netem/units.js';
import { didYouMean, listed } from '../base/suggest.js';

const CODE_POINT = 'a code point by name (EF, AF41, CS3, BE) or number (0-63)';

/** Text or number that `read` understands. */
function read<T>(description: string, read: (text: string) => T | undefined) {
  return z.union([z.string(), z.int()]).transform((value, context): T => {
    const result = read(String(value));
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not ${description}` });
    return z.NEVER;
  });
}

export const duration = z.string().transform((text, context): Nanos => {
  const time = parseDuration(text);
  if (time !== undefined && time > 0) return time;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no time such as 30s or 5m` });
  return z.NEVER;
});

const dscp = read(CODE_POINT, readDscp);
const rate = read('a rate such as 500kbit', (text) => {
  const bits = readRate(text);
  return bits === undefined || bits === 0 ? undefined : bits;
});

const remarking = z.union([z.literal('strip'), z.record(z.string(), dscp)]).transform((value, context): readonly (readonly [from: number, to: number])[] => {
  if (value === 'strip') return Array.from({ length: 63 }, (_, i) => [i + 1, 0] as const);
  return Object.entries(value).map(([name, to]) => {
    const from = readDscp(name);
    if (from === undefined) context.addIssue({ code: 'custom', path: [name], message: `"${name}" is not ${CODE_POINT}` });
    return [from ?? 0, to] as const;
  });
});

const policer = z.strictObject({
  dscp: dscp.default(46).describe(`what is policed: ${CODE_POINT}`),
  rate: rate.describe('bits of IP packets a second, headers included, such as 500kbit'),
  burst: z.int().min(1).optional().describe('octets that may come at once; by default what the rate is in 250 ms, 1500 at least'),
  leaving: z.string().optional().describe('interface: only what leaves there; by default all that is forwarded'),
  excess: z
    .union([z.literal('drop'), dscp])
    .default('drop')
    .describe(`what becomes of what is above the rate: drop, or ${CODE_POINT}`),
});

const police = z.union([policer.transform((one) => [one]), z.array(policer)]).describe('policers, each with a rate of its own');

const ofAll = {
  dscp: remarking.optional().describe('code points of what is forwarded: strip, or a mapping from code points to what they become'),
  police: police.optional().describe('what is above a rate is dropped, or loses its mark'),
};

const change = z.union([
  z.strictObject({ at: duration.describe('at that lab time') }),
  z.strictObject({ after: duration.describe('at that age of a mapping') }),
  z.strictObject({ idle: duration.describe('after a pause as long as that in what the inside sends') }),
]);

export const routerQuirks = z.strictObject(ofAll);

export const natQuirks = z.strictObject({
  ...ofAll,
  sipAlg: z.boolean().default(false).describe('rewrites clear-text SIP on port 5060'),
  mappingChange: change.optional().describe('a mapping in use gets another port outside'),
});

export type RouterQuirks = z.output<typeof routerQuirks>;
export type NatQuirks = z.output<typeof natQuirks>;

export function quirksFit(quirks: RouterQuirks, interfaces: readonly NodeInterface[]): readonly ConfigIssue[] {
  const names = interfaces.map((iface) => iface.name);
  const named = (quirks.police ?? []).flatMap(({ leaving }) => (leaving === undefined || names.includes(leaving) ? [] : [leaving]));
  return named.map((name) => ({
    path: ['quirks', 'police'],
    message: `there is no interface "${name}"`,
    expected: `one of: ${listed(names)}`,
    ...didYouMean(name, names),
  }));
}
