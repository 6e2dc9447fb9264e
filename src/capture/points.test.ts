import { expect, test } from 'vitest';
import type { LinkId, NodeId } from '../base/brand.js';
import { NO_IMPAIRMENT } from '../topology/impairment.js';
import type { Plan, PlanLink, PlanNode } from '../topology/plan.js';
import { describePoint, pointsFromInterfaces, pointsOf } from './points.js';

const src = { file: 'a.lab.yaml', line: 1, column: 1 };

function node(id: number, name: string, kind: string): PlanNode {
  return {
    id: id as NodeId,
    name,
    kind,
    traits: { is: 'equipment' },
    organisation: null,
    segment: 'customer',
    site: null,
    forwards: false,
    bridge: false,
    interfaces: [],
    routes: [],
    resolvers: [],
    certificateNames: [],
    dscp: [],
    config: null,
    src,
  };
}

function link(id: number, name: string, ends: readonly [number, number], nodes: readonly PlanNode[]): PlanLink {
  return {
    id: id as LinkId,
    name,
    group: 'er circuits',
    segment: 'expressroute',
    organisation: null,
    mtu: 1500,
    up: true,
    src,
    ends: [
      { node: ends[0] as NodeId, nodeName: nodes[ends[0]]!.name, interface: 'eth0' },
      { node: ends[1] as NodeId, nodeName: nodes[ends[1]]!.name, interface: 'eth1' },
    ],
    impairments: [NO_IMPAIRMENT, NO_IMPAIRMENT],
  };
}

const nodes = [node(0, 'alice', 'client'), node(1, 'node', 'router'), node(2, 'lab', 'dns')];
const plan: Plan = {
  name: 'p',
  file: 'a.lab.yaml',
  hash: 'h',
  organisations: [],
  users: [],
  zones: [],
  nodes,
  links: [link(0, 'er-1', [0, 1], nodes), link(1, 'node', [1, 2], nodes)],
};
const points = pointsOf(plan);
const interfaces = points.all.map((p) => ({ name: p.name, description: describePoint(p) }));

test('two points per link, one per node, one for the lab; index = link * 2 + side', () => {
  expect(points.all.map((p) => p.name)).toEqual(['er-1:alice', 'er-1:node', 'node:node', 'node:lab', 'node:alice', 'node:node', 'node:lab', 'lab']);
  expect([points.links, points.nodes, points.lab, points.length]).toEqual([2, 3, 7, 8]);
  expect(points.ofLink(1 as LinkId, 1)).toBe(3);
  expect(points.ofNode(2 as NodeId)).toBe(6);
  expect(interfaces[0]?.description).toBe('point=link link=er-1 side=0 node=alice interface=eth0 segment=expressroute group="er circuits"');
  expect(interfaces[4]?.description).toBe('point=node node=alice kind=client');
});

test('the points are had back from the interfaces alone', () => {
  expect(pointsFromInterfaces(interfaces)?.all).toEqual(points.all);
});

test('a node is found by its name even when a link is called "node"', () => {
  expect([points.nodeNamed('alice'), points.nodeNamed('node'), points.nodeNamed('lab'), points.nodeNamed('bob')]).toEqual([0, 1, 2, -1]);
  expect(points.nodeName(1 as NodeId)).toBe('node');
  expect(points.interfacesOf('node').map((p) => p.index)).toEqual([1, 2]);
});

test.each([
  ['nothing', []],
  ['no lab', interfaces.slice(0, -1)],
  ['half a link', interfaces.slice(1)],
  ['a link after a node', [...interfaces.slice(4, 5), ...interfaces]],
  ['two labs', [...interfaces, interfaces.at(-1)!]],
  ['a stranger', [{ name: 'eth0', description: '' }]],
  ['a remark', [{ name: 'eth0', description: 'my interface' }, ...interfaces]],
  ['a pair that is missing', [{ name: 'x', description: 'point=node' }, interfaces.at(-1)!]],
])('interfaces that are no lab: %s', (_, list) => {
  expect(pointsFromInterfaces(list)).toBeNull();
});
