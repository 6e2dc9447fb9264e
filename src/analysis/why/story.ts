/**
 * What became of a flow, as data: by direction the ways that its packets took, hop by hop, with what decided; where the
 * ways part, and which firewall knows of the connection. Plain JSON; the words are made of it by whoever shows it.
 * @module
 */
import type { FlowId, PacketId } from '../../base/brand.js';
import type { DropName } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import type { Pairs } from '../../capture/comment.js';

/** A line of a file that a person wrote. */
export interface Line {
  readonly file: string;
  readonly line: number;
}

/** What a routing table answered. */
export interface RouteTaken {
  readonly prefix: string;
  readonly via: string | null;
  readonly dev: string | null;
  readonly metric: string | null;
  readonly table: string | null;
  /** Of several next hops: which one of how many, `1/2`. */
  readonly member: string | null;
  /** Who found the route, such as `bgp`. */
  readonly proto: string | null;
  /** Why BGP chose it, and the line of the policy that made it so; null where the plan does not tell. */
  readonly chosen: { readonly why: string; readonly src: Line | null } | null;
}

/** The firewall rule that decided. */
export interface RuleMet {
  /** `family/table/chain`. */
  readonly chain: string;
  /** From 1; null when it was the chain's policy. */
  readonly rule: number | null;
  readonly src: Line | null;
  /** Comment of the rule. */
  readonly says: string | null;
}

export interface Translation {
  readonly from: string;
  readonly to: string;
}

/** One decision of a node about packets of a way. */
export interface Decided {
  /** `route`, `forward`, `input` ...; empty when the record does not say. */
  readonly stage: string;
  readonly route: RouteTaken | null;
  readonly rule: RuleMet | null;
  /** State that connection tracking gave the packet, in nftables' words. */
  readonly ct: string | null;
  readonly nat: readonly Translation[];
  /** All that the record said. */
  readonly said: Pairs;
}

/** A link that packets crossed, and why the node before it sent them there. */
export interface HopStory {
  readonly node: string;
  readonly link: string;
  /** Interface of `node`. */
  readonly interface: string;
  readonly segment: string;
  readonly group: string;
  readonly to: string;
  /** Different decisions of `node`, in the order in which packets of the way met them; with their numbers of packets. */
  readonly decided: readonly (Decided & { readonly packets: number })[];
  /** DSCP of the packets before and behind `node`, where it wrote another one (RFC 2474). */
  readonly dscp: { readonly from: number; readonly to: number } | null;
}

/** Hops that packets went again and again, until their TTL ended. */
export interface Loop {
  /** Index of the first hop of the first round. */
  readonly at: number;
  /** Hops of a round. */
  readonly hops: number;
  /** Nodes that forward in it, each once; bridges are left out where routers are in it. */
  readonly nodes: readonly string[];
  /** Whole rounds, at least 2. */
  readonly times: number;
}

/** An ICMP error that a node sent about packets of a way. */
export interface IcmpError {
  /** Who sent it. */
  readonly node: string;
  /** `network unreachable`; null when its bytes are not at hand. */
  readonly means: string | null;
  readonly packets: number;
  /** Node that it reached; null when it did not arrive. */
  readonly reached: string | null;
  /** Where it died and by what; null when it arrived, or was under way. */
  readonly died: Dropped | null;
  /** The first. */
  readonly example: PacketId;
}

/** What is wrong with the connection's state where a packet was dropped. */
export interface StateFault {
  /** What the packet was to the firewall. */
  readonly ct: string;
  /** It goes back to who began the connection. */
  readonly answer: boolean;
  /** Since the node let the last packet of the flow pass; null when it never did. */
  readonly silence: Nanos | null;
  /** The node saw packets of this direction alone, though the other end spoke too: by which other node that went, null = straight. */
  readonly halfSeen: { readonly by: string | null } | null;
}

export type End =
  /** `wanted`: it is the other end of the flow; false: some node on the way took it for itself. */
  | { readonly kind: 'delivered'; readonly node: string; readonly wanted: boolean }
  | { readonly kind: 'in-flight'; readonly link: string }
  /** Only senders were recorded. */
  | { readonly kind: 'unknown'; readonly link: string }
  | Dropped;

export interface Dropped {
  readonly kind: 'dropped';
  readonly drop: DropName;
  readonly at: 'node' | 'link';
  /** Name of the node or link. */
  readonly where: string;
  readonly decided: Decided;
  readonly state: StateFault | null;
  /** The bridge that sent it out of every port, where it reached a node that it was not for. */
  readonly flooded: string | null;
  /** Addresses of the first packet as the node saw it, where a route was to be found by them; else null. */
  readonly routed: { readonly source: string; readonly destination: string } | null;
}

/** Packets of one direction that crossed the same links and ended alike. */
export interface Way {
  readonly packets: number;
  /** The first ones, at most ten. */
  readonly examples: readonly PacketId[];
  /** When the first and the last one were sent. */
  readonly first: Nanos;
  readonly last: Nanos;
  readonly hops: readonly HopStory[];
  readonly end: End;
  /** Null where no hop came twice. */
  readonly loop: Loop | null;
  readonly errors: readonly IcmpError[];
}

export interface DirectionStory {
  /** Node that sends; an address where no node is known. */
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  readonly delivered: number;
  /** In the order of their first packets. */
  readonly ways: readonly Way[];
}

/** A way out of a node (or into it, where the other direction is meant). */
export interface Branch {
  /** Whose packets: of which direction. */
  readonly direction: 'there' | 'back';
  /** `out`: they left the node by the link; `in`: they came by it. */
  readonly goes: 'out' | 'in';
  readonly link: string;
  /** At the other end of the link. */
  readonly neighbour: string;
  readonly route: RouteTaken | null;
}

/** Two ways that have a beginning (or an end) in common, and the node from which on they differ. */
export interface Parting {
  readonly node: string;
  /** The way of the packets that went well, or went first. */
  readonly one: Branch;
  readonly other: Branch;
  /** Where the two meet, or would meet, on the other side. Null when they don't. */
  readonly again: { readonly node: string; readonly one: Branch; readonly other: Branch | null } | null;
}

/** Who knows the connection. */
export interface StateStory {
  /** Nodes that saw its first packet and let it pass. */
  readonly holders: readonly string[];
  /** Nodes that were asked to pass a packet of it and knew nothing of it. */
  readonly missing: readonly string[];
}

/** What is remarkable of a flow beside the ends of its packets. */
export type Remark =
  /** Answers came from another address than was spoken to. `reset`: and so the asker broke the connection off. */
  | { readonly kind: 'answers-from'; readonly asker: string; readonly from: string; readonly spokenTo: string; readonly reset: boolean }
  /** A rule would translate packets that leave by this link, but the connection began before, by another one. */
  | { readonly kind: 'untranslated'; readonly node: string; readonly rule: RuleMet; readonly link: string; readonly began: string }
  /** The source port was not kept, since another flow had it already. */
  | { readonly kind: 'port-taken'; readonly node: string; readonly wanted: string; readonly got: string; readonly by: OtherFlow };

/** Another flow, by its first name. */
export interface OtherFlow {
  readonly flow: FlowId;
  readonly protocol: string;
  readonly a: string;
  readonly b: string;
}

export interface FlowStory {
  readonly flow: FlowId;
  /** `udp`, `tcp`, `icmp` ... */
  readonly protocol: string;
  /** Its names: as first seen, then as translations made them. `a` sent first. */
  readonly names: readonly { readonly a: string; readonly b: string }[];
  readonly there: DirectionStory;
  readonly back: DirectionStory;
  readonly parting: Parting | null;
  readonly state: StateStory;
  /** Flows that a node made of this one (a relay, a mixer). */
  readonly onward: readonly (OtherFlow & { readonly node: string })[];
  readonly remarks: readonly Remark[];
  /**
   * `refused`: nothing was lost on the way, but the node at the end has no socket there (any more). `lossy`: links lost some
   * packets, and others of the same direction arrived.
   */
  readonly verdict: 'fine' | 'refused' | 'lossy' | 'broken';
}
