/**
 * The servers that a client's ICE agents ask, as its configuration names them.
 * @module
 */
import type { Plan } from '../../topology/plan.js';
import { familyOf } from '../../wire/address.js';
import type { ClientConfig } from './config.js';

export interface StunServer {
  readonly address: string;
  readonly port: number;
}

/**
 * Addresses of the STUN server, one for each that a host with these addresses can speak to: a server of the other
 * family cannot be asked. None when no server is configured.
 */
export function stunServers(config: Pick<ClientConfig, 'stun' | 'stunPort'>, plan: Pick<Plan, 'nodes'>, own: readonly string[]): readonly StunServer[] {
  if (config.stun === undefined) return [];
  const node = plan.nodes.find((candidate) => candidate.name === config.stun);
  const all = node === undefined ? [config.stun] : node.interfaces.flatMap((iface) => iface.addresses.map(({ address }) => address));
  const families = new Set(own.map(familyOf));
  return all.filter((address) => families.has(familyOf(address))).map((address) => ({ address, port: config.stunPort }));
}
