/**
 * The network of a plan on the simulator: its nodes as objects, the links between them. No roles; so a run and whoever
 * only asks what the network does with a packet have the same one.
 * @module
 */
import type { RandomRoot } from '../../base/rng.js';
import type { Decisions } from '../../capture/decisions.js';
import { createFabric } from '../../fabric/fabric.js';
import type { Fabric } from '../../fabric/fabric.js';
import type { Tap } from '../../fabric/link.js';
import { createPool } from '../../fabric/pool.js';
import type { CountedPool } from '../../fabric/pool.js';
import type { Scheduler } from '../../fabric/scheduler.js';
import { AddressBook } from '../../netstack/address-book.js';
import type { Plan } from '../../topology/plan.js';
import { emulateNode, type EmulatedNode } from '../emulated/emulated-node.js';

export interface SimNetwork {
  readonly pool: CountedPool;
  readonly fabric: Fabric;
  readonly book: AddressBook;
  /** By id. */
  readonly nodes: readonly EmulatedNode[];
}

export interface SimNetworkDeps {
  readonly scheduler: Scheduler;
  readonly tap: Tap;
  readonly decisions: Decisions;
  readonly random: RandomRoot;
}

export function buildNetwork(plan: Plan, { scheduler, tap, decisions, random }: SimNetworkDeps): SimNetwork {
  const pool = createPool();
  const book = new AddressBook();
  const fabric = createFabric({ links: plan.links, scheduler, pool, tap, random });
  const deps = { scheduler, pool, tap, book, decisions };
  const nodes = plan.nodes.map((node) => emulateNode(node, (iface) => fabric.end(iface.link, iface.side), deps, random));
  return { pool, fabric, book, nodes };
}
