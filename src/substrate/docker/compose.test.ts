import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KIND_INFOS } from '../../roles/kinds.js';
import type { Plan } from '../../topology/plan.js';
import { parseTopology } from '../../topology/topology-file.js';
import { composeFile, orchestratorName } from './compose.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TOPOLOGY = 'topologies/contoso.lab.yaml';

interface Service {
  hostname?: string;
  image: string;
  network_mode: string;
  cap_drop?: string[];
  read_only?: boolean;
  user?: string;
  labels?: Record<string, string>;
  depends_on?: string[];
  command?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
}

function planOf(text: string, file: string): Plan {
  const parsed = parseTopology(text, file, KIND_INFOS);
  if (!parsed.ok) throw parsed.errors[0];
  return parsed.plan;
}

function two(a: string, b: string): Plan {
  return planOf(
    [
      'name: two',
      'organisations: { x: { domains: [x.example] } }',
      `topology: { nodes: { ${a}: { kind: router, organisation: x, segment: customer }, ${b}: { kind: router, organisation: x, segment: customer } },`,
      `  links: [{ segment: customer, endpoints: ['${a}:eth0', '${b}:eth0'], prefixes: [192.0.2.0/30] }] }`,
    ].join('\n'),
    'two.lab.yaml',
  );
}

function services(text: string): Record<string, Service> {
  return (parse(text, { merge: true }) as { services: Record<string, Service> }).services;
}

describe('the Compose file', () => {
  const plan = planOf(readFileSync(join(ROOT, TOPOLOGY), 'utf8'), TOPOLOGY);

  it('that is committed is the one of the reference topology', () => {
    const committed = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    expect(committed, `make it anew: callpath compose ${TOPOLOGY} > docker-compose.yml`).toBe(composeFile(plan, { topology: TOPOLOGY }));
  });

  it('has a service per node, which has no network, no rights and nothing to write to', () => {
    const { lab, ...nodes } = services(composeFile(plan, { topology: TOPOLOGY }));
    expect(Object.keys(nodes)).toEqual(plan.nodes.map((node) => node.name));
    for (const [name, node] of Object.entries(nodes)) {
      expect(node).toMatchObject({ hostname: name, network_mode: 'none', user: '65534:65534', read_only: true, cap_drop: ['ALL'], labels: { 'callpath.lab': 'contoso', 'callpath.node': name } });
      expect(node).not.toHaveProperty('cap_add');
      expect(node).not.toHaveProperty('privileged');
    }
    expect(lab?.depends_on).toEqual(plan.nodes.map((node) => node.name));
  });

  it('has a lab that runs the flows on this topology and leaves captures', () => {
    const lab = services(composeFile(plan, { topology: TOPOLOGY, flows: ['hybrid-p2p-mixed'] }))['lab'];
    expect(lab?.command).toEqual(['run', 'hybrid-p2p-mixed', '--on', 'docker', '--topology', '/topology/contoso.lab.yaml', '--out', '/captures']);
    expect(lab?.environment).toEqual({ CALLPATH_COMPOSE: 'contoso' });
    expect(lab?.volumes).toContain('./captures:/captures');
    expect(lab?.volumes).toContain('./topologies:/topology:ro');
  });

  it('keeps clear of nodes that are called as the lab is, or as YAML calls something else', () => {
    const odd = two('lab', 'null');
    expect(orchestratorName(odd)).toBe('lab-2');
    expect(Object.keys(services(composeFile(odd, { topology: 'two.lab.yaml' })))).toEqual(['lab', 'null', 'lab-2']);
  });

  it('is refused for a topology that it could not mount', () => {
    for (const topology of ['/etc/x.lab.yaml', '../x.lab.yaml', 'a/../../x.lab.yaml']) {
      expect(() => composeFile(plan, { topology })).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }));
    }
  });
});
