/**
 * Organisations and their users: who sits where, and where the user is homed.
 * @module
 */
import type { PlanOrganisation, PlanUser } from '../plan.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Draft, DraftNode } from '../drafting/draft.js';
import { compare } from '../addressing/lan-graph.js';
import { checkNodeReference, hasTrait } from '../drafting/nodes.js';

export function planOrganisations({ structure, faults }: Draft): readonly PlanOrganisation[] {
  const written = structure.file.organisations ?? {};
  const owners = new Map<string, string>();
  return Object.keys(written)
    .sort(compare)
    .map((name) => {
      const domains = written[name]?.domains ?? [];
      for (const [i, domain] of domains.entries()) {
        const owner = owners.get(domain);
        if (owner !== undefined) {
          faults.add('TOPOLOGY_DUPLICATE', ['organisations', name, 'domains', i], `the domain "${domain}" belongs to "${owner}" already`, {
            expected: 'each domain once',
          });
        }
        owners.set(domain, name);
      }
      return { name, domains };
    });
}

export function planUsers(organisations: readonly PlanOrganisation[], nodes: ReadonlyMap<string, DraftNode>, draft: Draft): readonly PlanUser[] {
  const written = draft.structure.file.users ?? {};
  const domains = organisations.flatMap((o) => o.domains);
  const seated = new Map<string, string>();
  return Object.keys(written)
    .sort(compare)
    .flatMap((address) => {
      const user = written[address];
      if (user === undefined) return [];
      const path = ['users', address];
      const [name = '', domain = ''] = address.split('@');
      const organisation = organisations.find((o) => o.domains.includes(domain));
      if (organisation === undefined) {
        draft.faults.add('TOPOLOGY_REFERENCE', path, `no organisation has the domain "${domain}"`, {
          on: 'key',
          expected: `one of: ${listed(domains)}`,
          ...didYouMean(domain, domains),
        });
      }
      checkSeat(user.node, [...path, 'node'], nodes, draft);
      const other = seated.get(user.node);
      seated.set(user.node, address);
      if (other !== undefined) {
        draft.faults.add('TOPOLOGY_DUPLICATE', [...path, 'node'], `"${other}" sits at "${user.node}" already`, { expected: 'a node for each user' });
      }
      const homed = checkNodeReference(user.home, hasTrait('homes'), [...path, 'home'], draft);
      if (homed && organisation !== undefined) checkServed(domain, user.home, [...path, 'home'], nodes, draft);
      return [
        {
          address,
          name,
          organisation: organisation?.name ?? '',
          node: user.node,
          home: user.home,
          password: user.password,
          src: draft.faults.source.place(path, 'key'),
        },
      ];
    });
}

/** A home serves the domain of its users: it would answer 404 for any other. */
function checkServed(domain: string, home: string, path: readonly string[], nodes: ReadonlyMap<string, DraftNode>, { faults }: Draft): void {
  const served = (node: DraftNode): readonly string[] | null => (node.config === undefined ? null : (node.kind.servedDomains?.(node.config) ?? null));
  const node = nodes.get(home);
  const domains = node === undefined ? null : served(node);
  if (domains === null || domains.includes(domain)) return;
  const others = [...nodes.values()].filter((one) => served(one)?.includes(domain) === true).map(({ name }) => name);
  faults.add('TOPOLOGY_REFERENCE', path, `"${home}" does not serve the domain "${domain}"`, {
    expected: others.length === 0 ? `"${domain}" among the domains of "${home}": ${listed(domains)}` : `a front end that does: ${listed(others)}`,
  });
}

/** A user sits at an end system: not at a router, a bridge or a server. Anybody's program may be one. */
function checkSeat(name: string, path: readonly string[], nodes: ReadonlyMap<string, DraftNode>, { structure, faults }: Draft): void {
  const isSeat = ({ kind }: DraftNode): boolean => typeof kind.traits === 'function' || kind.traits.is === 'endpoint';
  const node = nodes.get(name);
  if (node !== undefined && isSeat(node)) return;
  if (node === undefined && (structure.brokenNodes.has(name) || Object.hasOwn(structure.file.topology.nodes, name))) return;
  const seats = [...nodes.values()].filter(isSeat).map((n) => n.name);
  const message = node === undefined ? `there is no node "${name}"` : `nobody sits at "${name}": it is a ${node.kind.kind}`;
  faults.add('TOPOLOGY_REFERENCE', path, message, { expected: `a client: ${listed(seats)}`, ...didYouMean(name, seats) });
}
