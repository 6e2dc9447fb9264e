/**
 * Import and export policies: a list of statements, as route maps are. The first statement that fits decides.
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import { contains, parseIpWithLength } from '../addressing/ip.js';
import type { BgpPath, BgpPolicy, BgpPrefixMatch, BgpStatement } from './bgp.js';
import { communityFits, isPrivateAs, sortedCommunities } from './communities.js';

export type Judged = { readonly path: BgpPath; readonly denied?: undefined } | { readonly path: null; readonly denied: string };

/** What the policy makes of a path, or why it denies it. Without a policy everything is permitted as it is. */
export function applyPolicy(policy: BgpPolicy | null, path: BgpPath, direction: 'import' | 'export'): Judged {
  if (policy === null) return { path };
  const statement = policy.find((one) => fits(one, path));
  if (statement === undefined) return { path: null, denied: `no statement of the ${direction} policy fits it` };
  if (!statement.permit) return { path: null, denied: `denied by the ${direction} policy, ${placeOf(statement.src)}` };
  return { path: changed(statement.set, path) };
}

/**
 * The statement that let a path in as it is now, as far as that can be seen: the first that would fit and gives what the path
 * has. Communities that it may have replaced itself are not asked for.
 */
export function statementBehind(policy: BgpPolicy, path: BgpPath): BgpStatement | null {
  const made = ({ set }: BgpStatement): boolean =>
    (set.localPref === undefined || set.localPref === path.localPref) &&
    (set.med === undefined || set.med === path.med) &&
    (set.origin === undefined || set.origin === path.origin) &&
    (set.prepend ?? []).every((as, i) => path.asPath[i] === as);
  const fitted = ({ match, set, ...one }: BgpStatement): boolean => {
    const replaced = set.communities !== undefined || set.removeCommunities !== undefined;
    const { communities, ...others } = match;
    return fits({ ...one, set, match: replaced || communities === undefined ? others : match }, path);
  };
  return policy.find((statement) => statement.permit && fitted(statement) && made(statement)) ?? null;
}

function placeOf(src: SourceRef): string {
  return `${src.file}:${src.line}`;
}

function fits({ match }: BgpStatement, path: BgpPath): boolean {
  const { prefixes, communities, as } = match;
  return (
    (prefixes === undefined || prefixes.some((one) => prefixFits(one, path.prefix))) &&
    (communities === undefined || communities.some((wanted) => path.communities.some((c) => communityFits(c, wanted)))) &&
    (as === undefined || as.some((number) => path.asPath.includes(number)))
  );
}

export function prefixFits(wanted: BgpPrefixMatch, prefix: string): boolean {
  const [outer, inner] = [parseIpWithLength(wanted.prefix), parseIpWithLength(prefix)];
  if (outer === undefined || inner === undefined || inner.network.family !== outer.network.family) return false;
  const { length } = inner.network;
  return length >= wanted.min && length <= wanted.max && length >= outer.network.length && contains(outer.network, inner.ip);
}

function changed(set: BgpStatement['set'], path: BgpPath): BgpPath {
  const own = set.communities ?? path.communities;
  const removed = own.filter((c) => set.removeCommunities?.some((wanted) => communityFits(c, wanted)) !== true);
  const asPath = set.removePrivateAs === true ? path.asPath.filter((as) => !isPrivateAs(as)) : path.asPath;
  return {
    ...path,
    origin: set.origin ?? path.origin,
    localPref: set.localPref ?? path.localPref,
    med: set.med ?? path.med,
    communities: sortedCommunities([...removed, ...(set.addCommunities ?? [])]),
    asPath: [...(set.prepend ?? []), ...asPath],
  };
}
