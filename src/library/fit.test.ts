import { describe, expect, it } from 'vitest';
import { planOf } from '../topology/testing/lab.js';
import { fitFlow, parseFlow } from './flow-file.js';

const PLAN = planOf(`
name: two
organisations: { contoso: { domains: [contoso.example] } }
topology:
  nodes:
    a: { kind: client, site: hq }
    b: { kind: client, site: hq }
    r: { kind: router, site: hq }
    fe: { kind: front-end, site: hq, config: { domains: [contoso.example] } }
  links:
    - { endpoints: ["a:eth0", "r:left"], prefixes: [10.0.1.0/24] }
    - { endpoints: ["b:eth0", "r:right"], prefixes: [10.0.2.0/24] }
    - { name: core, group: spine, endpoints: ["fe:eth0", "r:up"], prefixes: [10.0.3.0/24] }
users:
  ann@contoso.example: { node: a, home: fe, password: x }
  ben@contoso.example: { node: b, home: fe, password: y }
`);

const GOOD = `flow: f
title: t
source: s
deployment: hybrid
topology: two.lab.yaml
actors:
  x: a
  y: b
steps:
  - call: { from: x, to: y, for: 1s }
  - link: { name: spine, set: loss 5% }
  - link: { name: core, set: down }
expect:
  - signalling: { between: [fe, fe], is: local }
  - media: { between: [x, y], is: local, sites: [hq] }
`;

function faults(from: string, to: string): string[] {
  const result = parseFlow(GOOD.replace(from, to), 'f.flow.yaml');
  if (!result.ok) throw new Error(result.errors.map((error) => error.message).join());
  return fitFlow(result.flow, PLAN).map((error) => `${error.where?.line ?? 0} ${error.code} ${error.message}`);
}

describe('a flow on a topology', () => {
  it('fits when every name is there', () => {
    expect(faults('', '')).toEqual([]);
  });

  it.each([
    ['y: b', 'y: r', '8 FLOW_ACTOR no user sits at the node "r"'],
    ['y: b', 'y: q', '8 FLOW_ACTOR the topology two has no node "q"'],
    ['y: b', 'y: a', '8 FLOW_ACTOR the actors "x" and "y" are both "a"'],
    ['from: x, to: y', 'from: x, to: x', '10 FLOW_STEP "x" cannot call themselves'],
    ['name: spine', 'name: spone', '11 FLOW_STEP the topology two has no link or link group "spone"'],
    ['[fe, fe]', '[fe, r]', '14 FLOW_EXPECTATION the topology two has no front end "r"'],
    ['sites: [hq]', 'sites: [hq, branch]', '15 FLOW_EXPECTATION no node of the topology two stands at the site "branch"'],
  ])('%s as %s is told with its line', (from, to, fault) => {
    expect(faults(from, to)).toEqual([fault]);
  });

  it('words of netem are read before the run', () => {
    expect(faults('loss 5%', 'lots of loss')[0]).toMatch(/^11 FLOW_STEP /);
  });
});
