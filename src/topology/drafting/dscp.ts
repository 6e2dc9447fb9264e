/**
 * Code points by name (RFC 2474 4.2.2, RFC 2597 6, RFC 3246 2.7) and policies by local port.
 * @module
 */
import type { FileDscpPolicy } from '../source/schema.js';
import type { Faults } from '../source/faults.js';
import type { Path } from '../source/yaml-source.js';
import { didYouMean } from '../../base/suggest.js';
import type { PlanNode } from '../plan.js';

const NAMES: ReadonlyMap<string, number> = new Map([
  ['BE', 0],
  ['DF', 0],
  ['EF', 46],
  ['VA', 44],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`CS${n}`, n * 8] as const),
  // RFC 2597: class 1-4 in the upper bits, drop precedence 1-3 below.
  ...[1, 2, 3, 4].flatMap((c) => [1, 2, 3].map((d) => [`AF${c}${d}`, c * 8 + d * 2] as const)),
]);

/** 0..63, or `undefined` for no code point. */
export function readDscp(value: string | number): number | undefined {
  const number = typeof value === 'number' ? value : /^\d{1,2}$/.test(value) ? Number(value) : NAMES.get(value.toUpperCase());
  return number !== undefined && number >= 0 && number <= 63 ? number : undefined;
}

/** As people call a code point: `EF`, `AF31`, `CS3`; a number where it has no name, and of the default. */
export function dscpName(dscp: number): string {
  return dscp === 0 ? '0' : ([...NAMES].find(([, number]) => number === dscp)?.[0] ?? String(dscp));
}

/** A port or a range of ports, ends included. */
export function readPorts(value: string | number): { readonly from: number; readonly to: number } | undefined {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(String(value).trim());
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from >= 1 && to <= 65535 && from <= to ? { from, to } : undefined;
}

export function readDscpPolicies(policies: readonly FileDscpPolicy[], path: Path, faults: Faults): PlanNode['dscp'] {
  return policies.flatMap((policy, i) => {
    const ports = readPorts(policy.ports);
    const dscp = readDscp(policy.dscp);
    if (ports === undefined) {
      faults.add('TOPOLOGY_SCHEMA', [...path, i, 'ports'], `"${policy.ports}" is no port range`, { expected: 'ports from 1 to 65535, such as 50000-50019' });
    }
    if (dscp === undefined) {
      faults.add('TOPOLOGY_SCHEMA', [...path, i, 'dscp'], `"${policy.dscp}" is no code point`, {
        expected: 'EF, AF11 to AF43, CS0 to CS7, BE, or a number from 0 to 63',
        ...didYouMean(String(policy.dscp), NAMES.keys()),
      });
    }
    return ports === undefined || dscp === undefined ? [] : [{ protocol: policy.protocol, ...ports, dscp }];
  });
}
