/**
 * Network address translation of a node, with Linux's semantics (nf_nat_core): chains are asked for the first packet of a
 * connection; what they bind, or that they bind nothing, holds for all its packets in both directions. Destinations are
 * translated at prerouting and output (-100), sources at postrouting and input (100).
 * @module
 */
import { DROP } from '../../base/drop.js';
import { type Rng, randomRoot } from '../../base/rng.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import { CT_REPLIED, CT_REPLY, CT_STATE, CT_STATUS } from '../conntrack/connection.js';
import type { Conntrack } from '../conntrack/conntrack.js';
import type { Entry } from '../conntrack/entry.js';
import type { NatChain, NatRange, Translator } from '../conntrack/tracker.js';
import { Tuple } from '../conntrack/tuple.js';
import { ACCEPT, dropVerdict, PRIORITY, type Verdict } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { HookPoints } from '../ports.js';
import { IPPROTO } from '../transport.js';
import { IcmpErrorTranslation } from './icmp-error.js';
import { type Manip, MANIP_DST, MANIP_SRC, Rewriter } from './manip.js';
import { natText } from './nat-text.js';
import { SourceTable } from './sources.js';
import { UniqueTuples } from './unique-tuple.js';

/** What it needs of its node. */
export interface TranslationPorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly hooks: HookPoints;
}

const POINTS = ['prerouting', 'output', 'postrouting', 'input'] as const;
type NatPoint = NatChain['point'];

export class Nat implements Translator {
  readonly #node: TranslationPorts;
  readonly #conntrack: Conntrack;
  readonly #rewriter: Rewriter;
  readonly #errors: IcmpErrorTranslation;
  readonly #unique: UniqueTuples;
  readonly #chains: Record<NatPoint, NatChain[]> = { prerouting: [], input: [], output: [], postrouting: [] };
  readonly #users = { 4: 0, 6: 0 };
  readonly #undo: Record<4 | 6, (() => void)[]> = { 4: [], 6: [] };
  readonly #wanted = new Tuple();
  readonly #before = new Tuple();

  constructor(node: TranslationPorts, conntrack: Conntrack, random: Rng) {
    this.#node = node;
    this.#conntrack = conntrack;
    this.#rewriter = new Rewriter(node.book);
    this.#errors = new IcmpErrorTranslation(this.#rewriter);
    const sources = new SourceTable();
    this.#unique = new UniqueTuples(conntrack, sources, random);
    conntrack.table.onInserted = (entry) => {
      if ((entry.status & CT_STATUS.SRC_NAT_DONE) !== 0) sources.add(entry);
    };
    conntrack.table.onRemoved = (entry) => {
      if ((entry.status & CT_STATUS.SRC_NAT_DONE) !== 0) sources.remove(entry);
    };
  }

  installChain(chain: NatChain): () => void {
    const list = this.#chains[chain.point];
    // As with hooks: of equal priorities the last that was installed is asked first.
    const later = list.findIndex((other) => other.priority >= chain.priority);
    list.splice(later < 0 ? list.length : later, 0, chain);
    const families = chain.family === 0 ? ([4, 6] as const) : [chain.family];
    for (const family of families) if (this.#users[family]++ === 0) this.#install(family);
    let installed = true;
    return () => {
      if (!installed) return;
      installed = false;
      list.splice(list.indexOf(chain), 1);
      for (const family of families) if (--this.#users[family] === 0) for (const undo of this.#undo[family].splice(0)) undo();
    };
  }

  setup(p: Packet, point: NatPoint, range: NatRange): Verdict {
    const entry = p.ct as Entry | null;
    const manip = manipAt(point);
    if (entry !== null && !entry.confirmed && !bound(entry, manip)) {
      this.#bind(entry, manip, range);
      if (range.masquerade === true) entry.masqueradeOn = p.oif;
    }
    return ACCEPT;
  }

  #install(family: 4 | 6): void {
    for (const point of POINTS) {
      const manip = manipAt(point);
      const priority = manip === MANIP_DST ? PRIORITY.DSTNAT : PRIORITY.SRCNAT;
      this.#undo[family].push(this.#node.hooks.install({ point, priority, family, run: (p) => this.#run(p, family, point, manip) }));
    }
  }

  /** hot. */
  #run(p: Packet, family: 4 | 6, point: NatPoint, manip: Manip): Verdict {
    const entry = p.ct as Entry | null;
    if (entry === null) return ACCEPT;
    const direction = (p.ctinfo & CT_REPLY) === 0 ? 0 : 1;
    const state = p.ctinfo & 255;
    if (state === CT_STATE.RELATED && this.#errors.isError(p, family)) return this.#error(p, entry, family, point, manip, direction);
    if (state !== CT_STATE.ESTABLISHED && !bound(entry, manip)) {
      const verdict = this.#ask(p, entry, family, point, manip);
      if (verdict !== ACCEPT) return verdict;
    } else if (this.#leftElsewhere(p, entry, point, direction)) return this.#forget(p, entry);
    if (translates(entry, manip, direction)) {
      const other = entry.tuple(1 - direction);
      const query = other.protocol === IPPROTO.ICMP || other.protocol === IPPROTO.IPV6_ICMP;
      // What is sent looks like the inverse of what comes back.
      const key = manip === MANIP_SRC ? other.dstKey : other.srcKey;
      const port = manip === MANIP_SRC && !query ? other.dport : other.sport;
      this.#rewriter.rewrite(p.buf, p.off + ethernet.HEADER, p.off + p.len, family, manip, key, port);
    }
    if (point === 'postrouting' && (entry.status & (CT_STATUS.SNAT | CT_STATUS.DNAT)) !== 0) this.#tell(p, entry, direction);
    return ACCEPT;
  }

  /** The chains, for the first packet of a connection; without an answer it stays as it is, but for a port that is taken. */
  #ask(p: Packet, entry: Entry, family: 4 | 6, point: NatPoint, manip: Manip): Verdict {
    for (const chain of this.#chains[point]) {
      if (chain.family !== 0 && chain.family !== family) continue;
      const verdict = chain.run(p);
      if (verdict !== ACCEPT) return verdict;
      if (bound(entry, manip)) return ACCEPT;
    }
    if (!entry.confirmed) {
      this.#before.setInverse(entry.reply);
      const addr = manip === MANIP_SRC ? this.#before.src : this.#before.dst;
      this.#bind(entry, manip, { family, addresses: { from: addr, to: addr }, ports: null, random: false, fullyRandom: false, persistent: false });
    }
    return ACCEPT;
  }

  #bind(entry: Entry, manip: Manip, range: NatRange): void {
    this.#before.setInverse(entry.reply);
    this.#wanted.set(this.#before);
    this.#unique.choose(this.#wanted, range, entry, manip);
    if (!this.#wanted.equals(this.#before)) {
      entry.reply.setInverse(this.#wanted);
      entry.status |= manip === MANIP_SRC ? CT_STATUS.SNAT : CT_STATUS.DNAT;
    }
    entry.status |= manip === MANIP_SRC ? CT_STATUS.SRC_NAT_DONE : CT_STATUS.DST_NAT_DONE;
  }

  #error(p: Packet, entry: Entry, family: 4 | 6, point: NatPoint, manip: Manip, direction: 0 | 1): Verdict {
    const { core } = this.#node;
    if (!this.#errors.sound(p, family, point === 'prerouting')) {
      p.decision = core.why('checksum', point, 'icmp');
      return dropVerdict(DROP.CHECKSUM);
    }
    if (this.#errors.isRedirect(p, family) && !redirectable(entry)) {
      p.decision = core.decisions.intern({ node: core.id, stage: point, text: { kind: 'icmp-redirect' }, reason: { at: 'nat', kind: 'no-mapping' } });
      return dropVerdict(DROP.NAT_NO_MAPPING);
    }
    if (translates(entry, manip, direction) && !this.#errors.translate(p, family, entry.tuple(1 - direction), manip)) {
      p.decision = core.why('malformed', point, 'icmp-quote');
      return dropVerdict(DROP.MALFORMED);
    }
    if (point === 'postrouting' && (entry.status & (CT_STATUS.SNAT | CT_STATUS.DNAT)) !== 0) {
      p.decision = this.#sum(p, natText(this.#node.book, entry, direction, false));
    }
    return ACCEPT;
  }

  /** hot. A masqueraded connection whose packets now leave by another interface. */
  #leftElsewhere(p: Packet, entry: Entry, point: NatPoint, direction: number): boolean {
    return entry.masqueradeOn >= 0 && point === 'postrouting' && direction !== CT_REPLIED && entry.masqueradeOn !== p.oif;
  }

  #forget(p: Packet, entry: Entry): Verdict {
    const { core } = this.#node;
    this.#conntrack.table.remove(entry);
    p.decision = core.decisions.intern({
      node: core.id,
      stage: 'postrouting',
      text: { kind: 'masquerade-interface-changed' },
      reason: { at: 'nat', kind: 'no-mapping' },
    });
    return dropVerdict(DROP.NAT_NO_MAPPING);
  }

  /** hot. Adds the translation to the packet's decision; the sum is made once per direction and route. */
  #tell(p: Packet, entry: Entry, direction: 0 | 1): void {
    if (entry.natBase[direction] !== p.decision) {
      entry.natBase[direction] = p.decision;
      entry.natDecision[direction] = this.#sum(p, natText(this.#node.book, entry, direction, true));
    }
    p.decision = entry.natDecision[direction];
  }

  #sum(p: Packet, nat: string): Packet['decision'] {
    const { core } = this.#node;
    const base = p.decision === 0 ? null : core.decisions.get(p.decision);
    return core.decisions.intern({ node: core.id, stage: base?.stage ?? 'postrouting', text: { ...base?.text, nat }, reason: null });
  }
}

/** hot. Which end is translated there. */
function manipAt(point: NatPoint): Manip {
  return point === 'postrouting' || point === 'input' ? MANIP_SRC : MANIP_DST;
}

/** hot. Whether it is settled what that end of the connection is translated to. */
function bound(entry: Entry, manip: Manip): boolean {
  return (entry.status & (manip === MANIP_SRC ? CT_STATUS.SRC_NAT_DONE : CT_STATUS.DST_NAT_DONE)) !== 0;
}

/** hot. Whether a packet of that direction is changed there: answers are changed at the other end. */
function translates(entry: Entry, manip: Manip, direction: number): boolean {
  const source = (manip === MANIP_SRC) === (direction === 0);
  return (entry.status & (source ? CT_STATUS.SNAT : CT_STATUS.DNAT)) !== 0;
}

/** An ICMP redirect passes only where nothing is translated. */
function redirectable(entry: Entry): boolean {
  const done = CT_STATUS.SRC_NAT_DONE | CT_STATUS.DST_NAT_DONE;
  return (entry.status & done) === done && (entry.status & (CT_STATUS.SNAT | CT_STATUS.DNAT)) === 0;
}

/** Translation on a node whose connections are tracked. Its hooks are in force while a chain is installed. */
export function createTranslator(node: TranslationPorts, conntrack: Conntrack): Nat {
  return new Nat(node, conntrack, randomRoot(node.core.random.u32()).stream('nat'));
}
