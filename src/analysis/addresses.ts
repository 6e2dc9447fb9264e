/**
 * Who holds an address, by the plan.
 * @module
 */
import type { Plan, PlanNode } from '../topology/plan.js';

export class AddressOwners {
  readonly #byAddress = new Map<string, PlanNode>();

  constructor(plan: Plan) {
    for (const node of plan.nodes) {
      for (const iface of node.interfaces) for (const { address } of iface.addresses) this.#byAddress.set(address, node);
    }
  }

  of(address: string): PlanNode | undefined {
    return this.#byAddress.get(address);
  }

  /** Owner of the address of `192.0.2.7:5060`. */
  ofEndpoint(text: string): PlanNode | undefined {
    return this.of(splitEndpoint(text).address);
  }
}

const known = new WeakMap<Plan, AddressOwners>();

/** The owners of a plan, made once for each plan. */
export function ownersOf(plan: Plan): AddressOwners {
  let owners = known.get(plan);
  if (owners === undefined) known.set(plan, (owners = new AddressOwners(plan)));
  return owners;
}

/** `192.0.2.7:5060` and `[2001:db8::7]:5060` in two parts; a flow without ports gives port 0. */
export function splitEndpoint(text: string): { readonly address: string; readonly port: number } {
  const six = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (six !== null) return { address: six[1] ?? '', port: Number(six[2] ?? 0) };
  const colons = text.split(':');
  return colons.length === 2 ? { address: colons[0] ?? '', port: Number(colons[1]) } : { address: text, port: 0 };
}
