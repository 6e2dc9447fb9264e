/**
 * What really happened to the TCP segments that passed a point, by the ledger: to hold Wireshark's suspicions against.
 */
import { must } from '../../src/base/assert.js';
import type { PacketId } from '../../src/base/brand.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { dissect, ipOf } from '../../src/wire/frame.js';
import * as tcp from '../../src/wire/tcp.js';

/** Wireshark's names (`tcp.analysis.NAME`) of what it may suspect of a segment. */
export const SUSPICIONS = [
  'retransmission',
  'fast_retransmission',
  'spurious_retransmission',
  'out_of_order',
  'lost_segment',
  'ack_lost_segment',
  'duplicate_ack',
  'window_update',
  'window_full',
  'zero_window',
  'zero_window_probe',
  'keep_alive',
  'reused_ports',
] as const;
export type Suspicion = (typeof SUSPICIONS)[number];

export interface Segment {
  readonly id: PacketId;
  /** `FROM:PORT>TO:PORT`, and the other way. */
  readonly way: string;
  readonly back: string;
  /** Relative to the initial sequence number, `next` behind the last octet; SYN and FIN count one. */
  readonly seq: number;
  readonly next: number;
  /** Relative as well. */
  readonly ack: number;
  readonly payload: number;
  readonly flags: number;
  readonly sentAt: number;
  /** When it passed the point; Infinity = never. */
  readonly at: number;
  readonly dropped: boolean;
  /** When it was delivered; Infinity = never. */
  readonly arrivedAt: number;
  readonly causes: readonly PacketId[];
}

export class TcpStory {
  readonly #byId = new Map<number, Segment>();
  readonly #byWay = new Map<string, Segment[]>();

  /** @param node the node whose interfaces are the point */
  constructor(ledger: Ledger, node: string) {
    const points = new Set(ledger.points.interfacesOf(node).map((point) => point.index));
    const initial = new Map<string, number>();
    for (const cursor = ledger.cursor(); cursor.next(); ) {
      const { id } = cursor;
      const segment = segmentOf(ledger, id, points, initial);
      if (segment === null) continue;
      this.#byId.set(id, segment);
      const list = this.#byWay.get(segment.way);
      if (list === undefined) this.#byWay.set(segment.way, [segment]);
      else list.push(segment);
    }
  }

  segment(id: number): Segment {
    return must(this.#byId.get(id), `TCP segment ${id}`);
  }

  get segments(): readonly Segment[] {
    return [...this.#byId.values()];
  }

  /** Some of its octets had been sent before, be it by TCP or as what a link made this copy of. */
  sentBefore(s: Segment): boolean {
    return this.#way(s).some((other) => (other.sentAt < s.sentAt || s.causes.includes(other.id)) && other.seq < s.next && s.seq < other.next);
  }

  /** Something that was sent later, with octets behind these or none, had arrived where `time` looks before it. */
  #overtaken(s: Segment, time: (segment: Segment) => number): boolean {
    return this.#way(s).some((other) => other.sentAt >= s.sentAt && other.id > s.id && other.next >= s.next && time(other) < time(s));
  }

  /** Null when the suspicion is what happened; else what is wrong with it. */
  refute(suspicion: Suspicion, s: Segment): string | null {
    const before = this.#way(s).filter((other) => other.at < s.at || (other.at === s.at && other.id < s.id));
    switch (suspicion) {
      case 'retransmission':
      case 'fast_retransmission':
      case 'out_of_order':
        // Sent again or overtaken: by the times at one point nobody can always tell which.
        return this.sentBefore(s) || this.#overtaken(s, (segment) => segment.at) ? null : 'these octets were new, and nothing overtook them';
      case 'spurious_retransmission': {
        const acknowledged = (this.#byWay.get(s.back) ?? []).some((other) => other.at <= s.at && other.ack >= s.next);
        return this.sentBefore(s) && acknowledged ? null : 'these octets were new, or not acknowledged yet';
      }
      case 'lost_segment': {
        const seen = Math.max(0, ...before.map((other) => other.next));
        const missing = this.#way(s).filter((other) => other.next > seen && other.seq < s.seq && other.sentAt <= s.at && other.at >= s.at);
        return missing.some((other) => other.dropped || other.at < Infinity) ? null : 'nothing was lost or late';
      }
      case 'duplicate_ack':
        return s.payload === 0 && before.some((other) => other.ack === s.ack) && this.#asked(s) ? null : 'no segment out of its turn asked for it';
      default:
        return 'nothing of that kind belongs into these runs';
    }
  }

  /**
   * An ACK that says nothing new has its reason in what was received: data beyond a hole (RFC 5681 section 4.2), or
   * what came late or again and is not acceptable any more (RFC 9293 section 3.10.7.4). Or a link made it two.
   */
  #asked(s: Segment): boolean {
    const causes = s.causes.flatMap((cause) => this.#byId.get(cause) ?? []);
    const copies = this.#way(s).some((other) => (other.causes.includes(s.id) || s.causes.includes(other.id)) && other.seq === s.seq && other.ack === s.ack);
    if (copies) return true;
    return causes.some((cause) => {
      if (cause.way !== s.back) return false;
      return cause.seq > s.ack || this.sentBefore(cause) || this.#overtaken(cause, (segment) => segment.arrivedAt);
    });
  }

  #way(s: Segment): readonly Segment[] {
    return this.#byWay.get(s.way) ?? [];
  }
}

/** @param initial initial sequence numbers by way, filled on the go */
function segmentOf(ledger: Ledger, id: PacketId, points: ReadonlySet<number>, initial: Map<string, number>): Segment | null {
  const frame = ledger.firstBytes(id);
  const ip = frame === null ? null : ipOf(dissect(frame, 0, frame.length));
  if (ip === null || 'malformed' in ip.transport || ip.transport.kind !== 'tcp') return null;
  const { header, payload } = ip.transport;
  const from = `${ip.header.src}:${header.srcPort}`;
  const to = `${ip.header.dst}:${header.dstPort}`;
  const [way, back] = [`${from}>${to}`, `${to}>${from}`];
  if ((header.flags & tcp.SYN) !== 0) initial.set(way, header.seq);
  const seq = (header.seq - (initial.get(way) ?? header.seq)) >>> 0;
  const length = payload.length + ((header.flags & tcp.SYN) === 0 ? 0 : 1) + ((header.flags & tcp.FIN) === 0 ? 0 : 1);
  const journey = must(ledger.journey(id), `packet ${id}`);
  const passed = journey.hops.flatMap((hop) => [
    points.has(hop.point) ? (hop.out ?? Infinity) : Infinity,
    points.has(hop.point ^ 1) ? (hop.in ?? Infinity) : Infinity,
  ]);
  return {
    id,
    way,
    back,
    seq,
    next: seq + length,
    ack: (header.ack - (initial.get(back) ?? 0)) >>> 0,
    payload: payload.length,
    flags: header.flags,
    sentAt: journey.start,
    at: Math.min(...passed),
    dropped: journey.end.kind === 'dropped',
    arrivedAt: journey.end.kind === 'delivered' ? journey.end.at : Infinity,
    causes: journey.causes,
  };
}
