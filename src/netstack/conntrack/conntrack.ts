/**
 * Connection tracking of a node, with Linux's semantics (nf_conntrack_core): packets that come in are tracked at
 * prerouting, those that the node makes at output; an entry is in the table once its first packet has come through the
 * node (input or postrouting, last), and dies with it before.
 * @module
 */
import { DROP } from '../../base/drop.js';
import { plus, seconds, type Nanos } from '../../base/time.js';
import type { Packet } from '../../fabric/packet.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as tcp from '../../wire/tcp.js';
import * as udp from '../../wire/udp.js';
import { ACCEPT, dropVerdict, type Hook, type HookPoint, PRIORITY, type Verdict } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { HookPoints } from '../ports.js';
import { IPPROTO } from '../transport.js';
import { CT_REPLIED, CT_REPLY, CT_STATE, CT_STATUS, type Connection } from './connection.js';
import { Entry } from './entry.js';
import { IcmpTracking } from './icmp.js';
import { Moment } from './moment.js';
import { findTransport, readTuple, TransportPlace } from './packet-tuple.js';
import { type ResolvedSettings, resolveSettings, TIMEOUT } from './settings.js';
import { ConnectionTable } from './table.js';
import { TCP } from './tcp/states.js';
import { TCP_ACCEPTED, TCP_REPEAT, TcpTracking } from './tcp/tracking.js';
import type { ConntrackSettings, Tracker } from './tracker.js';
import { icmpAsks, Tuple } from './tuple.js';
import { CT_WHY, whyBits, whyInvalid } from './why.js';

/** What it needs of its node. */
export interface TrackingPorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly hooks: HookPoints;
  readonly defragments: Set<4 | 6>;
}

const IPPROTO_GRE = 47;
/** From this age on a UDP flow that is answered is a stream. */
const STREAM_AGE = seconds(2);
/** After this long under pressure Linux's garbage collection has come round (GC_SCAN_INTERVAL_MAX). */
const PRESSURE = seconds(60);

export class Conntrack implements Tracker {
  readonly node: TrackingPorts;
  readonly settings: ResolvedSettings;
  readonly moment: Moment;
  readonly table: ConnectionTable;
  readonly stats = {
    found: 0,
    invalid: 0,
    insert: 0,
    insert_failed: 0,
    drop: 0,
    early_drop: 0,
    error: 0,
    search_restart: 0,
    clash_resolve: 0,
    chaintoolong: 0,
  };
  readonly #tcp: TcpTracking;
  readonly #icmp: IcmpTracking;
  readonly #place = new TransportPlace();
  readonly #tuple = new Tuple();
  readonly #inverse = new Tuple();
  #lastId = 0;
  /** Since when the table is full and nothing near the new entry could go. */
  #pressed: Nanos | null = null;
  readonly #undo: Record<4 | 6, (() => void)[]> = { 4: [], 6: [] };

  constructor(node: TrackingPorts, settings: ConntrackSettings) {
    this.node = node;
    this.settings = resolveSettings(settings);
    this.moment = new Moment(node.core.scheduler);
    this.table = new ConnectionTable(this.moment);
    this.#tcp = new TcpTracking(this.settings, this.table, this.moment);
    this.#icmp = new IcmpTracking(node, this.table, this.settings);
  }

  of(p: Packet): Connection | null {
    return p.ct as Entry | null;
  }

  notrack(p: Packet): void {
    if (p.ct === null) p.ctinfo = CT_STATE.UNTRACKED;
  }

  reset(p: Packet): void {
    const entry = p.ct as Entry | null;
    if (entry === null || entry.tcp === null || !entry.confirmed || entry.tcp.state === TCP.CLOSE) return;
    entry.tcp.state = TCP.CLOSE;
    this.moment.take();
    entry.refresh(this.moment, this.settings.timeouts, TCP.CLOSE);
  }

  entries(): readonly Connection[] {
    this.moment.take();
    this.table.sweep();
    return this.table.list();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.stats };
  }

  flush(): void {
    for (const entry of this.table.list()) this.table.remove(entry);
  }

  invalidReason(p: Packet): string | null {
    return whyInvalid(p.ctinfo);
  }

  /**
   * Which families are tracked from now on: Linux tracks those that a rule asks for. Of the others the hooks go; their
   * entries stay until their time is over.
   */
  watch(families: ReadonlySet<4 | 6>): void {
    for (const family of [4, 6] as const) {
      if (!families.has(family)) for (const undo of this.#undo[family].splice(0)) undo();
      else if (this.#undo[family].length === 0) this.#install(family);
    }
  }

  /** As {@link watch} of none. */
  close(): void {
    this.watch(new Set());
  }

  /** hot. What the hooks at -200 do. */
  track(p: Packet, family: 4 | 6, arrived: boolean): Verdict {
    // Seen before: on the loopback, or an error about a tracked packet.
    if (p.ct !== null || p.ctinfo === CT_STATE.UNTRACKED) return ACCEPT;
    this.moment.take();
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    const end = p.off + p.len;
    const place = this.#place;
    if (!findTransport(b, o, end, family, place)) return this.#invalid(p, CT_WHY.MALFORMED);
    if (place.protocol === IPPROTO.ICMP || place.protocol === IPPROTO.IPV6_ICMP) {
      const why = this.#icmp.error(p, family, place, end, arrived);
      if (why !== 0) {
        this.stats.error++;
        p.ctinfo = CT_STATE.INVALID | whyBits(why);
        return ACCEPT;
      }
      if (p.ctinfo !== 0) return ACCEPT;
    }
    if (!readTuple(b, o, end, family, place, this.node.book, this.#tuple)) return this.#invalid(p, CT_WHY.MALFORMED);
    for (;;) {
      const verdict = this.#resolve(p, arrived);
      if (verdict !== ACCEPT || p.ct === null) return verdict;
      const entry = p.ct as Entry;
      const why = this.#packet(entry, p, family, end, arrived);
      if (why === 0) {
        if ((p.ctinfo & CT_REPLY) !== 0) entry.status |= CT_STATUS.SEEN_REPLY;
        return ACCEPT;
      }
      p.ct = null;
      p.ctinfo = 0;
      if (why !== TCP_REPEAT) return this.#invalid(p, why);
    }
  }

  /** hot. What the hooks that come last do. */
  confirm(p: Packet): Verdict {
    const entry = p.ct as Entry | null;
    if (entry === null || (entry.status & CT_STATUS.CONFIRMED) !== 0 || (p.ctinfo & CT_REPLY) !== 0) return ACCEPT;
    return this.#confirmNew(entry, p);
  }

  /** Whether an entry other than `mine` has that tuple: for translation. An entry of the very same flow does not count. */
  taken(tuple: Tuple, mine: Entry): boolean {
    const found = (this.table.find(tuple)?.entry ?? null) as Entry | null;
    if (found === null || found === mine || found.original.equals(mine.original)) return false;
    this.stats.found++;
    return true;
  }

  #install(family: 4 | 6): void {
    const { node } = this;
    const undo = this.#undo[family];
    const hook = (point: HookPoint, priority: number, run: Hook['run']): void => {
      undo.push(node.hooks.install({ point, priority, family, run }));
    };
    node.defragments.add(family);
    undo.push(() => node.defragments.delete(family));
    hook('prerouting', PRIORITY.CONNTRACK, (p) => this.track(p, family, true));
    hook('output', PRIORITY.CONNTRACK, (p) => this.track(p, family, false));
    hook('input', PRIORITY.CONFIRM, (p) => this.confirm(p));
    hook('postrouting', PRIORITY.CONFIRM, (p) => this.confirm(p));
  }

  #invalid(p: Packet, why: number): Verdict {
    this.stats.invalid++;
    p.ctinfo = CT_STATE.INVALID | whyBits(why);
    return ACCEPT;
  }

  /** hot. Finds or makes the packet's entry: sets `p.ct` and `p.ctinfo`. */
  #resolve(p: Packet, arrived: boolean): Verdict {
    const tuple = this.table.find(this.#tuple);
    if (tuple === null) return this.#open(p, arrived);
    const entry = tuple.entry as Entry;
    p.ct = entry;
    if (tuple.direction === CT_REPLIED) p.ctinfo = CT_STATE.ESTABLISHED | CT_REPLY;
    else p.ctinfo = (entry.status & CT_STATUS.SEEN_REPLY) !== 0 ? CT_STATE.ESTABLISHED : CT_STATE.NEW;
    return ACCEPT;
  }

  #open(p: Packet, arrived: boolean): Verdict {
    if (!this.#inverse.setInverse(this.#tuple)) return this.#invalid(p, CT_WHY.ICMP_UNASKED);
    if (this.settings.max !== 0 && this.table.count >= this.settings.max && !this.#makeRoom()) {
      this.stats.drop++;
      p.decision = this.node.core.decisions.intern({
        node: this.node.core.id,
        stage: arrived ? 'prerouting' : 'output',
        text: { ct: 'new', kind: `nf_conntrack_max:${this.settings.max}` },
        reason: { at: 'conntrack', kind: 'table-full' },
      });
      return dropVerdict(DROP.CT_FULL);
    }
    p.ct = new Entry(++this.#lastId, this.#tuple, this.#inverse);
    p.ctinfo = CT_STATE.NEW;
    return ACCEPT;
  }

  #makeRoom(): boolean {
    const { table } = this;
    const now = this.moment.time;
    const { max } = this.settings;
    table.sweep();
    if (this.#pressed !== null && now - this.#pressed >= PRESSURE) {
      this.#pressed = null;
      // As Linux reckons 95 %: of less than a hundred it is nothing, and then nothing goes.
      const most = Math.floor(max / 100) * 95;
      if (most > 0) table.relieve(most);
    }
    if (table.count < max) return true;
    const gone = table.evict(this.#tuple);
    this.stats.early_drop += gone;
    if (gone === 0) this.#pressed ??= now;
    return gone > 0;
  }

  /** hot. The protocol's part. @returns why the packet is invalid, 0 or {@link TCP_REPEAT} */
  #packet(entry: Entry, p: Packet, family: 4 | 6, end: number, arrived: boolean): number {
    const { moment } = this;
    const { timeouts } = this.settings;
    switch (entry.original.protocol) {
      case IPPROTO.UDP:
        return this.#udp(entry, p, family, end, arrived);
      case IPPROTO.TCP:
        return this.#tcpSegment(entry, p, family, end, arrived);
      case IPPROTO.ICMP:
        if (family !== 4 || !icmpAsks(IPPROTO.ICMP, entry.original.dport >>> 8)) return CT_WHY.ICMP_UNASKED;
        entry.refresh(moment, timeouts, TIMEOUT.ICMP);
        return 0;
      case IPPROTO.IPV6_ICMP:
        if (family !== 6 || !icmpAsks(IPPROTO.IPV6_ICMP, entry.original.dport >>> 8)) return CT_WHY.ICMP_UNASKED;
        entry.refresh(moment, timeouts, TIMEOUT.ICMPV6);
        return 0;
      case IPPROTO_GRE:
        if ((entry.status & CT_STATUS.SEEN_REPLY) === 0) entry.refresh(moment, timeouts, TIMEOUT.GRE);
        else {
          entry.refresh(moment, timeouts, TIMEOUT.GRE_STREAM);
          entry.status |= CT_STATUS.ASSURED;
        }
        return 0;
      default:
        entry.refresh(moment, timeouts, TIMEOUT.GENERIC);
        return 0;
    }
  }

  #udp(entry: Entry, p: Packet, family: 4 | 6, end: number, arrived: boolean): number {
    const b = p.buf;
    const { at } = this.#place;
    if (udp.check(b, at, end - at) !== 0) return CT_WHY.MALFORMED;
    if (arrived && this.settings.checksum && udp.checksum(b, at) !== 0 && !sumsUp(p, family, IPPROTO.UDP, at, end)) return CT_WHY.CHECKSUM;
    const { moment } = this;
    const { timeouts } = this.settings;
    if (!entry.confirmed) entry.streamSince = plus(moment.time, STREAM_AGE);
    if ((entry.status & CT_STATUS.SEEN_REPLY) !== 0 && moment.time > entry.streamSince) {
      entry.refresh(moment, timeouts, TIMEOUT.UDP_STREAM);
      entry.status |= CT_STATUS.ASSURED;
    } else entry.refresh(moment, timeouts, TIMEOUT.UDP);
    return 0;
  }

  #tcpSegment(entry: Entry, p: Packet, family: 4 | 6, end: number, arrived: boolean): number {
    const { at } = this.#place;
    const { tcp: track } = entry;
    if (track === null || tcp.check(p.buf, at, end - at) !== 0) return CT_WHY.MALFORMED;
    if (arrived && this.settings.checksum && !sumsUp(p, family, IPPROTO.TCP, at, end)) return CT_WHY.CHECKSUM;
    const verdict = this.#tcp.packet(entry, track, (p.ctinfo & CT_REPLY) === 0 ? 0 : 1, p.buf, at, end - at);
    return verdict === TCP_ACCEPTED ? 0 : verdict;
  }

  /** The first packet has come through: into the table, unless somebody else has its tuples by now. */
  #confirmNew(entry: Entry, p: Packet): Verdict {
    this.moment.take();
    if ((entry.status & CT_STATUS.DYING) !== 0) {
      this.stats.insert_failed++;
      return this.#lost(entry, p);
    }
    const clash = this.table.find(entry.original) ?? this.table.find(entry.reply);
    if (clash === null) {
      this.table.insert(entry);
      return ACCEPT;
    }
    const winner = clash.entry as Entry;
    if (entry.original.protocol === IPPROTO.UDP && sameFlow(winner, entry)) {
      this.stats.clash_resolve++;
      p.ct = winner;
      return ACCEPT;
    }
    this.stats.drop++;
    this.stats.insert_failed++;
    return this.#lost(entry, p);
  }

  /** A packet whose entry finds no place: where it was to be translated, nothing was free. */
  #lost(entry: Entry, p: Packet): Verdict {
    const translated = (entry.status & (CT_STATUS.SNAT | CT_STATUS.DNAT | CT_STATUS.SRC_NAT_DONE)) !== 0;
    const stage = p.oif < 0 ? 'input' : 'postrouting';
    const { core } = this.node;
    if (!translated) {
      p.decision = core.decisions.intern({ node: core.id, stage, text: { ct: 'new', kind: 'clash' }, reason: { at: 'conntrack', kind: 'invalid' } });
      return dropVerdict(DROP.CT_INVALID);
    }
    p.decision = core.decisions.intern({ node: core.id, stage, text: { ct: 'new', kind: 'no-free-tuple' }, reason: { at: 'nat', kind: 'pool-exhausted' } });
    return dropVerdict(DROP.NAT_POOL);
  }
}

/** hot. As the kernel has it: over all that follows the IP header. */
export function sumsUp(p: Packet, family: 4 | 6, protocol: number, at: number, end: number): boolean {
  const o = p.off + ethernet.HEADER;
  const n = end - at;
  const pseudo = family === 4 ? checksum.pseudo4(p.buf, o, protocol, n) : checksum.pseudo6(p.buf, o, protocol, n);
  return checksum.verifyView(p.view, at, n, pseudo);
}

function sameFlow(a: Entry, b: Entry): boolean {
  return (a.original.equals(b.original) && a.reply.equals(b.reply)) || (a.original.equals(b.reply) && a.reply.equals(b.original));
}

/** A node's connection table; its hooks are in force from now on. */
export function createTracker(node: TrackingPorts, settings: ConntrackSettings = {}, families: ReadonlySet<4 | 6> = new Set([4, 6])): Conntrack {
  const conntrack = new Conntrack(node, settings);
  conntrack.watch(families);
  return conntrack;
}
