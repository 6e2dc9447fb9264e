/**
 * A NAT with the behaviours of RFC 4787, RFC 5382 and RFC 5508, as hooks on an IP node that forwards: IPv4 of UDP, TCP
 * and ICMP. What the inside sends is translated at postrouting, what comes for an address of the pool at prerouting.
 * IPv6 is forwarded as it is.
 * @module
 */
import { must } from '../../base/assert.js';
import { NO_DECISION } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { type Rng } from '../../base/rng.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as tcp from '../../wire/tcp.js';
import { keyOf, addrOf4, type AddressBook } from '../address-book.js';
import { Moment } from '../conntrack/moment.js';
import { findTransport, readTuple, TransportPlace } from '../conntrack/packet-tuple.js';
import { endpointText, icmpAsks, Tuple } from '../conntrack/tuple.js';
import { ACCEPT, dropVerdict, PRIORITY, type Verdict } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { HookPoints, LocalAddresses } from '../ports.js';
import type { Interface } from '../interface.js';
import { IcmpErrorTranslation } from '../nat/icmp-error.js';
import { MANIP_DST, MANIP_SRC, Rewriter } from '../nat/manip.js';
import { IPPROTO } from '../transport.js';
import type { NatBehaviour } from './behaviour.js';
import { Keeper } from './keeper.js';
import { Mapping, MappingTable, SLOT, slotOf } from './mapping.js';
import { PortAssignment } from './ports.js';

/** What it needs of its node. */
export interface NatPorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly hooks: HookPoints;
  readonly interfaces: readonly Interface[];
  readonly addresses: LocalAddresses;
  readonly defragments: Set<4 | 6>;
}

/** Why a packet does not pass, as the `kind` of its drop. */
export type NatRefusal = 'no-mapping' | 'expired' | 'filtered' | 'no-hairpin' | 'protocol' | 'pool-exhausted';

const OUT = 0;
const IN = 1;

export class NatBox {
  readonly node: NatPorts;
  readonly behaviour: NatBehaviour;
  readonly table: MappingTable;
  readonly #moment: Moment;
  readonly #keeper: Keeper;
  readonly #ports: PortAssignment;
  readonly #rewriter: Rewriter;
  readonly #errors: IcmpErrorTranslation;
  readonly #pool = new Set<number>();
  /** By interface index. */
  readonly #outside: readonly boolean[];
  readonly #place = new TransportPlace();
  readonly #quotePlace = new TransportPlace();
  readonly #tuple = new Tuple();
  readonly #quoted = new Tuple();
  /** The packet that was translated at prerouting, on its way through the node now. */
  #current: Packet | null = null;
  #currentId = 0;
  #target: Mapping | null = null;
  /** Of a hairpinned packet: its sender's mapping. */
  #source: Mapping | null = null;

  constructor(node: NatPorts, behaviour: NatBehaviour, random: Rng) {
    this.node = node;
    this.behaviour = behaviour;
    this.#moment = new Moment(node.core.scheduler);
    this.table = new MappingTable(this.#moment);
    this.#keeper = new Keeper(behaviour, this.#moment);
    this.#rewriter = new Rewriter(node.book);
    this.#errors = new IcmpErrorTranslation(this.#rewriter);
    for (const text of behaviour.addresses) this.#pool.add(keyOf(must(node.book.parse(text), text)));
    this.#ports = new PortAssignment(behaviour, [...this.#pool], this.table, random);
    this.#outside = node.interfaces.map((iface) => behaviour.outside.includes(iface.name));
    node.defragments.add(4);
    node.hooks.install({ point: 'prerouting', priority: PRIORITY.DSTNAT, family: 4, run: (p) => this.#prerouting(p) });
    node.hooks.install({ point: 'forward', priority: PRIORITY.FILTER - 1, family: 4, run: (p) => this.#forward(p) });
    node.hooks.install({ point: 'postrouting', priority: PRIORITY.SRCNAT, family: 4, run: (p) => this.#postrouting(p) });
  }

  isOutside(index: number): boolean {
    return this.#outside[index] === true;
  }

  inPool(key: number): boolean {
    return this.#pool.has(key);
  }

  /** The living mapping towards a remote endpoint, made if there is none; null when the pool is exhausted. */
  mappingFor(slot: number, insideKey: number, insidePort: number, remoteKey: number, remotePort: number): Mapping | null {
    this.#moment.take();
    const { mapping } = this.behaviour;
    const byKey = mapping === 'endpoint-independent' ? 0 : remoteKey;
    const byPort = mapping === 'address-and-port-dependent' ? remotePort : 0;
    const known = this.table.find(slot, insideKey, insidePort, byKey, byPort);
    if (known !== null && !this.#keeper.changes(known)) return known;
    const outside = this.#ports.choose(slot, insideKey, insidePort, known);
    if (outside === null) return known;
    if (known !== null) this.table.remove(known);
    const made = new Mapping(slot, [insideKey, insidePort], outside, [byKey, byPort]);
    this.#keeper.begin(made);
    this.table.add(made);
    return made;
  }

  /** Forgets all mappings, as at a restart. */
  flush(): void {
    for (const mapping of this.table.list()) this.table.remove(mapping);
  }

  /** Mappings that are alive, as lines for people. */
  mappings(): readonly string[] {
    this.#moment.take();
    const { book } = this.node;
    const names = ['udp', 'tcp', 'icmp'];
    return this.table.list().map((m) => {
      const rest = Math.max(0, Math.ceil((m.expires - this.#moment.time) / 1e9));
      const remotes = [...m.sessions].flatMap(([key, ports]) => [...ports.keys()].map((port) => endpointText(book, addrOf4(key), port, true)));
      return `${names[m.slot] ?? ''} ${endpointText(book, addrOf4(m.insideKey), m.insidePort, true)} > ${endpointText(book, addrOf4(m.outsideKey), m.outsidePort, true)} ${rest} ${remotes.join(',')}`;
    });
  }

  /** hot. False where the transport header cannot be read. */
  #read(p: Packet): boolean {
    this.#moment.take();
    const o = p.off + ethernet.HEADER;
    const end = p.off + p.len;
    return findTransport(p.buf, o, end, 4, this.#place) && readTuple(p.buf, o, end, 4, this.#place, this.node.book, this.#tuple);
  }

  /** What comes for an address of the pool. */
  #prerouting(p: Packet): Verdict {
    this.#current = null;
    if (p.iif <= 0 || !this.#read(p) || !this.#pool.has(this.#tuple.dstKey)) return ACCEPT;
    const outside = this.isOutside(p.iif);
    const { protocol, dstKey, dport, sport } = this.#tuple;
    if (protocol === IPPROTO.ICMP) {
      const type = dport >>> 8;
      if (icmp.isError(type)) return this.#errorIn(p);
      // The NAT itself is asked.
      if (icmpAsks(IPPROTO.ICMP, type)) return this.node.addresses.isLocal4(dstKey) ? ACCEPT : this.#refuse(p, 'prerouting', 'no-mapping');
    }
    const slot = slotOf(protocol);
    if (slot === SLOT.NONE) return this.node.addresses.isLocal4(dstKey) ? ACCEPT : this.#refuse(p, 'prerouting', 'protocol');
    if (!outside && this.behaviour.hairpinning === 'none') return this.#refuse(p, 'prerouting', 'no-hairpin');
    const target = this.table.at(slot, dstKey, slot === SLOT.ICMP ? sport : dport);
    if (target === null) return this.#refuse(p, 'prerouting', 'no-mapping');
    if (!target.alive(this.#moment)) return this.#refuse(p, 'prerouting', 'expired');
    return outside ? this.#inbound(p, target, this.#tuple.srcKey, slot === SLOT.ICMP ? 0 : sport) : this.#hairpin(p, slot, target);
  }

  /** @param remoteKey @param remotePort who sends it, as the outside knows him */
  #inbound(p: Packet, target: Mapping, remoteKey: number, remotePort: number): Verdict {
    const flags = target.slot === SLOT.TCP && this.#place.at + tcp.HEADER <= p.off + p.len ? tcp.flags(p.buf, this.#place.at) : 0;
    if (!this.#keeper.admits(target, remoteKey, remotePort, flags)) return this.#refuse(p, 'prerouting', 'filtered');
    this.#keeper.received(target, remoteKey, remotePort, flags);
    this.#rewriter.rewrite(p.buf, p.off + ethernet.HEADER, p.off + p.len, 4, MANIP_DST, target.insideKey, target.insidePort);
    this.#current = p;
    this.#currentId = p.id;
    this.#target = target;
    this.#source = null;
    return ACCEPT;
  }

  /** From inside to an endpoint that another host inside has outside (RFC 4787 REQ-9). */
  #hairpin(p: Packet, slot: number, target: Mapping): Verdict {
    const { srcKey, sport, dstKey, dport } = this.#tuple;
    const port = slot === SLOT.ICMP ? 0 : dport;
    const source = this.mappingFor(slot, srcKey, sport, dstKey, port);
    if (source === null) return this.#refuse(p, 'prerouting', 'pool-exhausted');
    const flags = slot === SLOT.TCP && this.#place.at + tcp.HEADER <= p.off + p.len ? tcp.flags(p.buf, this.#place.at) : 0;
    this.#keeper.sent(source, dstKey, port, flags);
    const verdict = this.#inbound(p, target, source.outsideKey, slot === SLOT.ICMP ? 0 : source.outsidePort);
    if (verdict === ACCEPT) this.#source = source;
    return verdict;
  }

  /** What comes from outside for an address inside was never translated: nobody can have sent it rightly. */
  #forward(p: Packet): Verdict {
    if (!this.isOutside(p.iif) || this.isOutside(p.oif) || this.#isCurrent(p)) return ACCEPT;
    return this.#refuse(p, 'forward', 'no-mapping');
  }

  #isCurrent(p: Packet): boolean {
    return this.#current === p && this.#currentId === p.id;
  }

  #postrouting(p: Packet): Verdict {
    if (this.#isCurrent(p)) return this.#leaveInside(p);
    if (!this.isOutside(p.oif) || this.isOutside(p.iif) || !this.#read(p)) return ACCEPT;
    const { protocol, srcKey, dstKey, sport, dport } = this.#tuple;
    const slot = slotOf(protocol);
    if (slot === SLOT.ICMP && icmp.isError(dport >>> 8)) return this.#errorOut(p);
    // The NAT's own packets have their addresses.
    if (p.iif < 0) return ACCEPT;
    if (slot === SLOT.NONE) return this.#refuse(p, 'postrouting', 'protocol');
    // An answer to a query from outside, which found no mapping: there is none.
    if (slot === SLOT.ICMP && !icmpAsks(IPPROTO.ICMP, dport >>> 8)) return this.#refuse(p, 'postrouting', 'no-mapping');
    const remotePort = slot === SLOT.ICMP ? 0 : dport;
    const mapping = this.mappingFor(slot, srcKey, sport, dstKey, remotePort);
    if (mapping === null) return this.#refuse(p, 'postrouting', 'pool-exhausted');
    const flags = slot === SLOT.TCP && this.#place.at + tcp.HEADER <= p.off + p.len ? tcp.flags(p.buf, this.#place.at) : 0;
    this.#keeper.sent(mapping, dstKey, remotePort, flags);
    this.#rewriter.rewrite(p.buf, p.off + ethernet.HEADER, p.off + p.len, 4, MANIP_SRC, mapping.outsideKey, mapping.outsidePort);
    this.#tell(p, mapping, OUT);
    return ACCEPT;
  }

  /** A translated packet on its way to the host inside. */
  #leaveInside(p: Packet): Verdict {
    const target = must(this.#target, 'mapping');
    const source = this.#source;
    this.#current = null;
    if (source !== null && this.behaviour.hairpinning === 'external') {
      this.#rewriter.rewrite(p.buf, p.off + ethernet.HEADER, p.off + p.len, 4, MANIP_SRC, source.outsideKey, source.outsidePort);
      p.decision = this.#sum(p, `${this.#pair(source, OUT)},${this.#pair(target, IN)}`);
    } else this.#tell(p, target, IN);
    return ACCEPT;
  }

  /** An error about what a mapping sent (RFC 5508 REQ-3 to REQ-5): it goes to the host inside. */
  #errorIn(p: Packet): Verdict {
    const mapping = this.#quotedMapping(p, true);
    if (mapping === null) return this.node.addresses.isLocal4(this.#tuple.dstKey) ? ACCEPT : this.#refuse(p, 'prerouting', 'no-mapping');
    const face = this.#face(mapping, true);
    if (!this.#errors.isError(p, 4) || !this.#errors.sound(p, 4, true) || !this.#errors.translate(p, 4, face, MANIP_DST))
      return this.#malformed(p, 'prerouting');
    this.#current = p;
    this.#currentId = p.id;
    this.#target = mapping;
    this.#source = null;
    return ACCEPT;
  }

  /** An error of a host inside, or of the NAT itself, about what came by a mapping. */
  #errorOut(p: Packet): Verdict {
    const mapping = this.#quotedMapping(p, false);
    if (mapping === null) return p.iif < 0 ? ACCEPT : this.#refuse(p, 'postrouting', 'no-mapping');
    const face = this.#face(mapping, false);
    if (!this.#errors.isError(p, 4) || !this.#errors.sound(p, 4, false) || !this.#errors.translate(p, 4, face, MANIP_SRC, p.iif >= 0))
      return this.#malformed(p, 'postrouting');
    return ACCEPT;
  }

  /** The mapping of the packet that an error quotes: one that left by it, or one that came in by it. */
  #quotedMapping(p: Packet, left: boolean): Mapping | null {
    const o = this.#place.at + icmp.HEADER;
    const end = p.off + p.len;
    if (o + 20 > end || !findTransport(p.buf, o, end, 4, this.#quotePlace) || !readTuple(p.buf, o, end, 4, this.#quotePlace, this.node.book, this.#quoted))
      return null;
    const { protocol, srcKey, sport, dstKey, dport } = this.#quoted;
    const slot = slotOf(protocol);
    if (slot === SLOT.NONE) return null;
    if (!left) return this.table.anyOf(slot, dstKey, slot === SLOT.ICMP ? sport : dport);
    const mapping = this.table.at(slot, srcKey, sport);
    return mapping !== null && mapping.alive(this.#moment) ? mapping : null;
  }

  /** A tuple with a mapping's endpoint at both ends, for the translation of errors. */
  #face(mapping: Mapping, inside: boolean): Tuple {
    const face = this.#quoted;
    face.srcKey = face.dstKey = inside ? mapping.insideKey : mapping.outsideKey;
    face.sport = face.dport = inside ? mapping.insidePort : mapping.outsidePort;
    return face;
  }

  #malformed(p: Packet, stage: string): Verdict {
    p.decision = this.node.core.why('malformed', stage, 'icmp-quote');
    return dropVerdict(DROP.MALFORMED);
  }

  #refuse(p: Packet, stage: string, kind: NatRefusal): Verdict {
    const { core } = this.node;
    const exhausted = kind === 'pool-exhausted';
    p.decision = core.decisions.intern({
      node: core.id,
      stage,
      text: exhausted ? {} : { kind },
      reason: { at: 'nat', kind: exhausted ? 'pool-exhausted' : 'no-mapping' },
    });
    return dropVerdict(exhausted ? DROP.NAT_POOL : DROP.NAT_NO_MAPPING);
  }

  /** hot. Adds the translation to the packet's decision; the sum is made once per mapping, direction and route. */
  #tell(p: Packet, mapping: Mapping, direction: 0 | 1): void {
    if (mapping.base[direction] !== p.decision) {
      mapping.base[direction] = p.decision;
      mapping.told[direction] = this.#sum(p, this.#pair(mapping, direction));
    }
    p.decision = mapping.told[direction];
  }

  #pair(mapping: Mapping, direction: 0 | 1): string {
    const { book } = this.node;
    const inside = endpointText(book, addrOf4(mapping.insideKey), mapping.insidePort, true);
    const outside = endpointText(book, addrOf4(mapping.outsideKey), mapping.outsidePort, true);
    return direction === OUT ? `${inside}>${outside}` : `${outside}>${inside}`;
  }

  #sum(p: Packet, nat: string): Packet['decision'] {
    const { core } = this.node;
    const base = p.decision === NO_DECISION ? null : core.decisions.get(p.decision);
    return core.decisions.intern({ node: core.id, stage: base?.stage ?? 'postrouting', text: { ...base?.text, nat }, reason: null });
  }
}
