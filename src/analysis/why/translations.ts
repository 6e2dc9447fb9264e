/**
 * Translations that were not made, or made otherwise, since connection tracking had an entry already: rules are asked for
 * the first packet of a connection only, and two connections never share their ends (nf_nat_core: nf_nat_used_tuple).
 * @module
 */
import { protocolName } from '../../capture/ledger.js';
import type { Flow, Ledger } from '../../capture/ledger.js';
import type { FlowId } from '../../base/brand.js';
import type { Plan } from '../../topology/plan.js';
import { hostPort } from '../../wire/address.js';
import { splitEndpoint } from '../addresses.js';
import { crossingsOf } from '../trails.js';
import { endsOf } from './packet-ends.js';
import { natRuleFor } from './nat-rules.js';
import type { NatRule, PacketFacts } from './nat-rules.js';
import type { BothWays } from './state.js';
import type { OtherFlow, Remark } from './story.js';
import type { RawWay } from './ways.js';

interface Around {
  readonly ledger: Ledger;
  readonly plan: Plan | null;
  readonly all: ReadonlyMap<FlowId, Flow>;
}

export function translationRemarks({ ledger, plan, all }: Around, flow: Flow, both: BothWays): readonly Remark[] {
  const ways = [both.there, both.back];
  return [...ways.flatMap((list) => (plan === null ? [] : untranslated(ledger, plan, list))), ...portsTaken(all, flow, ways.flat())];
}

/** Packets changed to a link where a rule would translate new connections; theirs had begun before. */
function untranslated(ledger: Ledger, plan: Plan, ways: readonly RawWay[]): readonly Remark[] {
  const [first, ...later] = ways;
  if (first === undefined) return [];
  const found = later.flatMap((way) =>
    way.end.kind !== 'dropped'
      ? []
      : way.hops.flatMap((hop, i): readonly Extract<Remark, { kind: 'untranslated' }>[] => {
          const before = first.hops.find(({ node }) => node === hop.node);
          const ruleset = plan.nodes.find(({ name }) => name === hop.node)?.firewall?.ruleset;
          if (ruleset === undefined || before === undefined || before.interface === hop.interface || hop.decided.some(({ nat }) => nat.length > 0)) return [];
          const facts = factsAt(ledger, way, i);
          const rule = facts === null ? null : natRuleFor(ruleset, 'postrouting', facts);
          if (facts === null || rule === null || natRuleFor(ruleset, 'postrouting', { ...facts, oif: before.interface })?.rule === rule.rule) return [];
          return [{ kind: 'untranslated', node: hop.node, rule: metOf(rule), link: hop.link, began: before.link }];
        }),
  );
  return found.filter(({ node, link }, i) => found.findIndex((other) => other.node === node && other.link === link) === i);
}

/** Of the first packet of a way as it left the node before its link number `k`. */
function factsAt(ledger: Ledger, { hops, strands }: RawWay, k: number): PacketFacts | null {
  const strand = strands[0];
  const crossings = strand === undefined ? [] : crossingsOf(strand.steps);
  const out = crossings[k]?.out ?? -1;
  const [step, owner] = [strand?.steps[out], strand?.owners[out]];
  const ends = step === undefined || owner === undefined ? null : endsOf(ledger.bytes(owner, step.point));
  if (ends === null) return null;
  const came = crossings[k - 1];
  const iif = came === undefined ? null : ledger.points.linkPoint(ledger.points.ofLink(came.link, came.side === 0 ? 1 : 0)).interface;
  const { family, protocol, source, destination, sourcePort, destinationPort } = ends;
  return { family, protocol, iif, oif: hops[k]?.interface ?? null, source, destination, sourcePort, destinationPort };
}

function metOf({ chain, rule }: NatRule): Extract<Remark, { kind: 'untranslated' }>['rule'] {
  return { chain, rule: rule.number, src: { file: rule.src.file, line: rule.src.line }, says: rule.comment };
}

/** A translator keeps the source's port unless another connection with the same peer has it: one from outside, or of somebody else inside. */
function portsTaken(all: ReadonlyMap<FlowId, Flow>, flow: Flow, ways: readonly RawWay[]): readonly Remark[] {
  const ends = [flow, ...flow.aliases].flatMap(({ a, b }) => [a, b]);
  const found = ways.flatMap(({ hops }) =>
    hops.flatMap(({ node, decided }) =>
      decided.flatMap(({ nat }) =>
        nat.flatMap(({ from, to }): readonly Extract<Remark, { kind: 'port-taken' }>[] => {
          const [was, is] = [splitEndpoint(from), splitEndpoint(to)];
          if (was.port === 0 || was.port === is.port || was.address === is.address) return [];
          const wanted = hostPort(is.address, was.port);
          const by = holderOf(all, flow, wanted, ends);
          return by === null ? [] : [{ kind: 'port-taken', node, wanted, got: to, by }];
        }),
      ),
    ),
  );
  return found.filter(({ node, wanted }, i) => found.findIndex((one) => one.node === node && one.wanted === wanted) === i);
}

/** Who speaks with the same peer from that end. Of two that share a name the ledger makes one flow, so it may be this one, by another name. */
function holderOf(all: ReadonlyMap<FlowId, Flow>, flow: Flow, wanted: string, ends: readonly string[]): OtherFlow | null {
  for (const one of all.values()) {
    if (one.id > flow.id || one.protocol !== flow.protocol) continue;
    // The last of its names is the one that it has outside.
    const name = [one, ...one.aliases].findLast(({ a, b }) => (a === wanted && ends.includes(b)) || (b === wanted && ends.includes(a)));
    if (name !== undefined) return { flow: one.id, protocol: protocolName(one.protocol), a: name.a, b: name.b };
  }
  return null;
}
