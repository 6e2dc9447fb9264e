/**
 * What the plan says of a node, put into its tables: addresses, neighbours, routes, rules.
 * @module
 */
import { must } from '../base/assert.js';
import type { PlanNode, PlanRule } from '../topology/plan.js';
import { parseMac } from '../wire/address.js';
import { formatPrefix, parsePrefix } from '../wire/prefix.js';
import type { AddressBook } from './address-book.js';
import type { Addresses } from './addresses.js';
import { type Interface, LOOPBACK_INDEX, NO_INTERFACE } from './interface.js';
import { macBytes } from './neighbour/frames.js';
import { ALL_NODES, ALL_ROUTERS } from './neighbour/ndp.js';
import type { Neighbours } from './neighbour/neighbours.js';
import type { ReversePath } from './routing/reverse-path.js';
import { MAIN_TABLE, type PolicyRule, type RouteTables } from './route-tables.js';

/** What it needs of its node. */
interface Ports {
  readonly plan: PlanNode;
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
  readonly addresses: Addresses;
  readonly neighbours: Pick<Neighbours, 'addStatic'>;
  readonly routes: RouteTables;
  readonly reversePath: Pick<ReversePath, 'own'>;
}

export function configure(node: Ports): void {
  const { plan, book, addresses, neighbours, routes } = node;
  const loopback = must(node.interfaces[LOOPBACK_INDEX], 'loopback');
  addresses.join(ALL_NODES);
  if (plan.forwards) addresses.join(ALL_ROUTERS);
  addAddress(node, loopback, { family: 4, address: '127.0.0.1', prefixLength: 8 });
  addAddress(node, loopback, { family: 6, address: '::1', prefixLength: 128 });
  for (const planned of plan.interfaces) {
    const iface = must(node.interfaces[planned.index], 'interface');
    for (const address of planned.addresses) addAddress(node, iface, address);
    addresses.addLinkLocal(iface, must(parseMac(planned.mac), 'MAC'));
    for (const known of planned.neighbours) {
      const addr = must(book.parse(known.address), `neighbour ${known.address} of ${plan.name}`);
      neighbours.addStatic(iface, addr, macBytes(must(parseMac(known.mac), `MAC of neighbour ${known.address}`)));
    }
  }
  for (const route of plan.routes) routes.add(route);
  for (const rule of plan.rules ?? []) routes.addRule(ruleOf(node, rule));
  for (const iface of node.interfaces) if (!iface.loopback) addConnected(iface, routes);
}

function addAddress({ addresses, reversePath }: Ports, iface: Interface, planned: Parameters<Addresses['add']>[1]): void {
  const key = addresses.add(iface, planned);
  if (key !== null) reversePath.own(key);
}

function ruleOf({ plan, interfaces }: Ports, { family, priority, table, from, fwmark, iif }: PlanRule): PolicyRule {
  return { family, priority, table, ...(from !== null && { from }), ...fwmark, ...(iif !== null && { iif: indexOf(iif) }) };

  function indexOf(name: string): number {
    const iface = must(
      interfaces.find((i) => i.name === name),
      `interface ${name} of ${plan.name}`,
    );
    // What the node makes itself came in by none; to a rule that is the loopback.
    return iface.loopback ? NO_INTERFACE : iface.index;
  }
}

/** The networks of an interface's own addresses, where the plan has not said it. */
function addConnected(iface: Interface, routes: RouteTables): void {
  const known = routes.list();
  for (const a of iface.addresses) {
    if (a.linkLocal) continue;
    const prefix = formatPrefix(must(parsePrefix(`${a.text}/${a.prefixLength}`), 'prefix of an address'));
    if (known.some((r) => r.table === MAIN_TABLE && r.prefix === prefix && r.hops.some((hop) => hop.iface === iface && hop.via === null))) continue;
    routes.add({ prefix, dev: iface.name, origin: 'connected' });
  }
}
