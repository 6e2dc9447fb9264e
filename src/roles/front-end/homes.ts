/**
 * Where users are homed, and by which name and port a front end is reached: all from the plan.
 * @module
 */
import type { Plan, PlanNode, PlanRecord } from '../../topology/plan.js';

export interface Door {
  readonly host: string;
  readonly port: number;
}

const SIP_TLS = 5061;

/** SRV services that lead clients, and servers of others, to a front end. */
const FOR_CLIENTS = ['_sipinternaltls._tcp.', '_sip._tls.'];
const FOR_SERVERS = ['_sipfederationtls._tcp.'];

function addressesOf(node: PlanNode): Set<string> {
  return new Set(node.interfaces.flatMap((i) => i.addresses.map((a) => a.address)));
}

function portsOf(node: PlanNode): readonly number[] {
  const { config } = node;
  const ports: unknown = typeof config === 'object' && config !== null && 'ports' in config ? config.ports : undefined;
  return Array.isArray(ports) && ports.length > 0 ? ports.map(Number) : [SIP_TLS];
}

/** DNS names with an address record of the node, in the order of the zones. */
export function namesOf(plan: Plan, node: PlanNode): string[] {
  const own = addressesOf(node);
  const records = plan.zones.flatMap((zone) => zone.records);
  return [...new Set(records.filter((r) => (r.type === 'A' || r.type === 'AAAA') && typeof r.data === 'string' && own.has(r.data)).map((r) => r.name))];
}

function service(records: readonly PlanRecord[], names: readonly string[], prefixes: readonly string[]): Door | null {
  for (const record of records) {
    if (record.type !== 'SRV' || typeof record.data === 'string' || !prefixes.some((p) => record.name.startsWith(p))) continue;
    if (names.includes(record.data.target)) return { host: record.data.target, port: record.data.port };
  }
  return null;
}

function door(plan: Plan, node: PlanNode, prefixes: readonly string[], port: number): Door {
  const names = namesOf(plan, node);
  const found = service(
    plan.zones.flatMap((zone) => zone.records),
    names,
    prefixes,
  );
  // Without a name in the DNS the address has to do; the certificate holds it too.
  return found ?? { host: names[0] ?? [...addressesOf(node)][0] ?? node.name, port };
}

/** Where clients reach the node. */
export function clientDoor(plan: Plan, node: PlanNode): Door {
  return door(plan, node, FOR_CLIENTS, portsOf(node)[0] ?? SIP_TLS);
}

/** Where other servers reach it: port 5061 when it listens there. */
export function serverDoor(plan: Plan, node: PlanNode): Door {
  const ports = portsOf(node);
  return door(plan, node, FOR_SERVERS, ports.includes(SIP_TLS) ? SIP_TLS : (ports[0] ?? SIP_TLS));
}
