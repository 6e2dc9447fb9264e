/**
 * Elements of one set against each other. nft and the kernel refuse keys that overlap: always in maps, in named sets
 * unless they merge (`auto-merge`); the very same key twice is taken as one.
 * @module
 */
import type { LabError, SourceRef } from '../../base/error.js';
import { mask4 } from '../../wire/prefix.js';
import { fault } from '../fault.js';
import type { Element, Pattern } from '../ruleset.js';
import { addressNumber, rank } from './values/values.js';

/** First and last value that a pattern matches. */
interface Span {
  readonly from: bigint;
  readonly to: bigint;
}

interface Spanned {
  readonly element: Element;
  readonly spans: readonly Span[];
}

/** Interfaces have no order: they overlap when they are the same. */
export function spanOf(pattern: Pattern): Span | null {
  switch (pattern.is) {
    case 'number':
    case 'address':
      return { from: rank(pattern), to: rank(pattern) };
    case 'range':
      return { from: rank(pattern.from), to: rank(pattern.to) };
    case 'prefix': {
      const from = addressNumber(pattern.address);
      const host = pattern.family === 4 ? BigInt(~mask4(pattern.length) >>> 0) : (1n << BigInt(128 - pattern.length)) - 1n;
      return { from, to: from + host };
    }
    case 'interface':
      return interfaceSpan(pattern.name, pattern.wildcard);
    case 'any':
      return null;
  }
}

/** A name is 16 octets, filled up with zeros; a wildcard leaves the rest open. */
function interfaceSpan(name: string, wildcard: boolean): Span {
  const octets = new TextEncoder().encode(name);
  const filled = (fill: number): bigint => Array.from({ length: 16 }, (_, i) => octets[i] ?? fill).reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  return { from: filled(0), to: filled(wildcard ? 0xff : 0) };
}

const sameSpan = (a: Span, b: Span): boolean => a.from === b.from && a.to === b.to;
const sameKey = (a: Spanned, b: Spanned): boolean => a.spans.every((span, i) => sameSpan(span, b.spans[i] as Span));
const sameData = (a: Element, b: Element): boolean => JSON.stringify(a.data) === JSON.stringify(b.data);

/** The first clash, or null. @param merges elements that overlap become one */
export function clash(elements: readonly Element[], merges: boolean): LabError | null {
  const spanned: Spanned[] = [];
  let star: Element | null = null;
  for (const element of elements) {
    const spans = element.key.map(spanOf);
    if (spans.every((span) => span !== null)) spanned.push({ element, spans });
    else if (star === null) star = element;
    else if (!sameData(star, element)) return twice(element.src, star.src);
  }
  const [first] = spanned;
  if (first === undefined) return null;
  return first.spans.length === 1 ? clashOfOne(spanned, merges) : clashOfMany(spanned, merges);
}

function clashOfOne(spanned: readonly Spanned[], merges: boolean): LabError | null {
  const only = (s: Spanned): Span => s.spans[0] as Span;
  const order = [...spanned].sort((a, b) => compare(only(a).from, only(b).from) || compare(only(b).to, only(a).to));
  let widest: Spanned | null = null;
  for (const next of order) {
    if (widest !== null && only(next).from <= only(widest).to) {
      const same = sameSpan(only(widest), only(next));
      if (same && !sameData(widest.element, next.element)) return twice(next.element.src, widest.element.src);
      if (!same && !merges) return overlapping(next.element.src, widest.element.src);
    }
    if (widest === null || only(next).to > only(widest).to) widest = next;
  }
  return null;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The kernel looks for the first and for the last key of each new element among those that it has. */
function clashOfMany(spanned: readonly Spanned[], merges: boolean): LabError | null {
  const ranges = spanned.filter((s) => s.spans.some((span) => span.from !== span.to));
  const seen = new Map<string, Spanned>();
  for (const next of spanned) {
    const key = next.spans.map((span) => `${span.from}-${span.to}`).join('.');
    const before = seen.get(key);
    if (before !== undefined) {
      if (!sameData(before.element, next.element)) return twice(next.element.src, before.element.src);
      continue;
    }
    seen.set(key, next);
    if (merges || ranges.length === 0) continue;
    for (const other of seen.values()) {
      if (other === next || sameKey(other, next)) continue;
      if (within(next, other, 'from') || within(next, other, 'to')) return overlapping(next.element.src, other.element.src);
    }
  }
  return null;
}

function within(next: Spanned, other: Spanned, end: 'from' | 'to'): boolean {
  return next.spans.every((span, i) => {
    const of = other.spans[i] as Span;
    return of.from <= span[end] && span[end] <= of.to;
  });
}

function twice(at: SourceRef, before: SourceRef): LabError {
  return fault('NFT_CONFLICT', at, 'the same key has other data already', { hint: `the first one is in line ${before.line}` });
}

function overlapping(at: SourceRef, before: SourceRef): LabError {
  return fault('NFT_CONFLICT', at, 'the element overlaps another one', {
    hint: `the other one is in line ${before.line}; auto-merge lets a named set take both`,
  });
}
