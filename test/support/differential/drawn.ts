/**
 * Ports that a translation draws. Each side has its own; two are alike where nothing in the case could tell them apart: no
 * rule and no packet names one of them, they lie in the same ranges of the rules, and whoever is one on this side is the
 * same one on the other all the time. Where chance draws what a rule does name, the case is run again (`differs.ts`).
 * @module
 */
import type { Case } from './case.js';

/** What {@link namedPorts} found. */
export interface NamedPorts {
  readonly singles: ReadonlySet<number>;
  readonly ranges: readonly (readonly [number, number])[];
}

const IPV4 = /\d+(?:\.\d+){3}(?:\/\d+)?/g;
const IPV6 = /[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*(?:\/\d+)?/g;

/** Numbers of the rules that are no part of an address, and ports of the packets. */
export function namedPorts({ rules, steps }: Pick<Case, 'rules' | 'steps'>): NamedPorts {
  const singles = new Set<number>();
  const ranges: (readonly [number, number])[] = [];
  for (const [, from, to] of rules
    .replace(IPV4, ' ')
    .replace(IPV6, ' ')
    .matchAll(/\b(\d+)(?:-(\d+))?\b/g)) {
    if (to === undefined || to === from) singles.add(Number(from));
    else ranges.push([Number(from), Number(to)]);
  }
  for (const step of steps) {
    if (!('send' in step)) continue;
    singles.add(step.send.sport ?? 0);
    singles.add(step.send.dport ?? 0);
  }
  return { singles, ranges };
}

export class DrawnPorts {
  readonly #named: NamedPorts;
  readonly #there = new Map<number, number>();
  readonly #here = new Map<number, number>();

  constructor(named: NamedPorts) {
    this.#named = named;
  }

  /** Whether these pairs are all alike; only then are they kept. */
  alike(pairs: readonly (readonly [number, number])[]): boolean {
    const there = new Map(this.#there);
    const here = new Map(this.#here);
    for (const [a, b] of pairs) {
      if (a === b) continue;
      if (this.#kind(a) === null || this.#kind(a) !== this.#kind(b)) return false;
      if ((there.get(a) ?? b) !== b || (here.get(b) ?? a) !== a) return false;
      there.set(a, b);
      here.set(b, a);
    }
    for (const [a, b] of pairs) {
      if (a === b) continue;
      this.#there.set(a, b);
      this.#here.set(b, a);
    }
    return true;
  }

  /** Null: something names that port. Else the class that Linux draws from (nf_nat_l4proto_unique_tuple), and the ranges. */
  #kind(port: number): string | null {
    if (this.#named.singles.has(port)) return null;
    const drawnFrom = port < 512 ? 0 : port < 1024 ? 1 : 2;
    return [drawnFrom, ...this.#named.ranges.map(([from, to]) => from <= port && port <= to)].join();
  }
}
