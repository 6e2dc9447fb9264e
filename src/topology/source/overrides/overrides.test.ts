import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../base/error.js';
import { formatNetem } from '../../netem/format-netem.js';
import type { Plan } from '../../plan.js';
import { FILE, nodeOf, routesOf } from '../../testing/lab.js';
import { SAMPLE_KINDS } from '../../testing/sample-kinds.js';
import { parseTopology } from '../../topology-file.js';
import { YamlSource } from '../yaml-source.js';
import { overridesAt, parseOverride } from './override.js';
import { OverriddenSource } from './overridden-source.js';

const TEXT = `name: two
organisations: { one: { domains: [one.example, cloud.one.example] } }
topology:
  nodes:
    a: { kind: client, config: &config { stun: s } }
    b: { kind: client, config: *config }
    s: { kind: stun }
    t: { kind: stun }
    r: { kind: router }
    fe: { kind: front-end, config: { domains: [one.example] } }
  links:
    - { endpoints: ["a:eth0", "r:left"], prefixes: [10.0.1.0/24] }
    - { name: er.1, group: er, endpoints: ["b:eth0", "r:right"], prefixes: [10.0.2.0/24], impairments: delay 12ms }
    - { name: er.2, group: er, endpoints: ["s:eth0", "r:up"], prefixes: [10.0.3.0/24] }
    - { endpoints: ["fe:eth0", "r:fe"], prefixes: [10.0.4.0/24] }
users:
  al@one.example: { node: a, home: fe, password: x }
`;

function parsed(...changes: readonly string[]): ReturnType<typeof parseTopology> {
  return parseTopology(TEXT, FILE, SAMPLE_KINDS, changes.map(parseOverride));
}

function planWith(...changes: readonly string[]): Plan {
  const result = parsed(...changes);
  if (result.ok) return result.plan;
  throw new Error(result.errors.map((e) => e.message).join('\n'));
}

/** Faults as `file:line:column CODE message`. */
function faults(...changes: readonly string[]): readonly string[] {
  const result = parsed(...changes);
  return result.ok ? [] : result.errors.map((e) => `${e.where?.file}:${e.where?.line}:${e.where?.column} ${e.code} ${e.message}`);
}

describe('an override', () => {
  it('changes what it names and nothing else, and with it the hash', () => {
    const [before, after] = [planWith(), planWith('link.er.1=down')];
    expect(after.links.map((link) => link.up)).toEqual([true, false, true, true]);
    expect(after.hash).not.toBe(before.hash);
    expect(planWith('link.er.1=up').hash).toBe(before.hash);
  });

  it('takes a group of links, and any key of a link', () => {
    expect(planWith('link.er=down').links.map((link) => link.up)).toEqual([true, false, false, true]);
    expect(planWith('link.er.impairments=loss 5%').links.map((link) => formatNetem(link.impairments[0]))).toEqual(['', 'loss 5%', 'loss 5%', '']);
    // Without a name, a link is called after its two nodes.
    expect(planWith('link.a--r.mtu=1400').links[0]?.mtu).toBe(1400);
  });

  it('takes any YAML at any key of a node, and keeps what an alias shares as it was elsewhere', () => {
    expect(routesOf(planWith('r.routes=[{ to: 192.0.2.0/24, dev: left }]'), 'r')).toContain('192.0.2.0/24 via null dev left 0 static');
    const plan = planWith('a.config.stun=t', 'r.routes=[{ to: 192.0.2.0/24, blackhole: true }]', 'r.routes.1={ to: 198.51.100.0/24, blackhole: true }');
    expect([nodeOf(plan, 'a').config, nodeOf(plan, 'b').config]).toMatchObject([{ stun: 't' }, { stun: 's' }]);
    expect(routesOf(plan, 'r').filter((route) => /static|blackhole/.test(route))).toHaveLength(2);
  });

  it('takes users and other keys whose names hold dots, and null for what is to go', () => {
    expect(planWith('users.al@one.example.password=y').users[0]?.password).toBe('y');
    expect(planWith('users."al@one.example".password=y').users[0]?.password).toBe('y');
    expect(planWith('users=').users).toEqual([]);
    expect(planWith('link.er.1.impairments=null').links[1]?.impairments.map(formatNetem)).toEqual(['', '']);
    expect(planWith('x1={ kind: router }').nodes.map((node) => node.name)).toContain('x1');
  });

  it('of another file counts columns there', () => {
    const source = new YamlSource('with:\n  r.routes: [{ to: 192.0.2.0/24, via: nobody }]\n  link.ex.1: down\n', 'x.experiment.yaml');
    const overrides = overridesAt((source.value as { with: Record<string, unknown> }).with, ['with'], source, '');
    const result = parseTopology(TEXT, FILE, SAMPLE_KINDS, overrides);
    expect(!result.ok && result.errors.map((e) => `${e.where?.file}:${e.where?.line}:${e.where?.column} ${e.code}`)).toEqual([
      'x.experiment.yaml:2:39 TOPOLOGY_ROUTE',
      'x.experiment.yaml:3:8 TOPOLOGY_OVERRIDE',
    ]);
  });

  it('names files of rules from the folder where it was written', () => {
    const base = new YamlSource('topology: { nodes: { fw: {} } }', 'topologies/x.lab.yaml');
    const source = new YamlSource('fw.firewall: rules/a.nft\nfw2: { firewall: rules/b.nft }', 'lab/experiments/x.experiment.yaml');
    const changed = new OverriddenSource(base, overridesAt(source.value as Record<string, unknown>, [], source, 'lab/experiments'));
    expect(changed.value).toEqual({
      topology: { nodes: { fw: { firewall: '../lab/experiments/rules/a.nft' }, fw2: { firewall: '../lab/experiments/rules/b.nft' } } },
    });
  });
});

describe('the faults of an override', () => {
  it.each([
    // What does not fit is told at the target, ...
    ['link.ex.1=down', '--with link.ex.1=down:1:6 TOPOLOGY_OVERRIDE there is no link or link group "ex.1"'],
    ['q.routes=[]', '--with \'q.routes=[]\':1:1 TOPOLOGY_OVERRIDE there is no node "q"'],
    ['link.er.1=sideways', '--with link.er.1=sideways:1:11 TOPOLOGY_OVERRIDE a link is not set to "sideways"'],
    ['r.kind.x=1', '--with r.kind.x=1:1:8 TOPOLOGY_OVERRIDE nothing stands below "router"'],
    ['topology.links.7.up=no', '--with topology.links.7.up=no:1:16 TOPOLOGY_OVERRIDE "7" is no place in a list of 4'],
    ['topology.links.1=', '--with topology.links.1=:1:18 TOPOLOGY_OVERRIDE an item of a list cannot be taken out'],
    ['r.firewall=', '--with r.firewall=:1:12 TOPOLOGY_OVERRIDE there is no "r.firewall" that could be taken away'],
    ['r..x=1', '--with r..x=1:1:3 TOPOLOGY_OVERRIDE "r..x" has an empty part'],
    // ... what the topology refuses at the value, or at the key that does not exist.
    ['r.routes=[{ to: default, via: c }]', '--with \'r.routes=[{ to: default, via: c }]\':1:31 TOPOLOGY_ROUTE there is no node "c"'],
    ['link.er.1.impairments=loss 500%', "--with 'link.er.1.impairments=loss 500%':1:28 TOPOLOGY_IMPAIRMENT \"500%\" can't stand here"],
    ['link.er.1.mtu=12', '--with link.er.1.mtu=12:1:15 TOPOLOGY_SCHEMA an MTU of 12 bytes is out of range'],
    ['r.ruotes=[]', '--with \'r.ruotes=[]\':1:3 TOPOLOGY_SCHEMA unknown key "ruotes"'],
    ['r.ruotes.x=1', '--with r.ruotes.x=1:1:3 TOPOLOGY_SCHEMA unknown key "ruotes"'],
  ])('%s', (change, fault) => expect(faults(change)).toEqual([fault]));

  it.each([
    ['link.er.1', 'TOPOLOGY_OVERRIDE 1:1'],
    ['=down', 'TOPOLOGY_OVERRIDE 1:1'],
    ['r.routes=[', 'YAML_SYNTAX 1:11'],
    ['r.x=*nothing', 'YAML_SYNTAX 1:5'],
  ])('%s cannot be read', (argument, fault) => {
    expect(() => parseOverride(argument)).toThrow(LabError);
    try {
      parseOverride(argument);
    } catch (error) {
      expect(LabError.is(error) && `${error.code} ${error.where?.line}:${error.where?.column}`).toBe(fault);
    }
  });

  it('come beside those of the file, which keep their places', () => {
    const result = parseTopology(TEXT.replace('home: fe', 'home: fee'), FILE, SAMPLE_KINDS, [parseOverride('r.routes=[{ to: default, via: c }]')]);
    expect(!result.ok && result.errors.map((e) => `${e.where?.file}:${e.where?.line}`)).toEqual([
      `${FILE}:17`,
      "--with 'r.routes=[{ to: default, via: c }]':1",
    ]);
  });

  it('are told, whatever is written: no input crashes', () => {
    const part = fc.constantFrom(
      'link',
      'er',
      'er.1',
      'r',
      'a',
      'routes',
      'config',
      '0',
      '9',
      'users',
      'al@one.example',
      'topology',
      'nodes',
      'links',
      '"',
      '',
      '__proto__',
      'toString',
      'constructor',
    );
    const value = fc.constantFrom('down', '', '[]', '{}', '1', '{ to: default }', 'null', '[[]]', '{ __proto__: { kind: router } }');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), value, (parts, text) => {
        try {
          parseTopology(TEXT, FILE, SAMPLE_KINDS, [parseOverride(`${parts.join('.')}=${text}`)]);
        } catch (error) {
          if (!LabError.is(error)) throw error;
        }
      }),
      { seed: 11, numRuns: 400 },
    );
    expect(({} as Record<string, unknown>)['kind']).toBeUndefined();
  });
});
