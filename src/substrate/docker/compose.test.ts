import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
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

const list = z.array(z.string()).refine((items) => new Set(items).size === items.length, { error: 'no item twice' });
const map = z.record(z.string(), z.string());

/**
 * Keys that both readers know, in a shape that both take: docker-compose 1.29 by its schema (`compose_spec.json` of early
 * 2021), `docker compose` by that of the Compose Specification (schema/compose-spec.json, 2025), in which `version` is obsolete.
 */
const BOTH = z.strictObject({
  services: z.record(
    z.string().regex(/^[a-zA-Z0-9._-]+$/),
    z.strictObject({
      build: z.strictObject({ context: z.string(), dockerfile: z.string(), args: map }),
      cap_add: list.optional(),
      cap_drop: list.optional(),
      command: z.array(z.string()).optional(),
      depends_on: list.optional(),
      devices: list.optional(),
      entrypoint: z.array(z.string()).optional(),
      environment: map.optional(),
      hostname: z.string().optional(),
      image: z.string(),
      init: z.boolean().optional(),
      labels: map.optional(),
      network_mode: z.string(),
      pid: z.string().optional(),
      read_only: z.boolean().optional(),
      security_opt: list.optional(),
      user: z.string().optional(),
      volumes: list.optional(),
    }),
  ),
});

/** What a reader of either kind would not take. Keys `x-...` are the file's own. */
function unknownToOne(text: string): readonly string[] {
  // YAML 1.1, as both read it: `on` is a truth value there.
  const file = parse(text, { merge: true, version: '1.1' }) as Record<string, unknown>;
  const known = Object.fromEntries(Object.entries(file).filter(([key]) => !key.startsWith('x-')));
  const result = BOTH.safeParse(known);
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function planOf(text: string, file: string): Plan {
  const parsed = parseTopology(text, file, KIND_INFOS);
  if (!parsed.ok) throw parsed.errors[0];
  return parsed.plan;
}

function two(a: string, b: string): Plan {
  return planOf(twoText(a, b), 'two.lab.yaml');
}

function twoText(a: string, b: string): string {
  return [
    'name: two',
    'organisations: { x: { domains: [x.example] } }',
    `topology: { nodes: { ${a}: { kind: router, organisation: x, segment: customer }, ${b}: { kind: router, organisation: x, segment: customer } },`,
    `  links: [{ segment: customer, endpoints: ['${a}:eth0', '${b}:eth0'], prefixes: [192.0.2.0/30] }] }`,
  ].join('\n');
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

  it('has no key and no shape that docker-compose 1.29 or `docker compose` does not know', () => {
    const file = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    expect(unknownToOne(file)).toEqual([]);
    // Also with names that YAML would take for something else.
    expect(unknownToOne(composeFile(two('on', 'null'), { topology: 'two.lab.yaml' }))).toEqual([]);
  });

  it('one of another version, or with a key that one of them does not know, would be found', () => {
    const file = composeFile(plan, { topology: TOPOLOGY });
    expect(unknownToOne(`version: "3.8"\n${file}`)).toEqual([expect.stringContaining('version')]);
    expect(unknownToOne(file.replace('    pid: host\n', '    pid: host\n    attach: true\n'))).toEqual([expect.stringContaining('attach')]);
    expect(unknownToOne(file.replace('    environment: {', '    environment: {DEBUG: on, '))).toEqual([
      expect.stringContaining('services.lab.environment.DEBUG'),
    ]);
  });

  it('has a service per node, which has no network, no rights and nothing to write to', () => {
    const { lab, ...nodes } = services(composeFile(plan, { topology: TOPOLOGY }));
    expect(Object.keys(nodes)).toEqual(plan.nodes.map((node) => node.name));
    for (const [name, node] of Object.entries(nodes)) {
      expect(node).toMatchObject({
        hostname: name,
        network_mode: 'none',
        user: '65534:65534',
        read_only: true,
        cap_drop: ['ALL'],
        labels: { 'callpath.lab': 'contoso', 'callpath.node': name },
      });
      expect(node).not.toHaveProperty('cap_add');
      expect(node).not.toHaveProperty('privileged');
    }
    expect(lab?.depends_on).toEqual(plan.nodes.map((node) => node.name));
  });

  it('has a lab that runs the flows on this topology and leaves captures', () => {
    const lab = services(composeFile(plan, { topology: TOPOLOGY, flows: ['hybrid-p2p-mixed'] }))['lab'];
    expect(lab?.command).toEqual(['run', 'hybrid-p2p-mixed', '--on', 'docker', '--topology', '/topology/topologies/contoso.lab.yaml', '--out', '/captures']);
    expect(lab?.environment).toEqual({ CALLPATH_COMPOSE: 'contoso' });
    expect(lab?.volumes).toContain('./captures:/captures');
    expect(lab?.volumes?.filter((volume) => volume.endsWith(':ro'))).toEqual(['./topologies:/topology/topologies:ro', './lab/rules:/topology/lab/rules:ro']);
  });

  it("runs flows of one's own by their files, and builds its image where the product is", () => {
    const text = composeFile(two('r', 's'), {
      topology: 'labs/two.lab.yaml',
      flows: ['flows/own.flow.yaml', 'labs/b.flow.yaml', 'an-id'],
      context: './node_modules/callpath',
    });
    const { lab, r } = services(text);
    expect(lab?.command).toEqual([
      ...['run', '/topology/flows/own.flow.yaml', '/topology/labs/b.flow.yaml', 'an-id'],
      ...['--on', 'docker', '--topology', '/topology/labs/two.lab.yaml', '--out', '/captures'],
    ]);
    expect(lab?.volumes?.filter((volume) => volume.endsWith(':ro'))).toEqual(['./labs:/topology/labs:ro', './flows:/topology/flows:ro']);
    expect(r).toMatchObject({ build: { context: './node_modules/callpath', dockerfile: 'lab/images/Dockerfile' } });
    expect(text).toContain('callpath compose labs/two.lab.yaml --flow flows/own.flow.yaml --flow labs/b.flow.yaml --flow an-id > docker-compose.yml');
    expect(text).toContain('node node_modules/callpath/lab/images/build-scratch.mjs');
    expect(() => composeFile(two('r', 's'), { topology: 'two.lab.yaml', flows: ['../x.flow.yaml'] })).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }));
  });

  it('has the lab find rule files where the topology names them, and what those include', () => {
    const files: Readonly<Record<string, string>> = {
      'a/rules/r.nft': 'include "more/s.nft"\n',
      'a/rules/more/s.nft': 'table ip t { }\n',
      'shared/r.nft': 'table ip t { }\n',
    };
    const readOnly = (firewall: string): readonly string[] | undefined => {
      const text = twoText('r', 's').replace('kind: router', `kind: router, firewall: ${firewall}`);
      const parsed = parseTopology(text, 'a/two.lab.yaml', KIND_INFOS, [], { read: (path) => files[path] ?? null });
      if (!parsed.ok) throw parsed.errors[0];
      return services(composeFile(parsed.plan, { topology: 'a/two.lab.yaml' }))['lab']?.volumes?.filter((volume) => volume.endsWith(':ro'));
    };
    expect(readOnly('rules/r.nft')).toEqual(['./a:/topology/a:ro']);
    expect(readOnly('../shared/r.nft')).toEqual(['./a:/topology/a:ro', './shared:/topology/shared:ro']);
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
