/**
 * Why a kernel passed a packet on to nobody, where it does not say: its own answer for such a packet (`ip route get`).
 *
 * | answer for the packet as it came in | without where it came from | so                                   |
 * |--------------------------------------|----------------------------|--------------------------------------|
 * | Network is unreachable               |                            | no route                             |
 * | No route to host, Permission denied  |                            | an unreachable or prohibit route     |
 * | Invalid argument                     | Invalid argument           | a blackhole route                    |
 * | Invalid argument, cross-device link  | a route                    | reverse path filter, or our address  |
 * @see ip-route(8); ip_route_input_slow in net/ipv4/route.c
 * @module
 */
import type { DecisionId } from '../../../base/brand.js';
import { DROP, type DropCode } from '../../../base/drop.js';
import { LabError } from '../../../base/error.js';
import { type Nanos, seconds } from '../../../base/time.js';
import type { Decisions } from '../../../capture/decisions.js';
import { type PlanNode, RP_FILTERS } from '../../../topology/plan.js';
import { formatIpv4, formatIpv6, parseAddress } from '../../../wire/address.js';
import { u16, u32 } from '../../../wire/bytes.js';
import { contains, parsePrefix } from '../../../wire/prefix.js';
import type { Fingerprint } from '../identity/fingerprint.js';
import type { Inquest } from '../identity/packet-identity.js';
import type { Namespace } from '../namespace/namespace.js';
import { runTool } from '../namespace/tool.js';

export interface InquestOptions {
  readonly node: PlanNode;
  readonly namespace: Namespace;
  readonly decisions: Decisions;
  readonly now: () => Nanos;
}

type Finding = { readonly drop: DropCode; readonly why: DecisionId } | null;

/** What was asked lately is not asked again: packets of one flow share their fate. */
const MEMORY = seconds(2);

export function inquestOf(options: InquestOptions): Inquest {
  const known = new Map<string, { readonly at: Nanos; readonly finding: Promise<Finding> }>();
  return (p, print, port) => {
    const question = questionOf(options.node, p.buf, print, port);
    const key = [...question.route, ...question.from].join(' ');
    const now = options.now();
    const before = known.get(key);
    if (before !== undefined && before.at + MEMORY > now) return before.finding;
    for (const [old, { at }] of known) if (at + MEMORY <= now) known.delete(old);
    const finding = inquire(options, question);
    known.set(key, { at: now, finding });
    return finding;
  };
}

interface Question {
  readonly family: 4 | 6;
  readonly source: string;
  readonly target: string;
  /** Words of `ip route get`: where to, and on which conditions. */
  readonly route: readonly string[];
  /** And where it came from. */
  readonly from: readonly string[];
}

function questionOf(node: PlanNode, b: Uint8Array, f: Fingerprint, port: number): Question {
  const [source, target] = [0, f.addressLength].map((at) => (f.family === 4 ? formatIpv4(u32(b, f.addresses + at)) : formatIpv6(b, f.addresses + at))) as [
    string,
    string,
  ];
  const protocol = f.protocol === 17 ? 'udp' : 'tcp';
  const flow = f.ports < 0 ? [] : ['ipproto', protocol, 'sport', String(u16(b, f.ports)), 'dport', String(u16(b, f.ports + 2))];
  const dev = node.interfaces[port]?.name ?? '';
  return { family: f.family === 6 ? 6 : 4, source, target, route: [target, ...flow], from: ['from', source, 'iif', dev] };
}

async function inquire(options: InquestOptions, question: Question): Promise<Finding> {
  const { route, from } = question;
  const [target = '', ...flow] = route;
  const asItCame = await ask(options, question, [target, ...from, ...flow]);
  if (/unreachable/i.test(asItCame)) return finding(options, DROP.NO_ROUTE, 'no-route', {});
  if (/No route to host/.test(asItCame)) return discarded(options, question, 'unreachable');
  if (/Permission denied/.test(asItCame)) return discarded(options, question, 'prohibit');
  if (!/Invalid (argument|cross-device link)/.test(asItCame)) return null;
  const onward = await ask(options, question, route);
  if (onward !== '') return discarded(options, question, 'blackhole');
  const own = options.node.interfaces.some(({ addresses }) => addresses.some(({ address }) => address === question.source));
  return finding(options, DROP.RP_FILTER, 'rp-filter', own ? { kind: 'martian' } : filterText(options.node, from.at(-1) ?? ''));
}

/** The filter that is in force on an interface: the larger one of its own and the node's. */
function filterText(node: PlanNode, dev: string): { readonly kind?: string } {
  const own = node.interfaces.find(({ name }) => name === dev)?.rpFilter;
  const kind = RP_FILTERS[Math.max(RP_FILTERS.indexOf(node.rpFilter ?? 'off'), RP_FILTERS.indexOf(own ?? 'off'))];
  return kind === undefined || kind === 'off' ? {} : { kind };
}

/** What the kernel refuses with; empty when it has a route. */
async function ask({ namespace }: InquestOptions, { family }: Question, words: readonly string[]): Promise<string> {
  try {
    await runTool(namespace, { tool: 'ip', arguments: [family === 6 ? '-6' : '-4', 'route', 'get', ...words], input: '' });
    return '';
  } catch (error) {
    if (LabError.is(error) && error.code === 'KERNEL_REFUSED') return error.message;
    throw error;
  }
}

/** A route that discards; which one is known from the plan. */
function discarded(options: InquestOptions, { target }: Question, kind: string): Finding {
  const address = parseAddress(target);
  const [route] = options.node.routes
    .flatMap((one) => {
      const parsed = one.dev === null ? parsePrefix(one.prefix) : undefined;
      return parsed === undefined || address === undefined || !contains(parsed, address) ? [] : [{ text: one.prefix, length: parsed.length }];
    })
    .sort((a, b) => b.length - a.length);
  return finding(options, DROP.BLACKHOLE, 'blackhole', { ...(route !== undefined && { route: route.text }), ...(kind !== 'blackhole' && { kind }) });
}

function finding(
  { node, decisions }: InquestOptions,
  drop: DropCode,
  kind: 'no-route' | 'blackhole' | 'rp-filter',
  text: Readonly<Record<string, string>>,
): Finding {
  return { drop, why: decisions.intern({ node: node.id, stage: 'route', text, reason: { at: 'node', kind } }) };
}
