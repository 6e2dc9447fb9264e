/**
 * Where a route leads: a prefix, `default`, a named network, a bridge (the networks of its LAN), or a list of these.
 * @module
 */
import { didYouMean, listed } from '../../base/suggest.js';
import type { Path } from '../source/yaml-source.js';
import type { Draft, Lan } from '../drafting/draft.js';
import { everything, parseIp } from '../addressing/ip.js';
import type { Network } from '../addressing/ip.js';
import { readNetwork } from '../addressing/pools.js';

export interface Target {
  readonly network: Network;
  /** Written for both families at once: a family that the next hop does not speak is then no fault. */
  readonly loose: boolean;
}

/** Networks by name. */
export type Networks = ReadonlyMap<string, readonly Network[]>;

/** `addressing.networks` and the bridges, whose names stand for the networks of their LANs. */
export function namedNetworks(lans: readonly Lan[], byLan: ReadonlyMap<Lan, readonly Network[]>, draft: Draft): Networks {
  const named = new Map<string, readonly Network[]>();
  for (const lan of lans) for (const bridge of lan.bridges) named.set(bridge.name, byLan.get(lan) ?? []);
  const written = draft.structure.file.topology.addressing?.networks ?? {};
  for (const [name, texts] of Object.entries(written)) {
    const path = ['topology', 'addressing', 'networks', name];
    if (named.has(name) || name === 'default') {
      draft.faults.add('TOPOLOGY_DUPLICATE', path, `"${name}" is the name of ${name === 'default' ? 'the default route' : 'a bridge'} already`, {
        on: 'key',
        expected: 'a name of its own',
      });
    }
    named.set(
      name,
      texts.flatMap((text, i) => readNetwork(text, [...path, i], draft) ?? []),
    );
  }
  return named;
}

export function readTarget(to: string | readonly string[], path: Path, networks: Networks, draft: Draft): readonly Target[] {
  if (typeof to !== 'string') return to.flatMap((one, i) => readOne(one, [...path, i], networks, draft));
  return readOne(to, path, networks, draft);
}

function readOne(text: string, path: Path, networks: Networks, draft: Draft): readonly Target[] {
  if (text === 'default')
    return [
      { network: everything(4), loose: true },
      { network: everything(6), loose: true },
    ];
  const named = networks.get(text);
  if (named !== undefined) return named.map((network) => ({ network, loose: true }));
  if (text.includes('/') || parseIp(text) !== undefined) {
    const network = readNetwork(text, path, draft);
    return network === undefined ? [] : [{ network, loose: false }];
  }
  const known = [...networks.keys(), 'default'];
  draft.faults.add('TOPOLOGY_ROUTE', path, `"${text}" is no destination`, {
    expected: `a prefix such as 192.0.2.0/24, "default", or one of: ${listed(known)}`,
    ...didYouMean(text, known),
  });
  return [];
}
