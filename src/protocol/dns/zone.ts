/**
 * An authoritative answer from zones (RFC 1034 4.3.2 in small): longest matching zone, CNAMEs chased while they stay
 * in the server's zones.
 * @module
 */
import { canonicalName } from './message.js';
import type { DnsAnswer, Rcode } from './message.js';

/** One record of a zone. */
export type ZoneRecord = Exclude<DnsAnswer, { readonly type: 'SOA' | 'other' }>;

export interface Zone {
  readonly name: string;
  readonly records: readonly ZoneRecord[];
}

export interface ZoneAnswer {
  readonly rcode: Rcode;
  readonly answers: readonly DnsAnswer[];
  /** Of what is not there: the SOA of the zone (RFC 2308 section 3). */
  readonly authority: readonly DnsAnswer[];
  /** Name that the chain ends at outside the zones: a forwarder must go on from there. */
  readonly unfinished: string | null;
}

const MAX_CHAIN = 8;
/** Seconds that it is known that something is not there (RFC 2308 section 4). */
const NEGATIVE_TTL = 60;

/** The zone that holds the name: the longest of those whose name is the name's suffix. */
export function zoneOf(zones: readonly Zone[], name: string): Zone | undefined {
  const wanted = canonicalName(name);
  return zones.filter(({ name: zone }) => wanted === zone || wanted.endsWith(`.${zone}`)).sort((a, b) => b.name.length - a.name.length)[0];
}

/** Zones have none of their own in a topology: what it says is the lab's. */
export function soaOf({ name }: Zone): DnsAnswer {
  const owned = { type: 'SOA', name, ttl: NEGATIVE_TTL, primary: `ns.${name}`, mailbox: `hostmaster.${name}` } as const;
  return { ...owned, serial: 1, refresh: 3600, retry: 600, expire: 86400, minimum: NEGATIVE_TTL };
}

/**
 * The answer of a server for its own zones; null when the name is in none of them.
 * @param type `A`, `NAPTR`, `ANY`, `TYPE65`
 */
export function answerFromZones(zones: readonly Zone[], name: string, type: string): ZoneAnswer | null {
  const answers: DnsAnswer[] = [];
  let current = canonicalName(name);
  for (let i = 0; i < MAX_CHAIN; i++) {
    const zone = zoneOf(zones, current);
    if (zone === undefined) return i === 0 ? null : { rcode: 'NOERROR', answers, authority: [], unfinished: current };
    const here: readonly DnsAnswer[] = [...zone.records.filter((record) => record.name === current), ...(current === zone.name ? [soaOf(zone)] : [])];
    const found = here.filter((record) => record.type === type || type === 'ANY');
    if (found.length > 0) return { rcode: 'NOERROR', answers: [...answers, ...found], authority: [], unfinished: null };
    const alias = here.find((record) => record.type === 'CNAME');
    if (alias?.type !== 'CNAME') {
      // RFC 2308: a name that exists (also only above others) without that type is NOERROR with no data.
      const exists = here.length > 0 || zone.records.some((record) => record.name.endsWith(`.${current}`));
      return { rcode: exists || i > 0 ? 'NOERROR' : 'NXDOMAIN', answers, authority: [soaOf(zone)], unfinished: null };
    }
    answers.push(alias);
    current = canonicalName(alias.target);
  }
  return { rcode: 'SERVFAIL', answers: [], authority: [], unfinished: null };
}
