/**
 * A hostile node in the project's topologies: where it stands, and what of a run is its own doing.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { PacketId } from '../../src/base/brand.js';
import type { Ledger } from '../../src/capture/ledger.js';
import type { FlowVerdict } from '../../src/library/run/flow-run.js';
import { TABLES } from '../../src/library/tables.js';
import type { Plan } from '../../src/topology/plan.js';
import type { Override } from '../../src/topology/source/overrides/override.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { swap } from '../smoke/support.js';
import { hostile } from './kind.js';
import { refusedBy } from './noise.js';

export const OFFENDER = 'mallory';

interface Place {
  readonly lan: string;
  readonly address: string;
  readonly router: string;
  /** Other keys of the node. */
  readonly more?: string;
}

/** On a LAN with callers or servers, by topology. */
const PLACES: Readonly<Record<string, Place>> = {
  'behind-nat': { lan: 'net-lan', address: '198.51.100.60/26', router: 'isp' },
  contoso: { lan: 'hq-lan', address: '10.1.0.66/24', router: 'hq-rt', more: '<<: *hq, ' },
  'late-vpn': { lan: 'lan', address: '10.3.0.66/24', router: 'dc' },
  'published-server': { lan: 'lan', address: '10.4.2.66/24', router: 'rt', more: 'segment: customer, ' },
  'thin-line': { lan: 'office', address: '10.1.0.66/24', router: 'rt' },
  'two-firewalls': { lan: 'office-lan', address: '10.1.0.66/24', router: 'office-rt' },
  'two-gateways': { lan: 'office', address: '10.1.0.66/24', router: 'gw' },
  'v6-tunnel': { lan: 'lan', address: '2001:db8:d::66/64', router: 'fw' },
};

export const tables = { ...TABLES, kinds: new Map([...TABLES.kinds, ['hostile', hostile] as const]) };

/** The address of the offender in a topology file. */
export function addressIn(file: string): string {
  return placeIn(file).address.replace(/\/\d+$/, '');
}

/** A topology file with the offender. @param keys its kind and what that needs. */
export function planWithOffender(file: string, keys = 'kind: hostile', overrides: readonly Override[] = []): Plan {
  const { lan, address, router, more = '' } = placeIn(file);
  const node = `${OFFENDER}: { ${more}${keys}, addresses: { eth0: ["${address}"] }, routes: [{ to: default, via: ${router} }] }`;
  const text = swap('\n  links:\n', `\n    ${node}\n  links:\n    - { endpoints: ["${OFFENDER}:eth0", "${lan}:p66"] }\n`)(readFileSync(file, 'utf8'));
  const parsed = parseTopology(text, file, tables.kinds, overrides);
  if (!parsed.ok) throw parsed.errors[0]!;
  return parsed.plan;
}

function placeIn(file: string): Place {
  const place = PLACES[basename(file, '.lab.yaml')];
  if (place === undefined) throw new Error(`no place for a hostile node in ${file}`);
  return place;
}

/** What was found of the others: an expectation of all traffic of a kind sees the offender's too, and names it link by link. */
export function findingsOfOthers({ findings }: Pick<FlowVerdict, 'findings'>): readonly string[] {
  const isOfOffender = (observed: string): boolean => observed.split(', ').some((part) => part.includes(OFFENDER));
  return findings.filter(({ observed }) => !isOfOffender(observed)).map(({ check, status }) => `${check}: ${status}`);
}

export interface Named {
  /** Packets of its that a role threw away, by `discard` events with their cause. */
  readonly discarded: number;
  /** Its TLS handshakes that a server refused. */
  readonly refused: number;
}

/** What the ledger says of the offender. */
export function namedIn(ledger: Ledger, address: string): Named {
  const discards = ledger.events().filter(({ name }) => name === 'discard');
  const causes = discards.flatMap(({ fields }) => (fields['cause'] ?? '0').split(',').map(Number)).filter((packet) => packet > 0);
  const its = new Set(
    ledger
      .flows()
      .filter(({ a }) => a.startsWith(`${address}:`) || a.startsWith(`[${address}]:`))
      .map(({ id }) => id),
  );
  const flows = causes.flatMap((packet) => ledger.journey(packet as PacketId)?.flow ?? []);
  return { discarded: flows.filter((flow) => its.has(flow)).length, refused: refusedBy(ledger, address) };
}
