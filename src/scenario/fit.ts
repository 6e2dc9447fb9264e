/**
 * Does a flow fit a topology? Asked before anything runs, so that a slip of the pen is told with its place and is not
 * mistaken for trouble of the network.
 * @module
 */
import { LabError } from '../base/error.js';
import type { SourceRef } from '../base/error.js';
import { parseNetemChange } from '../topology/netem/parse-netem.js';
import type { Plan } from '../topology/plan.js';
import { didYouMean, listed } from '../topology/source/suggest.js';
import type { Expectation, FlowSpec, Step, WhyExpectation } from './flow.js';

/** Every fault, in the order of the file. Codes: FLOW_ACTOR, FLOW_STEP, FLOW_EXPECTATION. */
export function fitFlow(flow: FlowSpec, plan: Plan): readonly LabError[] {
  return [
    ...actorFaults(flow, plan),
    ...flow.steps.flatMap((step) => stepFaults(step, plan)),
    ...flow.expectations.flatMap((expectation) => expectationFaults(expectation, flow, plan)),
  ];
}

function actorFaults(flow: FlowSpec, plan: Plan): LabError[] {
  const seats = plan.users.map((user) => user.node);
  const taken = new Map<string, string>();
  return Object.entries(flow.actors).flatMap(([actor, node]) => {
    const where = flow.places[actor];
    const details = { ...(where !== undefined && { where }) };
    const other = taken.get(node);
    taken.set(node, actor);
    if (other !== undefined)
      return [new LabError('FLOW_ACTOR', `the actors "${other}" and "${actor}" are both "${node}"`, { ...details, expected: 'a node for each actor' })];
    if (seats.includes(node)) return [];
    const why = plan.nodes.some((one) => one.name === node) ? `no user sits at the node "${node}"` : `the topology ${plan.name} has no node "${node}"`;
    return [new LabError('FLOW_ACTOR', why, { ...details, expected: `a node at which a user sits: ${listed(seats)}`, ...didYouMean(node, seats) })];
  });
}

function stepFaults(step: Step, plan: Plan): LabError[] {
  const where = step.src;
  if ((step.do === 'call' || step.do === 'message') && step.from === step.to) {
    return [new LabError('FLOW_STEP', `"${step.from}" cannot ${step.do === 'call' ? 'call' : 'write to'} themselves`, { where, expected: 'two actors' })];
  }
  if (step.do !== 'link') return [];
  const names = [...new Set(plan.links.flatMap((link) => [link.name, link.group]))];
  const faults: LabError[] = [];
  if (!names.includes(step.link)) {
    faults.push(
      new LabError('FLOW_STEP', `the topology ${plan.name} has no link or link group "${step.link}"`, {
        where,
        expected: `one of: ${listed(names)}`,
        ...didYouMean(step.link, names),
      }),
    );
  }
  if (step.set !== 'up' && step.set !== 'down') {
    const change = parseNetemChange(step.set);
    if (!change.ok)
      faults.push(
        new LabError('FLOW_STEP', change.faults[0]?.message ?? `can't read "${step.set}"`, {
          where,
          expected: 'up, down, or words of netem such as "loss 5%"',
        }),
      );
  }
  return faults;
}

function expectationFaults(expectation: Expectation, flow: FlowSpec, plan: Plan): LabError[] {
  if (expectation.expect === 'servers') return serverFaults(expectation.nodes, expectation.src, plan);
  if (expectation.expect === 'why') return whyFaults(expectation, flow, plan);
  if (expectation.expect !== 'media' || expectation.sites === null) return [];
  const sites = [...new Set(plan.nodes.flatMap((node) => node.site ?? []))];
  return expectation.sites
    .filter((site) => !sites.includes(site))
    .map(
      (site) =>
        new LabError('FLOW_EXPECTATION', `no node of the topology ${plan.name} stands at the site "${site}"`, {
          where: expectation.src,
          expected: `one of: ${listed(sites)}`,
          ...didYouMean(site, sites),
        }),
    );
}

function serverFaults(names: readonly string[], where: SourceRef, plan: Plan): LabError[] {
  const servers = plan.nodes.filter((node) => node.traits.homes === true).map((node) => node.name);
  return names
    .filter((name) => !servers.includes(name))
    .map(
      (name) =>
        new LabError('FLOW_EXPECTATION', `the topology ${plan.name} has no front end "${name}"`, {
          where,
          expected: `one of: ${listed(servers)}`,
          ...didYouMean(name, servers),
        }),
    );
}

/** Places of a `why`: nodes, a link where something may be lost, at the ends actors too. */
function whyFaults(why: WhyExpectation, flow: FlowSpec, plan: Plan): LabError[] {
  const nodes = plan.nodes.map((node) => node.name);
  const check = (name: string | null, known: readonly string[]): LabError[] => {
    if (name === null || known.includes(name)) return [];
    return [
      new LabError('FLOW_EXPECTATION', `the topology ${plan.name} has no node "${name}"`, {
        where: why.src,
        expected: `one of: ${listed(known)}`,
        ...didYouMean(name, known),
      }),
    ];
  };
  return [
    ...why.nodes.flatMap((name) => check(name, [...Object.keys(flow.actors), ...nodes])),
    ...[why.partsAt, why.meetsAt, ...why.stateAt].flatMap((name) => check(name, nodes)),
    ...why.droppedAt.flatMap((name) => check(name, [...nodes, ...plan.links.map((link) => link.name)])),
  ];
}
