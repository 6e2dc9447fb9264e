/**
 * What an emulated node has beyond routes and rules, as its `config` says: a NAT, and quirks.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import type { NatBehaviour } from '../../netstack/nat-box/behaviour.js';
import { NatBox } from '../../netstack/nat-box/nat-box.js';
import type { IpNode } from '../../netstack/ip-node.js';
import { type DscpTable, Remarking } from '../../netstack/quirks/dscp.js';
import { Policer } from '../../netstack/quirks/police.js';
import { SipAlg } from '../../netstack/quirks/sip-alg/sip-alg.js';
import { type NatConfig, outsideAddresses } from '../../roles/nat/config.js';
import { nat } from '../../roles/nat/kind.js';
import type { NatQuirks, RouterQuirks } from '../../roles/quirks.js';
import type { RouterConfig } from '../../roles/router/config.js';
import type { PlanNode } from '../../topology/plan.js';

export interface Equipment {
  readonly nat: NatBox | null;
}

/** Null for a node that has none. */
export function equip(ip: IpNode, node: PlanNode, random: Rng): Equipment | null {
  if (node.emulated !== true) return null;
  if (node.kind !== nat.kind) {
    addQuirks(ip, (node.config as RouterConfig).quirks ?? {});
    return { nat: null };
  }
  const config = node.config as NatConfig;
  const box = new NatBox(ip, behaviourOf(config, node), random);
  if (config.quirks.sipAlg) new SipAlg(ip, box);
  addQuirks(ip, config.quirks);
  return { nat: box };
}

function behaviourOf(config: NatConfig, node: PlanNode): NatBehaviour {
  const { outside, hairpinning, portRange, quirks, addresses } = config;
  return {
    ...config,
    addresses: [...new Set(addresses ?? outsideAddresses(outside, node.interfaces))],
    hairpinning: hairpinning === true ? 'external' : hairpinning === false ? 'none' : hairpinning,
    portRange: portRange ?? null,
    mappingChange: mappingChangeOf(quirks),
  };
}

function mappingChangeOf({ mappingChange }: NatQuirks): NatBehaviour['mappingChange'] {
  if (mappingChange === undefined) return null;
  if ('at' in mappingChange) return { kind: 'at', time: mappingChange.at };
  if ('after' in mappingChange) return { kind: 'after', time: mappingChange.after };
  return { kind: 'idle', time: mappingChange.idle };
}

/** Policers come first: they judge the marks that packets came with. */
function addQuirks(ip: IpNode, { dscp, police = [] }: RouterQuirks): void {
  for (const { rate, burst, leaving, excess, dscp: policed } of police) {
    const quarter = Math.floor(rate / 8 / 4);
    new Policer(ip, { dscp: policed, rate, burst: burst ?? Math.max(1500, quarter), leaving: leaving ?? null, excess: excess === 'drop' ? null : excess });
  }
  if (dscp === undefined) return;
  const table: DscpTable = Uint8Array.from({ length: 64 }, (_, i) => i);
  for (const [from, to] of dscp) table[from] = to;
  new Remarking(ip, table);
}
