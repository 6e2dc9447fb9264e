/**
 * Netfilter-style hooks: where a firewall, a connection tracker or a translator looks at a packet.
 *
 * ```
 *   in ─► prerouting ─► routing ─► input ─► sockets ─► output ─► routing ─► postrouting ─► out
 *                          └─────► forward ──────────────────────────────────►┘
 * ```
 * The walks are arrays sorted when a hook is installed, so an empty point costs one length comparison per packet.
 * @module
 */
import type { DropCode } from '../base/drop.js';
import type { Packet } from '../fabric/packet.js';

export const HOOK_POINTS = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;
export type HookPoint = (typeof HOOK_POINTS)[number];

/** nftables' names for standard priorities (nft(8), table "Standard priority names"). Smaller runs first. */
export const PRIORITY = {
  DEFRAG: -400,
  RAW: -300,
  CONNTRACK: -200,
  MANGLE: -150,
  DSTNAT: -100,
  FILTER: 0,
  SECURITY: 50,
  SRCNAT: 100,
  CONFIRM: 0x7fffffff,
} as const;

/**
 * What a hook decides: {@link ACCEPT} goes on to the next hook, {@link STOLEN} = the hook took ownership of the
 * packet, any other value is the {@link DropCode} that the packet ends with.
 */
export type Verdict = number;
export const ACCEPT = 0;
export const STOLEN = -1;
/** A hook's drop, for callers that hold a typed code. */
export const dropVerdict = (code: DropCode): Verdict => code;

/**
 * One hook. `run` is hot: the frame is `p.buf[p.off ..)` with its EtherType in place (the MAC addresses only on what
 * was received); `p.iif` and `p.oif` are interface indexes or -1. It sets `p.decision` before it drops; it may rewrite
 * addresses and ports, but must keep every checksum right.
 */
export interface Hook {
  readonly point: HookPoint;
  readonly priority: number;
  /** Address families that it sees: 4, 6, or 0 for both (nftables' `inet`). */
  readonly family: 0 | 4 | 6;
  run(p: Packet): Verdict;
}

/** Hooks of one family, each array in order of priority. */
export class HookLists {
  readonly prerouting: Hook[] = [];
  readonly input: Hook[] = [];
  readonly forward: Hook[] = [];
  readonly output: Hook[] = [];
  readonly postrouting: Hook[] = [];
}

/**
 * Hooks of one node by family and point; of equal priorities the one that was installed last runs first, as in Linux
 * (nf_hook_entries_grow).
 */
export class HookTable {
  readonly ipv4 = new HookLists();
  readonly ipv6 = new HookLists();

  /** Returns the undoing, which works once. A hook that is installed twice runs twice. */
  install(hook: Hook): () => void {
    const lists: Hook[][] = [];
    if (hook.family !== 6) lists.push(this.ipv4[hook.point]);
    if (hook.family !== 4) lists.push(this.ipv6[hook.point]);
    for (const list of lists) {
      const later = list.findIndex((other) => other.priority >= hook.priority);
      list.splice(later < 0 ? list.length : later, 0, hook);
    }
    return () => {
      for (const list of lists.splice(0)) list.splice(list.indexOf(hook), 1);
    };
  }
}

/** hot. Walks one point, or what of it stands at these priorities; the caller has seen that the list is not empty. @param below not this one itself */
export function walk(hooks: readonly Hook[], p: Packet, from = -Infinity, below = Infinity): Verdict {
  for (let i = 0; i < hooks.length; i++) {
    const hook = hooks[i];
    if (hook === undefined) break;
    if (hook.priority < from || hook.priority >= below) continue;
    const verdict = hook.run(p);
    if (verdict !== ACCEPT) return verdict;
  }
  return ACCEPT;
}
