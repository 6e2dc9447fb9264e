/**
 * The documented flows, a row each: what must be true of all of them is asked of every row, by the tests that loop over
 * this table. A flow file without a row fails `test/smoke/flows.test.ts`.
 */
import type { FlowSpec } from '../../src/scenario/flow.js';
import type { Plan } from '../../src/topology/plan.js';
import { type Change, flowWith, planFrom, swap } from '../smoke/support.js';

/** One thing that is changed, so that the flow is not as documented any more. */
export interface Mutation {
  readonly what: string;
  /** Of the topology's text. */
  readonly topology?: readonly Change[];
  /** Of the flow's text. */
  readonly flow?: readonly Change[];
  /** What is said of these checks then: text, or what it matches. At least one fails. */
  readonly says: Readonly<Record<string, string | RegExp>>;
  /** What the evidence of these checks names, links and drops, a line each. */
  readonly evidence?: Readonly<Record<string, RegExp>>;
}

export interface DocumentedFlow {
  readonly id: string;
  /** `topologies/NAME.lab.yaml`. */
  readonly topology: string;
  readonly deployment: FlowSpec['deployment'];
  /** Where the flow must have the verdicts of the simulator, check by check. */
  readonly kernels: readonly ('netns' | 'docker')[];
  /** How the rows of `callpath parity` begin that there must be. */
  readonly compared: readonly string[];
  readonly mutations: readonly Mutation[];
}

/** Puts a step in front of the others. */
export const first = (step: string): Change => swap('steps:\n', `steps:\n  - ${step}\n`);

export const OVER_THE_INTERNET = swap('- { to: office365, via: ce }', '- { to: office365, via: inet-fw }');
const HQ_BY_THE_DATACENTER = swap('- { to: branch-lan, via: dc-rt, metric: 20 }', '- { to: branch-lan, via: dc-rt, metric: 5 }');
const BRANCH_BY_THE_DATACENTER = swap('- { to: hq-lan, via: dc-rt, metric: 20 }', '- { to: hq-lan, via: dc-rt, metric: 5 }');

const CALL = ['signed-in/', 'ice/', 'audio/', 'signalling/'];

export const DOCUMENTED_FLOWS: readonly DocumentedFlow[] = [
  {
    id: 'hybrid-p2p-mixed',
    topology: 'contoso',
    deployment: 'hybrid',
    kernels: ['netns', 'docker'],
    compared: CALL,
    mutations: [
      {
        what: 'the ExpressRoute taken down',
        flow: [first('link: { name: er, set: down }')],
        says: {
          'signalling/bob': 'fail: Internet: inet-fw--isp, isp--ix, ix--ms-edge (instead of er)',
          'signalling/dc-fe-online-fe': /^fail: Internet: /,
          'signalling/alice': /^pass/,
        },
        evidence: { 'signalling/bob': /^inet-fw--isp$/m },
      },
      {
        what: 'DNS sent into the circuit',
        topology: [
          swap('- { to: office365, via: ce }', '- { to: [office365, 192.0.2.53/32], via: ce }'),
          swap('- { to: office365, via: msee1, metric: 10 }', '- { to: [office365, 192.0.2.53/32], via: msee1, metric: 10 }'),
          // The circuit's edge lets nothing else through.
          swap(/ +firewall: .*er-edge\.nft\n/, ''),
        ],
        says: { 'internet-only/dns': /^fail: ExpressRoute: er-primary \(dns\/dc-dns-public-dns/ },
      },
    ],
  },
  {
    id: 'hybrid-p2p-onprem',
    topology: 'contoso',
    deployment: 'hybrid',
    kernels: ['netns', 'docker'],
    compared: CALL,
    mutations: [
      {
        what: 'media forced through another site',
        topology: [HQ_BY_THE_DATACENTER, BRANCH_BY_THE_DATACENTER],
        says: { 'media/alice-dave': 'fail: local, through datacenter', 'symmetric/alice-dave': /^pass/ },
      },
      {
        what: 'media that takes another way back',
        topology: [HQ_BY_THE_DATACENTER],
        says: { 'symmetric/alice-dave': /^fail: only alice > dave: .*; only dave > alice: / },
      },
      {
        what: 'a home that cannot be reached',
        flow: [first('link: { name: dc-fe--dc-lan, set: down }')],
        says: {
          'signed-in/alice': 'fail: not signed in',
          'call/alice-dave': 'fail: not answered',
          'message/alice-dave': 'fail: not delivered',
          'media/alice-dave': 'unproved: no packet',
          'ice/alice-dave': 'unproved: no pair selected',
          'quality/alice-dave': 'unproved: no packet',
        },
        evidence: { 'signed-in/alice': /^alice > dc-fe: .* dropped .* dc-/m },
      },
      {
        what: 'of two calls one that is not answered',
        flow: [
          swap('  - hang-up: callee\n', '  - hang-up: callee\n  - link: { name: dc-fe--dc-lan, set: down }\n  - call: { from: caller, to: callee, for: 2s }\n'),
        ],
        says: { 'call/alice-dave': 'fail: answered 1 of 2 times' },
      },
      {
        what: 'media quality beyond its bounds',
        flow: [first('link: { name: hq-rt--branch-rt, set: "loss 8% delay 80ms 40ms" }')],
        says: { 'quality/alice-dave': /^fail: loss \d+\.\d+%, delay \d+(\.\d+)?ms/ },
      },
    ],
  },
  {
    id: 'online-p2p-internal',
    topology: 'contoso',
    deployment: 'online',
    kernels: ['netns', 'docker'],
    compared: CALL,
    mutations: [
      {
        what: 'signalling re-routed over the Internet',
        topology: [OVER_THE_INTERNET],
        says: {
          'signalling/carol': 'fail: Internet: inet-fw--isp, isp--ix, ix--ms-edge',
          'signalling/erin': 'fail: Internet: inet-fw--isp, isp--ix, ix--ms-edge',
          'media/carol-erin': /^pass/,
        },
        evidence: { 'signalling/carol': /^inet-fw--isp$/m },
      },
    ],
  },
];

/** Ids of those that are held against the simulator there. */
export function flowsOn(kernel: 'netns' | 'docker'): readonly string[] {
  return DOCUMENTED_FLOWS.filter(({ kernels }) => kernels.includes(kernel)).map(({ id }) => id);
}

/** The topology of a row, changed or as it is. */
export function planOfFlow(id: string, ...changes: readonly Change[]): Plan {
  const row = DOCUMENTED_FLOWS.find((one) => one.id === id);
  if (row === undefined) throw new Error(`${id} is no row of the documented flows`);
  return planFrom(row.topology, ...changes);
}

/** Flow and plan of a row under a mutation. */
export function mutated({ id }: DocumentedFlow, { flow = [], topology = [] }: Mutation): { readonly flow: FlowSpec; readonly plan: Plan } {
  return { flow: flowWith(id, ...flow), plan: planOfFlow(id, ...topology) };
}
