import { describe, expect, it } from 'vitest';
import { formatLabError } from '../../base/error.js';
import { KIND_INFOS } from '../../roles/kinds.js';
import type { Plan } from '../../topology/plan.js';
import { parseTopology } from '../../topology/topology-file.js';
import { fitFlow, parseFlow } from './flow-file.js';

function planOf(text: string): Plan {
  const result = parseTopology(text, 'two.lab.yaml', KIND_INFOS);
  if (!result.ok) throw new Error(result.errors.map(formatLabError).join('\n'));
  return result.plan;
}

const PLAN = planOf(`
name: two
organisations: { contoso: { domains: [contoso.example] } }
topology:
  nodes:
    a: { kind: client, site: hq }
    b: { kind: client, site: hq }
    r: { kind: router, site: hq }
    fe: { kind: front-end, site: hq, config: { domains: [contoso.example] } }
    fe2: { kind: front-end, site: hq, config: { domains: [contoso.example] } }
    phone: { kind: process, site: hq, config: { command: [baresip] } }
  links:
    - { endpoints: ["a:eth0", "r:left"], prefixes: [10.0.1.0/24] }
    - { endpoints: ["b:eth0", "r:right"], prefixes: [10.0.2.0/24] }
    - { name: core, group: spine, endpoints: ["fe:eth0", "r:up"], prefixes: [10.0.3.0/24] }
    - { endpoints: ["fe2:eth0", "r:up2"], prefixes: [10.0.4.0/24] }
    - { endpoints: ["phone:eth0", "r:desk"], prefixes: [10.0.5.0/24] }
users:
  ann@contoso.example: { node: a, home: fe, password: x }
  ben@contoso.example: { node: b, home: fe, password: y }
  pia@contoso.example: { node: phone, home: fe, password: z }
`);

const GOOD = `flow: f
title: t
source: s
deployment: hybrid
topology: two.lab.yaml
actors:
  x: a
  y: b
  z: phone
steps:
  - sign-in: [x]
  - call: { from: x, to: y, for: 1s }
  - link: { name: spine, set: loss 5% }
  - link: { name: core, set: down }
expect:
  - signalling: { between: [fe, fe2], is: local }
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
    ['from: x, to: y', 'from: x, to: x', '12 FLOW_STEP "x" cannot call themselves'],
    ['name: spine', 'name: spone', '13 FLOW_STEP the topology two has no link or link group "spone"'],
    ['- sign-in: [x]', '- wait: 1s', '12 FLOW_STEP "x" has not signed in before this call'],
    ['- sign-in: [x]', '- sign-in: [x, z]', '11 FLOW_STEP no step can have "z" sign in: "phone" is a process, whose program does that by itself'],
    ['[fe, fe2]', '[fe, fe]', '16 FLOW_EXPECTATION nothing can be seen between "fe" and "fe"'],
    ['between: [x, y]', 'between: [x, x]', '17 FLOW_EXPECTATION nothing can be seen between "x" and "x"'],
    [
      '[fe, fe2], is: local',
      '[fe, fe2], is: ExpressRoute',
      '16 FLOW_EXPECTATION no path of the topology two can be ExpressRoute: no link is of segment "expressroute"',
    ],
    ['[fe, fe2]', '[fe, r]', '16 FLOW_EXPECTATION the topology two has no front end "r"'],
    ['sites: [hq]', 'sites: [hq, branch]', '17 FLOW_EXPECTATION no node of the topology two stands at the site "branch"'],
  ])('%s as %s is told with its line', (from, to, fault) => {
    expect(faults(from, to)).toEqual([fault]);
  });

  it.each([
    ['symmetric: { between: [x, x] }', 'nothing can be seen between "x" and "x"'],
    ["quality: { between: [y, y], loss: '< 1%' }", 'nothing can be seen between "y" and "y"'],
    ['ice: { between: [x, x], candidates: host/host }', 'nothing can be seen between "x" and "x"'],
    ['call: { from: x, to: x }', 'nothing can be seen between "x" and "x"'],
    ['message: { from: x, to: x }', 'nothing can be seen between "x" and "x"'],
    ["silence: { from: x, to: x, for: '> 1ms' }", 'nothing can be seen between "x" and "x"'],
    ['why: { between: [x, x], by: link-down }', 'nothing can be seen between "x" and "x"'],
    // The actor x sits at a.
    ['why: { between: [x, a], by: link-down }', 'nothing can be seen between "x" and "a", who are the same,'],
    ['why: { between: [x, fe], rule: edge.nft }', 'the topology two has no firewall'],
    ['message: { from: x, to: y }', 'no step has "x" write to "y"'],
    ['call: { from: y, to: x }', 'no step has "y" call "x"'],
    ['signed-in: [x, y]', 'no step has "y" sign in'],
    ['fails: { step: message }', 'the script has no step "message" that could fail'],
    ['internet-only: [dns]', 'no path of the topology two can be Internet: no link is of segment "internet"'],
  ])('%s can never be seen: %s', (expectation, message) => {
    expect(faults('signalling: { between: [fe, fe2], is: local }', expectation)).toEqual([`16 FLOW_EXPECTATION ${message}`]);
  });

  it.each([
    'signed-in: [x]',
    'call: { from: x, to: y }',
    // What a program does of itself no script says.
    'signed-in: [z]',
    'call: { from: z, to: x }',
    'media: { between: [z, x], is: local }',
    'fails: { step: call }',
  ])('%s may be seen', (expectation) => {
    expect(faults('signalling: { between: [fe, fe2], is: local }', expectation)).toEqual([]);
  });

  it('side by side, whoever signs in there may be first; who has signed out has not', () => {
    const script = (steps: string): string[] => faults('  - sign-in: [x]\n  - call: { from: x, to: y, for: 1s }\n', steps);
    const called = '{ call: { from: x, to: y, for: 1s } }';
    expect(script(`  - together: [{ sign-in: [x] }, ${called}]\n`)).toEqual([]);
    expect(script(`  - sign-in: [x]\n  - { at: 9s, call: { from: x, to: y, for: 1s } }\n`)).toEqual([]);
    expect(script(`  - sign-in: [x]\n  - sign-out: [x]\n  - ${called}\n`)).toEqual(['13 FLOW_STEP "x" has not signed in before this call']);
    expect(script(`  - sign-in: [y]\n  - message: { from: x, to: y, text: hi }\n  - ${called}\n`)).toEqual([
      '12 FLOW_STEP "x" has not signed in before this message',
      '13 FLOW_STEP "x" has not signed in before this call',
    ]);
  });

  it('words of netem are read before the run', () => {
    expect(faults('loss 5%', 'lots of loss')[0]).toMatch(/^13 FLOW_STEP /);
  });
});
