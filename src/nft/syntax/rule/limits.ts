/**
 * `limit rate`: in packets or in bytes.
 * @see nft(8), "Limit statement"
 * @module
 */
import { fault } from '../../fault.js';
import type { Limit } from '../../ruleset.js';
import type { TokenStream } from '../lexing/stream.js';
import { placeOf } from '../lexing/token.js';
import type { StatementTree } from '../tree.js';

const UNITS = ['second', 'minute', 'hour', 'day', 'week'] as const;
const SIZES: ReadonlyMap<string, number> = new Map([
  ['bytes', 1],
  ['kbytes', 1024],
  ['mbytes', 1024 * 1024],
]);
/** Packets; bytes have none. */
const USUAL_BURST = 5;

export function takeLimit(s: TokenStream): StatementTree {
  const src = placeOf(s.next());
  if (s.takeWord('name')) {
    const token = s.peek();
    const name = token.kind === 'quoted' ? s.next() : s.wantName('the name of a limit');
    return { do: 'limit', name: { name: name.text, src: placeOf(name) }, limit: null, src };
  }
  s.wantWord('rate');
  return { do: 'limit', name: null, limit: takeRate(s), src };
}

/** What follows `rate`. Errors: NFT_SYNTAX, NFT_TYPE. */
export function takeRate(s: TokenStream): Limit {
  const over = s.takeWord('over');
  const { value, token } = s.wantNumber('a number of packets or bytes');
  const { size, unit } = takeUnits(s);
  if (value === 0) throw fault('NFT_TYPE', token, 'a rate of nothing is refused by the kernel', { expected: 'at least 1' });
  const what = size === undefined ? 'packets' : 'bytes';
  return { over, what, amount: bounded(value * (size ?? 1), token), unit, burst: takeBurst(s, what) };
}

/** `/second`, `kbytes / second`, and `kbytes/second`, which is one word. */
function takeUnits(s: TokenStream): { readonly size: number | undefined; readonly unit: Limit['unit'] } {
  const token = s.peek();
  const [size, glued, more] = token.kind === 'word' ? token.text.split('/') : [];
  const bytes = SIZES.get(size ?? '');
  if (bytes !== undefined && glued !== undefined && more === undefined) {
    const unit = UNITS.find((u) => u === glued);
    if (unit === undefined) throw s.wrong(`one of: ${UNITS.map((u) => `${size}/${u}`).join(', ')}`);
    s.next();
    return { size: bytes, unit };
  }
  const spaced = takeSize(s);
  s.wantSign('/', '"/" and a unit of time');
  const unit = UNITS.find((u) => s.takeWord(u));
  if (unit === undefined) throw s.wrong(`one of: ${UNITS.join(', ')}`);
  return { size: spaced, unit };
}

function takeSize(s: TokenStream): number | undefined {
  const size = s.peek().kind === 'word' ? SIZES.get(s.peek().text) : undefined;
  if (size !== undefined) s.next();
  return size;
}

function takeBurst(s: TokenStream, what: Limit['what']): number {
  if (!s.takeWord('burst')) return what === 'packets' ? USUAL_BURST : 0;
  const { value, token } = s.wantNumber(`a number of ${what}`);
  if (value === 0) throw fault('NFT_TYPE', token, 'a burst of nothing is refused by nft', { expected: 'at least 1' });
  if (what === 'packets') {
    s.wantWord('packets');
    return bounded(value, token);
  }
  const size = takeSize(s);
  if (size === undefined) throw s.wrong('bytes, kbytes or mbytes');
  return bounded(value * size, token);
}

/** The kernel keeps rate and burst in 32 bits of its own units; what is larger is no rate any more. */
function bounded(value: number, at: Parameters<typeof fault>[1]): number {
  if (value > 0xffff_ffff) throw fault('NFT_TYPE', at, 'the amount is too large', { expected: 'less than 4 GiB or 4 294 967 296 packets' });
  return value;
}
