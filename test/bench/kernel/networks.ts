/**
 * The networks of the kernel benchmark, as topologies: a grid to be built, a chain to be crossed, roles to be weighed.
 * Nothing is impaired, so that what is measured is what the fabric itself costs.
 * @module
 */
import { assertInvariant } from '../../../src/base/assert.js';
import { KINDS } from '../../../src/roles/kinds.js';
import type { Plan } from '../../../src/topology/plan.js';
import { parseTopology } from '../../../src/topology/topology-file.js';

function planOf(nodes: readonly string[], links: readonly string[], more: readonly string[] = []): Plan {
  const text = ['name: bench', 'organisations: { x: { domains: [x.example] } }', 'topology:', '  nodes:', ...nodes, '  links:', ...links, ...more, ''].join(
    '\n',
  );
  const parsed = parseTopology(text, 'bench.lab.yaml', KINDS);
  assertInvariant(parsed.ok, parsed.ok ? '' : parsed.errors.map((e) => e.message).join('\n'));
  return parsed.plan;
}

const link = (name: string, a: string, b: string): string => `    - { name: ${name}, segment: customer, endpoints: ["${a}", "${b}"] }`;

/** Routers in a ring, with chords: three links for every two nodes. */
export function grid(nodes: number): Plan {
  const half = nodes / 2;
  const links = [
    ...Array.from({ length: nodes }, (_, i) => link(`ring${i}`, `r${i}:next`, `r${(i + 1) % nodes}:last`)),
    ...Array.from({ length: half }, (_, i) => link(`chord${i}`, `r${i}:chord`, `r${i + half}:chord`)),
  ];
  return planOf(
    Array.from({ length: nodes }, (_, i) => `    r${i}: { kind: router, organisation: x, segment: customer }`),
    links,
  );
}

/** n0 to nL over L links, with a router between each two; {@link chainEnd} is where packets go. */
export function chain(links: number): Plan {
  const address = (l: number, side: number): string => `198.18.${l}.${side}`;
  const node = (i: number): string => {
    const addresses = [...(i > 0 ? [`left: [${address(i - 1, 2)}/30]`] : []), ...(i < links ? [`right: [${address(i, 1)}/30]`] : [])];
    const routes = [
      ...(i > 1 ? [`{ to: ${address(0, 0)}/30, via: ${address(i - 1, 1)} }`] : []),
      ...(i < links - 1 ? [`{ to: ${address(links - 1, 0)}/30, via: ${address(i, 2)} }`] : []),
    ];
    return `    n${i}: { kind: router, organisation: x, segment: customer, addresses: { ${addresses.join(', ')} }, routes: [${routes.join(', ')}] }`;
  };
  return planOf(
    Array.from({ length: links + 1 }, (_, i) => node(i)),
    Array.from({ length: links }, (_, i) => link(`l${i}`, `n${i}:right`, `n${i + 1}:left`)),
  );
}

export function chainEnd(links: number): string {
  return `198.18.${links - 1}.2`;
}

/** DNS servers on a bridge: the smallest role that there is, a process each. */
export function servers(count: number): Plan {
  const nodes = Array.from({ length: count }, (_, i) => `    s${i}: { kind: dns, organisation: x, segment: customer }`);
  return planOf(
    ['    sw: { kind: bridge, organisation: x, segment: customer, prefixes: [192.0.2.0/24] }', ...nodes],
    Array.from({ length: count }, (_, i) => link(`s${i}-sw`, `s${i}:eth0`, `sw:p${i}`)),
  );
}
