/**
 * Reads import and export policies of a topology file.
 * @module
 */
import { BITS, formatNetwork, type Network } from '../../addressing/ip.js';
import type { Draft } from '../../drafting/draft.js';
import { readTarget, type Networks } from '../../routing/route-target.js';
import type { FileBgpStatement } from '../../source/bgp-schema.js';
import type { Path } from '../../source/yaml-source.js';
import type { BgpPolicy, BgpPrefixMatch, BgpStatement } from '../bgp.js';
import { readCommunity } from '../communities.js';

type Filed = FileBgpStatement | readonly FileBgpStatement[] | undefined;

/** Null without one. @param as of the speaker, which is what it prepends */
export function readPolicy(filed: Filed, as: number, path: Path, networks: Networks, draft: Draft): BgpPolicy | null {
  if (filed === undefined) return null;
  if (isList(filed)) return filed.map((statement, i) => readStatement(statement, as, [...path, i], networks, draft));
  return [readStatement(filed, as, path, networks, draft)];
}

function readStatement({ match, set, action }: FileBgpStatement, as: number, path: Path, networks: Networks, draft: Draft): BgpStatement {
  const communities = (words: string | readonly string[] | undefined, key: readonly string[], wildcards = false): readonly string[] | undefined =>
    words === undefined ? undefined : readCommunities(words, [...path, ...key], wildcards, draft);
  const matched = communities(match?.communities, ['match', 'communities'], true);
  const given = {
    communities: communities(set?.communities, ['set', 'communities']),
    add: communities(set?.addCommunities, ['set', 'addCommunities']),
    remove: communities(set?.removeCommunities, ['set', 'removeCommunities'], true),
  };
  const prepend = typeof set?.prepend === 'number' ? Array.from({ length: set.prepend }, () => as) : set?.prepend;
  if (action === 'deny' && set !== undefined) {
    draft.faults.add('TOPOLOGY_BGP', [...path, 'set'], 'what is denied is not changed', { on: 'key', expected: 'a statement that permits, or no "set"' });
  }
  return {
    match: {
      ...(match?.prefixes !== undefined && { prefixes: readPrefixes(match.prefixes, [...path, 'match', 'prefixes'], networks, draft) }),
      ...(matched !== undefined && { communities: matched }),
      ...(match?.as !== undefined && { as: [match.as].flat() }),
    },
    set: {
      ...(set?.localPref !== undefined && { localPref: set.localPref }),
      ...(set?.med !== undefined && { med: set.med }),
      ...(set?.origin !== undefined && { origin: set.origin }),
      ...(given.communities !== undefined && { communities: given.communities }),
      ...(given.add !== undefined && { addCommunities: given.add }),
      ...(given.remove !== undefined && { removeCommunities: given.remove }),
      ...(prepend !== undefined && { prepend }),
      ...(set?.removePrivateAs === true && { removePrivateAs: true }),
    },
    permit: action !== 'deny',
    src: draft.faults.source.place(path),
  };
}

function readCommunities(words: string | readonly string[], path: Path, wildcards: boolean, { faults }: Draft): readonly string[] {
  return entries(words, path).flatMap(([word, at]) => {
    const community = readCommunity(word, wildcards);
    if (community === undefined) {
      faults.add('TOPOLOGY_BGP', at, `"${word}" is no community`, {
        expected: `two numbers up to 65535, such as 12076:5030${wildcards ? ' or 12076:*' : ''}, no-export or no-advertise`,
      });
      return [];
    }
    return [community];
  });
}

/** `PREFIX [ge N] [le N]`, where a name stands for several prefixes. */
function readPrefixes(words: string | readonly string[], path: Path, networks: Networks, draft: Draft): readonly BgpPrefixMatch[] {
  return entries(words, path).flatMap(([word, at]) => {
    const parsed = /^(\S+)((?:\s+(?:ge|le)\s+\d{1,3})*)$/.exec(word.trim());
    if (parsed === null) {
      draft.faults.add('TOPOLOGY_BGP', at, `"${word}" is no prefix to match`, {
        expected: 'a prefix or the name of a network, then perhaps "ge N" and "le N"',
      });
      return [];
    }
    const [, name = '', bounds = ''] = parsed;
    const ge = /\bge\s+(\d+)/.exec(bounds)?.[1];
    const le = /\ble\s+(\d+)/.exec(bounds)?.[1];
    const all = readTarget(name, at, networks, draft).map(({ network }) => ({ network, ...bounded(network, ge, le) }));
    // A name may stand for networks of both families, and the bounds for those of one.
    const fitting = all.filter(({ network, min, max }) => min >= network.length && min <= max && max <= BITS[network.family]);
    const [first] = all;
    if (first !== undefined && fitting.length === 0) {
      const { network, min, max } = first;
      draft.faults.add('TOPOLOGY_BGP', at, `no prefix is inside ${formatNetwork(network)} and ${min} to ${max} bits long`, {
        expected: `${network.length} <= ge <= le <= ${BITS[network.family]}`,
      });
    }
    return fitting.map(({ network, min, max }): BgpPrefixMatch => ({ prefix: formatNetwork(network), min, max }));
  });
}

/** As in prefix lists: `ge` alone is up to the end, `le` alone from the prefix's own length, neither that length alone. */
function bounded(network: Network, ge: string | undefined, le: string | undefined): { readonly min: number; readonly max: number } {
  const min = ge === undefined ? network.length : Number(ge);
  const max = le !== undefined ? Number(le) : ge === undefined ? network.length : BITS[network.family];
  return { min, max };
}

function entries(words: string | readonly string[], path: Path): readonly (readonly [string, Path])[] {
  return isList(words) ? words.map((word, i) => [word, [...path, i]] as const) : [[words, path] as const];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
