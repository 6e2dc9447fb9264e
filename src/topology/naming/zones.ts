/**
 * Zones: from record shorthand to records. A node's name stands for all of its addresses.
 * @module
 */
import type { PlanData, PlanRecord, PlanZone } from '../plan.js';
import type { FileRecordSet, FileZoneView } from '../source/schema.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Path } from '../source/yaml-source.js';
import type { Draft } from '../drafting/draft.js';
import { formatIp, parseIp } from '../addressing/ip.js';
import type { Family } from '../addressing/ip.js';
import { compare } from '../addressing/lan-graph.js';
import type { Neighbourhood } from '../addressing/neighbourhood.js';
import { checkNodeReference, hasTrait } from '../drafting/nodes.js';
import { isWithin, ownerName, targetName } from './zone-names.js';

/** RFC 1035 leaves it to the zone; an hour is what public zones of such services carry. */
const DEFAULT_TTL = 3600;

/** A record with the place where it was written. */
export type DraftRecord = PlanRecord & { readonly path: Path };

export interface DraftZone extends Omit<PlanZone, 'records'> {
  readonly path: Path;
  readonly records: readonly DraftRecord[];
}

export function draftZones(neighbourhood: Neighbourhood, draft: Draft): readonly DraftZone[] {
  const zones: DraftZone[] = [];
  const written = draft.structure.file.zones ?? {};
  for (const name of Object.keys(written).sort(compare)) {
    const views = written[name];
    const list = Array.isArray(views) ? views.map((v, i) => [v, ['zones', name, i]] as const) : [[views as FileZoneView, ['zones', name]] as const];
    const servers = new Set<string>();
    for (const [view, path] of list) zones.push(draftView(name, view, path, servers, neighbourhood, draft));
  }
  return zones;
}

function draftView(name: string, view: FileZoneView, path: Path, taken: Set<string>, neighbourhood: Neighbourhood, draft: Draft): DraftZone {
  for (const [i, server] of view.servers.entries()) {
    const at = [...path, 'servers', i];
    if (!checkNodeReference(server, hasTrait('resolves'), at, draft)) continue;
    if (taken.has(server)) {
      draft.faults.add('TOPOLOGY_ZONE', at, `"${server}" serves the zone "${name}" twice`, { expected: 'one view of a zone per server' });
    }
    taken.add(server);
  }
  const reader = new RecordReader(name, view.ttl ?? DEFAULT_TTL, neighbourhood, draft);
  const sets = Array.isArray(view.records)
    ? view.records.map((set, i) => [set, [...path, 'records', i]] as const)
    : [[view.records, [...path, 'records']] as const];
  for (const [set, at] of sets) for (const [owner, data] of Object.entries(set)) reader.read(owner, data, [...at, owner]);
  return { name, servers: view.servers, records: reader.sorted(), src: draft.faults.source.place(path, 'key'), path };
}

class RecordReader {
  readonly #records: DraftRecord[] = [];
  readonly #zone: string;
  readonly #ttl: number;
  readonly #neighbourhood: Neighbourhood;
  readonly #draft: Draft;

  constructor(zone: string, ttl: number, neighbourhood: Neighbourhood, draft: Draft) {
    this.#zone = zone;
    this.#ttl = ttl;
    this.#neighbourhood = neighbourhood;
    this.#draft = draft;
  }

  /** By name and type, whatever the order of the keys in the file; records of one name and type as they were listed. */
  sorted(): readonly DraftRecord[] {
    return [...this.#records].sort((a, b) => compare(a.name, b.name) || compare(a.type, b.type));
  }

  read(ownerText: string, set: FileRecordSet, path: Path): void {
    const owner = ownerName(ownerText, this.#zone);
    if (owner === undefined || !isWithin(owner, this.#zone)) {
      const message = owner === undefined ? `"${ownerText}" is no domain name` : `"${owner}" lies outside the zone "${this.#zone}"`;
      this.#fault(path, message, { on: 'key', expected: `a name relative to ${this.#zone}, or "@" for the zone itself` });
      return;
    }
    const ttl = set.ttl ?? this.#ttl;
    const add = (data: PlanData, at: Path): void => {
      const same = this.#records.some((r) => r.name === owner && r.type === data.type && JSON.stringify(r.data) === JSON.stringify(data.data));
      if (same) this.#fault(at, `${owner} has the same ${data.type} record twice`, { expected: 'each record once' });
      else this.#records.push({ name: owner, type: data.type, ttl, data: data.data, path: at } as DraftRecord);
    };
    for (const [text, at] of listOf(set.A, [...path, 'A'])) this.#addresses(text, at, 4, add);
    for (const [text, at] of listOf(set.AAAA, [...path, 'AAAA'])) this.#addresses(text, at, 6, add);
    if (set.CNAME !== undefined) {
      const target = this.#target(set.CNAME, [...path, 'CNAME']);
      if (target !== undefined) add({ type: 'CNAME', data: target }, [...path, 'CNAME']);
    }
    for (const [service, at] of listOf(set.SRV, [...path, 'SRV'])) {
      const target = this.#target(service.target, [...at, 'target']);
      if (target !== undefined)
        add({ type: 'SRV', data: { priority: service.priority, weight: service.weight, port: service.port, target } }, [...at, 'target']);
    }
    for (const [{ replacement: text, ...naptr }, at] of listOf(set.NAPTR, [...path, 'NAPTR'])) {
      const replacement = text === '.' ? '' : this.#target(text, [...at, 'replacement']);
      if (replacement !== undefined) add({ type: 'NAPTR', data: { ...naptr, replacement } }, [...at, 'replacement']);
    }
    this.#checkAlone(owner, set, path);
  }

  /** RFC 1034 3.6.2: "If a CNAME RR is present at a node, no other data should be present". */
  #checkAlone(owner: string, set: FileRecordSet, path: Path): void {
    const types = (['A', 'AAAA', 'CNAME', 'SRV', 'NAPTR'] as const).filter((t) => set[t] !== undefined);
    if (types.length === 0) this.#fault(path, `${owner} has no records`, { on: 'key', expected: 'A, AAAA, CNAME, SRV or NAPTR' });
    const own = this.#records.filter((r) => r.name === owner);
    const alias = own.some((r) => r.type === 'CNAME');
    if (alias && (own.length > 1 || owner === this.#zone)) {
      this.#fault(path, `${owner} has other records beside its CNAME`, { on: 'key', expected: 'a CNAME alone (RFC 1034 3.6.2), and never at the zone itself' });
    }
  }

  #addresses(text: string, at: Path, family: Family, add: (data: PlanData, at: Path) => void): void {
    const ip = parseIp(text);
    if (ip !== undefined) {
      if (ip.family === family) add({ type: family === 4 ? 'A' : 'AAAA', data: formatIp(ip) }, at);
      else this.#fault(at, `${text} is no IPv${family} address`, { expected: ip.family === 6 ? 'it under AAAA' : 'it under A' });
      return;
    }
    const [node = '', interfaceName] = text.split(':');
    if (!this.#knows(node, text, at)) return;
    const found = this.#neighbourhood.addressesOf(node, interfaceName);
    const wanted = family === 4 ? found : found.filter((a) => a.family === 6);
    for (const address of wanted) add({ type: address.family === 4 ? 'A' : 'AAAA', data: formatIp(address) }, at);
    if (wanted.length === 0 && !this.#neighbourhood.doubtful(node)) {
      this.#fault(at, `"${text}" has no ${family === 6 ? 'IPv6 ' : ''}address`, { expected: 'a node or interface that has one' });
    }
  }

  #knows(node: string, text: string, at: Path): boolean {
    const { structure } = this.#draft;
    const nodes = Object.keys(structure.file.topology.nodes);
    if (nodes.includes(node)) return true;
    if (!structure.brokenNodes.has(node)) {
      this.#fault(at, `"${text}" is neither an address nor a node`, { expected: `an address, or one of: ${listed(nodes)}`, ...didYouMean(node, nodes) });
    }
    return false;
  }

  #target(text: string, at: Path): string | undefined {
    // RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    if (text === '.' && at.at(-1) === 'target') return '.';
    const target = targetName(text, this.#zone);
    if (target === undefined) this.#fault(at, `"${text}" is no domain name`, { expected: 'a name such as sip.contoso.example' });
    return target;
  }

  #fault(path: Path, message: string, details: { expected: string; hint?: string; on?: 'key' }): void {
    this.#draft.faults.add('TOPOLOGY_ZONE', path, message, details);
  }
}

function listOf<T>(value: T | T[] | undefined, path: Path): readonly (readonly [T, Path])[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map((v, i) => [v, [...path, i]] as const) : [[value, path] as const];
}
