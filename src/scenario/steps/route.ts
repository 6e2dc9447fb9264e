/**
 * `route: { node: ce, to: 203.0.113.0/25, via: inet-fw, metric: 5 }`: a node's routes change while the lab runs, in the
 * words of a topology file. The route takes the place of the one with the same destination and metric.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import { everything, formatIp, formatNetwork, parseIp, parseIpWithLength } from '../../topology/addressing/ip.js';
import type { Ip, Network } from '../../topology/addressing/ip.js';
import type { Plan, PlanNextHop, PlanNode, PlanRoute, RouteChange } from '../../topology/plan.js';
import { listed } from '../../base/suggest.js';
import { unknownName, unknownNames } from '../description/faults.js';
import { name } from '../description/fields.js';
import { nodeFaults } from './node-target.js';
import { DONE, stepKind, type StepOf } from './step-kind.js';

const DISCARDS = ['blackhole', 'unreachable', 'prohibit'] as const;
/** Of what a route does with packets, one is said. */
const WAYS = ['via', 'dev', ...DISCARDS, 'delete'] as const;

const yes = z.literal(true).optional();
const schema = z
  .strictObject({
    node: name,
    to: z.string().min(1).describe('a prefix such as 192.0.2.0/24, or default (both families)'),
    via: z.string().min(1).describe('the next hop: an address, or a node on the same LAN').optional(),
    dev: z.string().min(1).describe('the interface by which packets leave').optional(),
    metric: z.int().min(0).max(4294967295).describe('a whole number; the smallest wins').optional(),
    blackhole: yes,
    unreachable: yes,
    prohibit: yes,
    delete: yes,
  })
  .refine((raw) => WAYS.filter((way) => raw[way] !== undefined).length === (raw.via !== undefined && raw.dev !== undefined ? 2 : 1), {
    error: 'one of via, dev (or both), blackhole, unreachable, prohibit, delete',
  });

export interface Fields {
  readonly node: string;
  readonly to: string;
  readonly via: string | null;
  readonly dev: string | null;
  readonly metric: number;
  /** How packets are thrown away, or that the route is taken away. */
  readonly instead: (typeof DISCARDS)[number] | 'delete' | null;
}

type RouteStep = StepOf<'route', Fields>;

export const route = stepKind({
  key: 'route',
  schema,
  form: '{ node, to, via }',
  doc:
    "changes a node's routes: to a prefix or `default`, by `via` (an address or a neighbour), `dev` or both, with `metric` (0 without it); " +
    'in place of a next hop `blackhole`, `unreachable` or `prohibit: true`, or `delete: true`',
  read: ({ node, to, via, dev, metric, ...flags }): Fields => ({
    node,
    to,
    via: via ?? null,
    dev: dev ?? null,
    metric: metric ?? 0,
    instead: ([...DISCARDS, 'delete'] as const).find((way) => flags[way] === true) ?? null,
  }),
  actors: () => [],
  fit: (step, plan) => {
    const faults = nodeFaults(step.node, plan, step.src);
    if (faults.length > 0) return faults;
    const changes = changesOf(step, plan);
    return LabError.is(changes) ? [changes] : [];
  },
  async play(step, { plan, lab }) {
    const changes = changesOf(step, plan);
    if (LabError.is(changes)) throw changes;
    await lab.node(step.node).route(changes);
    return DONE;
  },
});

/** One for each family that the destination has. */
function changesOf(step: RouteStep, plan: Plan): readonly RouteChange[] | LabError {
  const node = plan.nodes.find((one) => one.name === step.node);
  const targets = targetsOf(step.to);
  const where = step.src;
  if (targets === null || node === undefined)
    return new LabError('FLOW_STEP', `"${step.to}" is no destination of a route`, { where, expected: 'a prefix such as 192.0.2.0/24, or default' });
  if (step.instead !== null) return targets.map((target) => change(step, target, null));
  const devices = node.interfaces.map((one) => one.name);
  const [unknown] = unknownNames('FLOW_STEP', step.dev === null ? [] : [step.dev], devices, where, (it) => `"${node.name}" has no interface "${it}"`);
  if (unknown !== undefined) return unknown;
  if (step.via === null) return targets.map((target) => change(step, target, { via: null, dev: step.dev ?? '', weight: 1 }));
  const hops = hopsTo(step.via, step.dev, node, plan);
  const changes = targets.flatMap((target) =>
    hops
      .filter(({ family }) => family === target.family)
      .slice(0, 1)
      .map(({ hop }) => change(step, target, hop)),
  );
  if (changes.length > 0) return changes;
  const near = [...new Set(neighboursOf(node, step.dev, plan).map((one) => one.node.name))];
  const message = `"${node.name}" has no next hop "${step.via}" for ${step.to}`;
  return parseIp(step.via) === undefined
    ? unknownName('FLOW_STEP', message, step.via, near, where)
    : new LabError('FLOW_STEP', message, { where, expected: `an address of one of: ${listed(near)}` });
}

function targetsOf(to: string): readonly Network[] | null {
  if (to === 'default') return [everything(4), everything(6)];
  const read = parseIpWithLength(to);
  return read === undefined ? null : [read.network];
}

function change({ instead, metric, src }: RouteStep, target: Network, hop: PlanNextHop | null): RouteChange {
  const origin: PlanRoute['origin'] = instead === null || instead === 'delete' ? 'static' : instead;
  const { family } = target;
  return {
    op: instead === 'delete' ? 'delete' : 'replace',
    route: { family, prefix: formatNetwork(target), via: hop?.via ?? null, dev: hop?.dev ?? null, metric, origin, src },
  };
}

interface Neighbour {
  readonly node: PlanNode;
  /** The node's own interface that leads there. */
  readonly dev: string;
  readonly address: Ip;
}

/** Nodes that forward and share a network with this one. */
function neighboursOf(node: PlanNode, dev: string | null, plan: Plan): readonly Neighbour[] {
  const own = node.interfaces.filter((one) => dev === null || one.name === dev);
  return own.flatMap((iface) => {
    const near = new Set(iface.neighbours.map(({ address }) => address));
    return plan.nodes.flatMap((other) =>
      other === node || !other.forwards
        ? []
        : other.interfaces.flatMap(({ addresses }) =>
            addresses.flatMap(({ address }): readonly Neighbour[] => {
              const ip = near.has(address) ? parseIp(address) : undefined;
              return ip === undefined ? [] : [{ node: other, dev: iface.name, address: ip }];
            }),
          ),
    );
  });
}

/** By the address of a neighbour, or by its name: then the first address in each family. */
function hopsTo(via: string, dev: string | null, node: PlanNode, plan: Plan): readonly { readonly family: 4 | 6; readonly hop: PlanNextHop }[] {
  const wanted = parseIp(via);
  return neighboursOf(node, dev, plan)
    .filter((one) => (wanted === undefined ? one.node.name === via : formatIp(wanted) === formatIp(one.address)))
    .map(({ dev: name, address }) => ({ family: address.family, hop: { via: formatIp(address), dev: name, weight: 1 } }));
}
