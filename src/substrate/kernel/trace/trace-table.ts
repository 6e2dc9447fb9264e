/**
 * The lab's own rules that switch tracing on, and who is who among the rules that the kernel has: by their handles.
 *
 * Traced is what may come to grief, and little of it: the first packets of connections, what belongs to none, and a
 * sample of the rest. A node without connection tracking must not get it by being watched: there a sample of all.
 * @module
 */
import { LabError } from '../../../base/error.js';

export const TRACE_TABLE = 'callpath-trace';

/** Whether a chain, `family/table/chain`, is the lab's own. */
export function isTraceChain(chain: string): boolean {
  return chain.split('/')[1] === TRACE_TABLE;
}

/** States in the order of the rules below; null = not asked for. */
export const TRACED_STATES = ['new', 'invalid', 'untracked', 'established'] as const;
export type TracedState = (typeof TRACED_STATES)[number];

/** Packets a second. A trace costs some ten lines of text; media of one call that is dropped are 50 a second. */
const RATE = 200;
/** Of connections that are known: enough to meet a rule that drops them, such as a limit. */
const SAMPLE = 20;

/** Rules behind connection tracking (-200) and before all others that see its state. @param tracked families whose connections the node's rules track */
export function traceRules(tracked: ReadonlySet<4 | 6>): string {
  return ([4, 6] as const).flatMap((family) => traceTable(family, tracked.has(family))).join('\n');
}

function traceTable(family: 4 | 6, tracked: boolean): readonly string[] {
  const states = tracked
    ? TRACED_STATES.map((state) => `ct state ${state === 'established' ? 'established,related' : state} ${limit(state === 'established' ? SAMPLE : RATE)}`)
    : [limit(RATE)];
  return [
    `table ${family === 4 ? 'ip' : 'ip6'} ${TRACE_TABLE} {`,
    '  chain prerouting {',
    '    type filter hook prerouting priority -199; policy accept;',
    // What the kernel sends to itself or to groups is its own housekeeping.
    ...states.map((state) => `    iifname != "lo" meta pkttype host ${state} meta nftrace set 1`),
    '  }',
    '}',
    '',
  ];
}

function limit(rate: number): string {
  return `limit rate ${rate}/second burst ${rate} packets`;
}

/** Number of a rule in its chain, from 1, by `family/table/chain` and handle. */
export type RuleNumbers = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Of `nft -a -j list ruleset`: rules stand in the order of their chains. Errors: KERNEL_REFUSED. */
export function ruleNumbers(json: string): RuleNumbers {
  const numbers = new Map<string, Map<number, number>>();
  for (const item of itemsOf(json)) {
    const rule = (item as { readonly rule?: { readonly family?: string; readonly table?: string; readonly chain?: string; readonly handle?: number } }).rule;
    if (rule?.family === undefined || rule.table === undefined || rule.chain === undefined || rule.handle === undefined) continue;
    const chain = `${rule.family}/${rule.table}/${rule.chain}`;
    let known = numbers.get(chain);
    if (known === undefined) numbers.set(chain, (known = new Map<number, number>()));
    known.set(rule.handle, known.size + 1);
  }
  return numbers;
}

function itemsOf(json: string): readonly unknown[] {
  try {
    const { nftables } = JSON.parse(json) as { readonly nftables?: unknown };
    if (Array.isArray(nftables)) return nftables;
  } catch {
    // Told below.
  }
  throw new LabError('KERNEL_REFUSED', 'nft lists its rules in a form that is not known here', {
    expected: '`nft -a -j list ruleset` of nftables 1.0',
    hint: 'apt-get install nftables',
  });
}
