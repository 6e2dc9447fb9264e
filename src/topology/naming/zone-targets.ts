/**
 * Where names lead, across all zones of the lab: that aliases and services end at an address, and which names end at
 * which address.
 * @module
 */
import { didYouMean } from '../../base/suggest.js';
import type { PlanRecord, PlanZone } from '../plan.js';
import type { Draft } from '../drafting/draft.js';
import type { DraftZone } from './zones.js';

/** Longest chain of aliases that is followed; resolvers give up at about as many. */
const LONGEST_CHAIN = 16;

/** Reports aliases and services whose target nobody serves, and aliases that go round in circles. */
export function checkTargets(zones: readonly DraftZone[], { faults }: Draft): void {
  const names = new Set(zones.flatMap((z) => z.records.filter((r) => r.type !== 'SRV' && r.type !== 'NAPTR').map((r) => r.name)));
  for (const record of zones.flatMap((z) => z.records)) {
    const target = targetOf(record);
    if (target === undefined || target === '.') continue;
    if (!names.has(target)) {
      faults.add('TOPOLOGY_ZONE', record.path, `no zone of this lab has an address for "${target}"`, {
        expected: 'a name that has an A, AAAA or CNAME record',
        ...didYouMean(target, names),
      });
    } else if (record.type === 'CNAME' && circles(record.name, zones)) {
      faults.add('TOPOLOGY_ZONE', record.path, `the alias "${record.name}" leads back to itself`, { expected: 'a chain of aliases that ends at an address' });
    }
  }
}

function targetOf(record: PlanRecord): string | undefined {
  if (record.type === 'SRV') return record.data.target;
  return record.type === 'CNAME' ? record.data : undefined;
}

function circles(start: string, zones: readonly Pick<PlanZone, 'records'>[]): boolean {
  let names = new Set([start]);
  for (let step = 0; step < LONGEST_CHAIN && names.size > 0; step++) {
    const next = new Set(zones.flatMap((z) => z.records.filter((r) => r.type === 'CNAME' && names.has(r.name)).map((r) => String(r.data))));
    if (next.has(start)) return true;
    names = next;
  }
  return false;
}

/** For each address the names that lead to it, by A, AAAA and CNAME, in any zone. */
export function namesByAddress(zones: readonly Pick<PlanZone, 'records'>[]): ReadonlyMap<string, ReadonlySet<string>> {
  const records = zones.flatMap((z) => z.records);
  const aliases = new Map<string, Set<string>>();
  for (const r of records) if (r.type === 'CNAME') into(aliases, String(r.data), r.name);
  const result = new Map<string, Set<string>>();
  for (const r of records) {
    if (r.type !== 'A' && r.type !== 'AAAA') continue;
    for (const name of withAliases(r.name, aliases)) into(result, String(r.data), name);
  }
  return result;
}

function withAliases(name: string, aliases: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const all = new Set([name]);
  for (const known of all) for (const alias of aliases.get(known) ?? []) all.add(alias);
  return all;
}

function into(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}
