/**
 * Lines of `nft -a -n monitor trace` (nftables 1.0): what the kernel tells of a packet on its way through the rules. One
 * packet has one id; its lines come in order, those of several packets may be mixed.
 *
 *     trace id 0c08205a inet filter input packet: iif "wan" ... ip saddr 192.0.2.1 ip daddr 192.0.2.2 ... ip id 12289 ...
 *     trace id 0c08205a inet filter relays rule udp dport 5001 drop comment "no relay range" # handle 7 (verdict drop)
 *     trace id 0c08205a inet filter input policy drop
 * @see nft(8), section "TRACE"; trace_print in nftables' src/netlink.c
 * @module
 */
export type TraceLine =
  /** The packet as a base chain gets it. */
  | { readonly kind: 'packet'; readonly id: string; readonly chain: string; readonly packet: TracedPacket }
  | { readonly kind: 'rule'; readonly id: string; readonly chain: string; readonly handle: number; readonly verdict: string }
  | { readonly kind: 'policy'; readonly id: string; readonly chain: string; readonly verdict: string };

/** What of a packet's headers is told. */
export interface TracedPacket {
  readonly family: 4 | 6;
  /** As nft prints them. */
  readonly src: string;
  readonly dst: string;
  /** Of IPv4 the total length, of IPv6 the payload's. */
  readonly length: number;
  /** IPv4 identification or IPv6 flow label. */
  readonly label: number;
  /** Null where there are none. */
  readonly sport: number | null;
  readonly dport: number | null;
}

const HEAD = /^trace id ([0-9a-f]+) (\S+) (\S+) (\S+) (packet:|rule|policy|verdict)(?: (.*))?$/;
/** A comment or a log prefix may look like it: the last one counts. */
const RULE = /^.* # handle (\d+) \(verdict (\w+)(?: \S+)?\)$/;

/** Null for what is none of these: a warning, a packet that is no IP. */
export function parseTraceLine(text: string): TraceLine | null {
  const match = HEAD.exec(text.trim());
  if (match === null) return null;
  const [, id = '', family = '', table = '', name = '', kind = '', rest = ''] = match;
  const chain = `${family}/${table}/${name}`;
  switch (kind) {
    case 'packet:': {
      const packet = packetOf(rest);
      return packet === null ? null : { kind: 'packet', id, chain, packet };
    }
    case 'rule': {
      const rule = RULE.exec(rest);
      return rule === null ? null : { kind: 'rule', id, chain, handle: Number(rule[1]), verdict: rule[2] ?? '' };
    }
    default:
      return { kind: 'policy', id, chain, verdict: rest.trim().split(' ')[0] ?? '' };
  }
}

function packetOf(text: string): TracedPacket | null {
  // eslint-disable-next-line no-restricted-syntax -- the names are those below; the kernel writes the text
  const field = (name: string): string | null => new RegExp(`(?:^| )${name} (\\S+)`).exec(text)?.[1] ?? null;
  const number = (name: string): number | null => {
    const value = field(name);
    return value === null ? null : Number(value);
  };
  const family = field('ip saddr') === null ? 6 : 4;
  const ip = family === 4 ? 'ip' : 'ip6';
  const [src, dst, length, label] = [field(`${ip} saddr`), field(`${ip} daddr`), number(`${ip} length`), number(family === 4 ? 'ip id' : 'ip6 flowlabel')];
  if (src === null || dst === null || length === null || label === null) return null;
  return { family, src, dst, length, label, sport: number('(?:udp|tcp) sport'), dport: number('(?:udp|tcp) dport') };
}
