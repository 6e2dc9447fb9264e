/**
 * Who of a flow sent a packet: by its trail where that begins at the flow's first sender, else by the addresses in it.
 * Asked once per trail.
 * @module
 */
import type { PacketId, TrailId } from '../../base/brand.js';
import type { Flow, Ledger } from '../../capture/ledger.js';
import { formatIpv4, formatIpv6 } from '../../wire/address.js';
import { dissect, ipOf } from '../../wire/frame.js';
import type { Transport } from '../../wire/frame.js';
import { isMalformed } from '../../wire/malformed.js';
import { splitEndpoint } from '../addresses.js';
import { isBridge } from '../trails.js';
import type { TrailBook, TrailFacts } from '../trails.js';

export type DirectionName = 'there' | 'back';

export class Senders {
  readonly #ledger: Ledger;
  readonly #trails: TrailBook;
  readonly #names: readonly { readonly a: string; readonly b: string }[];
  readonly #from: string | null;
  readonly #directions = new Map<TrailId, DirectionName>();
  readonly #pieces = new Map<TrailId, boolean>();

  /** @param from node that sent the flow's first packet */
  constructor(ledger: Ledger, trails: TrailBook, flow: Flow, from: string | null) {
    this.#ledger = ledger;
    this.#trails = trails;
    this.#names = [flow, ...flow.aliases];
    this.#from = from;
  }

  /** Of a packet with that trail. @param cause of the packet, 0 = none */
  direction(trail: TrailId, id: PacketId, cause: PacketId): DirectionName {
    let known = this.#directions.get(trail);
    if (known === undefined) this.#directions.set(trail, (known = this.#find(trail, id, cause)));
    return known;
  }

  /** Whether the network made it of its cause, a packet of the same flow: it goes the same way, and no end sent it. */
  isPiece(trail: TrailId, id: PacketId, cause: PacketId): boolean {
    let known = this.#pieces.get(trail);
    if (known === undefined) this.#pieces.set(trail, (known = this.#goesOn(trail, id, cause)));
    return known;
  }

  #goesOn(trail: TrailId, id: PacketId, cause: PacketId): boolean {
    const causeTrail = this.#ledger.trailOf(cause);
    if (this.#madeByNobody(trail)) return causeTrail !== null;
    if (causeTrail === null || this.#trails.of(trail).bornAt === this.#trails.of(causeTrail).bornAt) return false;
    return this.direction(trail, id, cause) === this.#directionOf(cause, causeTrail);
  }

  /** Links and bridges send nothing of their own. */
  #madeByNobody(trail: TrailId): boolean {
    const { bornAt } = this.#trails.of(trail);
    return bornAt === null || isBridge(this.#ledger, bornAt);
  }

  #directionOf(id: PacketId, trail: TrailId): DirectionName {
    return this.direction(trail, id, (this.#ledger.journey(id)?.causes[0] ?? 0) as PacketId);
  }

  #find(trail: TrailId, id: PacketId, cause: PacketId): DirectionName {
    const facts = this.#trails.of(trail);
    if (facts.bornAt === this.#from && cause === 0) return 'there';
    const causeTrail = cause === 0 || this.#ledger.flowOf(cause) !== this.#ledger.flowOf(id) ? null : this.#ledger.trailOf(cause);
    if (causeTrail !== null && this.#madeByNobody(trail)) return this.#directionOf(cause, causeTrail);
    return this.#byBytes(id) ?? this.#byWay(facts, cause) ?? (facts.bornAt === this.#from ? 'there' : 'back');
  }

  #byBytes(id: PacketId): DirectionName | null {
    const bytes = this.#ledger.firstBytes(id);
    const ip = bytes === null ? null : ipOf(dissect(bytes, 0, bytes.length));
    if (bytes === null || ip === null) return null;
    const { transport } = ip;
    const port = sourcePort(transport);
    const address = ip.kind === 'ipv4' ? formatIpv4(ip.header.src) : formatIpv6(ip.header.src);
    const speaks = (endpoint: string): boolean => {
      const end = splitEndpoint(endpoint);
      return end.address === address && (port === null || end.port === port);
    };
    const [there, back] = [this.#names.some(({ a }) => speaks(a)), this.#names.some(({ b }) => speaks(b))];
    return there === back ? null : there ? 'there' : 'back';
  }

  /** An answer leaves by the link that the packet came by, a copy or a fragment by another. */
  #byWay(facts: TrailFacts, cause: PacketId): DirectionName | null {
    const trail = cause === 0 || this.#ledger.flowOf(cause) === null ? null : this.#ledger.trailOf(cause);
    if (trail === null || facts.bornAt === null) return null;
    const before = this.#trails.of(trail);
    const came = before.crossings.at(-1);
    const left = facts.crossings[0];
    if (came === undefined || left === undefined || before.bornAt === facts.bornAt) return null;
    const same = this.#directionOf(cause, trail);
    return came.link === left.link ? (same === 'there' ? 'back' : 'there') : same;
  }
}

/** Null where the protocol has none, and in later fragments. */
function sourcePort(transport: Transport): number | null {
  if (isMalformed(transport)) return null;
  if (transport.kind === 'udp') return transport.srcPort;
  return transport.kind === 'tcp' ? transport.header.srcPort : null;
}
