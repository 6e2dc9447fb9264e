import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.js';

function linesOf(chunks: readonly Uint8Array[], end = false): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(chunk);
  if (end) reader.end();
  return lines;
}

describe('lines of a byte stream', () => {
  it('come out whole, however the bytes were cut, even inside a character', () => {
    const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', ' ').replace(/[\ud800-\udfff]/g, ''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(500), { maxLength: 12 }), (texts, cuts) => {
        const bytes = new TextEncoder().encode(texts.map((text) => `${text}\n`).join(''));
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((x, y) => x - y), bytes.length];
        const chunks = places.slice(1).map((to, i) => bytes.slice(places[i] ?? 0, to));
        expect(linesOf(chunks)).toEqual(texts);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('a line of 8 MB in chunks of 64 KiB is one line', () => {
    const text = 'ä'.repeat(4_000_000);
    const bytes = new TextEncoder().encode(`${text}\n{}\n`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 65536) }, (_, i) => bytes.subarray(i * 65536, (i + 1) * 65536));
    const lines = linesOf(chunks);
    expect(lines.length).toBe(2);
    expect(lines[0] === text).toBe(true);
    expect(lines[1]).toBe('{}');
  });

  it('what has no end waits for it; the end of the stream is one too', () => {
    const bytes = new TextEncoder().encode('one\ntwo');
    expect(linesOf([bytes])).toEqual(['one']);
    expect(linesOf([bytes], true)).toEqual(['one', 'two']);
    expect(linesOf([new TextEncoder().encode('one\n')], true)).toEqual(['one']);
  });
});
