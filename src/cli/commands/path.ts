/**
 * `callpath path`: what the network of a topology does with a packet and with the answer to it, without a call.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { ProbeTransport } from '../../capture/probe.js';
import { nodeNamed, reachEnd } from '../../analysis/reach/ends.js';
import { reachLines } from '../../analysis/reach/reach.js';
import type { ReachQuery } from '../../analysis/reach/reach.js';
import { whyText } from '../../report/why.js';
import type { Plan } from '../../topology/plan.js';
import { readDscp } from '../../topology/drafting/dscp.js';
import { overridesOf, planOf } from '../../library/load/load.js';
import { lineReader } from '../../library/ask/quote.js';
import { reachable } from '../../library/ask/reachable.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';

export interface PathOptions {
  readonly from: string;
  readonly to: string;
  readonly fromNode?: string;
  readonly udp?: string;
  readonly tcp?: string;
  readonly icmp?: boolean;
  readonly ipv6?: boolean;
  readonly dscp?: string;
  readonly with?: readonly string[];
  readonly seed: string;
  readonly json?: boolean;
}

export function path(topology: string, options: PathOptions, io: Io): ExitCode {
  const plan = planOf(topology, null, overridesOf(options.with ?? []));
  const reach = reachable(plan, queryOf(plan, options), seedOf(options.seed));
  if (options.json === true) print(io, JSON.stringify(reach, null, 2));
  else {
    const paint = paintFor(io);
    const show = { paint, quote: lineReader(plan, topology), room: columns(io) };
    for (const story of reach.stories) print(io, `${whyText(story, show)}\n`);
    for (const [i, line] of reachLines(reach).entries()) print(io, ((i === 0 ? reach.there : reach.back)?.arrived === true ? paint.good : paint.bad)(line));
  }
  return reach.works ? ExitCode.Documented : ExitCode.Differs;
}

function queryOf(plan: Plan, options: PathOptions): ReachQuery {
  const family = options.ipv6 === true ? 6 : undefined;
  const from = reachEnd(plan, options.from, family);
  const to = reachEnd(plan, options.to, family ?? from.family);
  const node = options.fromNode === undefined ? from.node : nodeNamed(plan, options.fromNode);
  if (node === null) {
    throw new LabError('CLI_USAGE', `no node has the address ${from.address}`, {
      expected: 'an address of a node; or --from-node NODE, to say where its packets come in',
      hint: `such as: --from ${options.from} --from-node ${plan.nodes[0]?.name ?? 'NODE'}`,
    });
  }
  if (node.bridge) throw new LabError('CLI_USAGE', `${node.name} is a bridge: it sends no packets of its own`, { expected: 'a node that speaks IP' });
  return { node: node.name, from: from.address, to: to.address, transport: transportOf(options), dscp: dscpOf(options.dscp) };
}

function transportOf({ udp, tcp, icmp }: PathOptions): ProbeTransport {
  const given = [udp, tcp, icmp].filter((one) => one !== undefined);
  if (given.length > 1) throw new LabError('CLI_USAGE', 'more than one protocol is given', { expected: 'one of --udp, --tcp and --icmp' });
  if (udp !== undefined) return { protocol: 'udp', ...portsOf('--udp', udp) };
  if (tcp !== undefined) return { protocol: 'tcp', ...portsOf('--tcp', tcp) };
  return { protocol: 'icmp' };
}

/** First port of the dynamic ones (RFC 6335). */
const SOME_PORT = 49152;

/** `FROM:TO`, or `TO` alone. */
function portsOf(option: string, text: string): { readonly fromPort: number; readonly toPort: number } {
  const [first = '', second, ...more] = text.split(':');
  const [fromPort, toPort] = second === undefined ? [SOME_PORT, portOf(first)] : [portOf(first), portOf(second)];
  if (fromPort === null || toPort === null || more.length > 0)
    throw new LabError('CLI_USAGE', `"${text}" are no ports`, { expected: `${option} FROM:TO with ports from 1 to 65535, such as ${option} 50000:3478` });
  return { fromPort, toPort };
}

function portOf(text: string): number | null {
  const port = Number(text);
  return /^\d+$/.test(text) && port >= 1 && port <= 65535 ? port : null;
}

function dscpOf(text: string | undefined): number {
  const dscp = text === undefined ? 0 : readDscp(text);
  if (dscp === undefined) throw new LabError('CLI_USAGE', `"${text ?? ''}" is no DSCP`, { expected: 'a number from 0 to 63 or a name, such as --dscp EF' });
  return dscp;
}
