/**
 * One single-point capture per endpoint of a flow, beside the ledger: stock tools judge RTP and TCP by these.
 * @module
 */
import { extractNodes } from '../../capture/extract.js';
import type { FlowSpec } from '../../scenario/flow.js';
import type { Plan } from '../../topology/plan.js';

/** Files written: the clients of the flow and the homes of their users. */
export function writeEndpointCaptures(ledger: string, plan: Plan, flow: FlowSpec): readonly string[] {
  const clients = Object.values(flow.actors);
  const homes = plan.users.filter((user) => clients.includes(user.node)).map((user) => user.home);
  const nodes = [...new Set([...clients, ...homes])];
  return extractNodes(ledger, nodes, (node) => captureOf(ledger, node)).map((one) => one.path);
}

/** `captures/flow.pcapng` and `alice` give `captures/flow.alice.pcapng`. */
export function captureOf(ledger: string, name: string): string {
  return `${ledger.replace(/\.pcapng$/, '')}.${name.replace(/[^A-Za-z0-9_.-]+/g, '_')}.pcapng`;
}
