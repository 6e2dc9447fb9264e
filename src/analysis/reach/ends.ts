/**
 * The ends of a question to the oracle, as people write them: `NODE`, `NODE:INTERFACE` or an address.
 * @module
 */
import { LabError } from '../../base/error.js';
import { formatAddress, parseAddress } from '../../wire/address.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Plan, PlanNode } from '../../topology/plan.js';
import { ownersOf } from '../addresses.js';

export interface ReachEnd {
  /** Null when nobody has the address. */
  readonly node: PlanNode | null;
  /** Canonical. */
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Errors: TOPOLOGY_REFERENCE.
 * @param family of a node's address; without it the family of the other end, or IPv4 where there is one
 */
export function reachEnd(plan: Plan, text: string, family?: 4 | 6): ReachEnd {
  const literal = parseAddress(text);
  if (literal !== undefined) {
    if (family !== undefined && family !== literal.family)
      throw new LabError('TOPOLOGY_REFERENCE', `${text} is no IPv${family} address`, { expected: `two ends that speak IPv${family}` });
    const address = formatAddress(literal);
    return { node: ownersOf(plan).of(address) ?? null, address, family: literal.family };
  }
  const colon = text.indexOf(':');
  const [name, nic] = colon < 0 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  const node = nodeNamed(plan, name);
  const interfaces = node.interfaces.filter((iface) => nic === null || iface.name === nic);
  if (nic !== null && interfaces.length === 0) {
    const names = node.interfaces.map((iface) => iface.name);
    throw new LabError('TOPOLOGY_REFERENCE', `${name} has no interface "${nic}"`, { expected: `one of: ${listed(names)}`, ...didYouMean(nic, names) });
  }
  const addresses = interfaces.flatMap((iface) => iface.addresses);
  const chosen = addresses.find((one) => one.family === (family ?? 4)) ?? (family === undefined ? addresses[0] : undefined);
  if (chosen === undefined)
    throw new LabError('TOPOLOGY_REFERENCE', `${text} has no ${family === undefined ? '' : `IPv${family} `}address`, { expected: 'a node that speaks IP' });
  return { node, address: chosen.address, family: chosen.family };
}

/** Errors: TOPOLOGY_REFERENCE. */
export function nodeNamed(plan: Plan, name: string): PlanNode {
  const node = plan.nodes.find((one) => one.name === name);
  if (node !== undefined) return node;
  const names = plan.nodes.map((one) => one.name);
  throw new LabError('TOPOLOGY_REFERENCE', `there is no node "${name}"`, {
    expected: `one of: ${listed(names, 40)}; or an address`,
    ...didYouMean(name, names),
  });
}
