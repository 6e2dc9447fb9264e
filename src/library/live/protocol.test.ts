import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, parseAnswer, parseRequest } from './protocol.js';

describe('lines out of chunks', () => {
  it('are the same wherever the chunks were cut', () => {
    const line = fc.string({ minLength: 1 }).filter((text) => !text.includes('\n'));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 60 }), { maxLength: 8 }), (lines, cuts) => {
        const text = lines.map((one) => `${one}\n`).join('');
        const borders = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const splitter = new LineSplitter();
        expect(borders.slice(1).flatMap((end, i) => splitter.push(text.slice(borders[i], end)))).toEqual(lines);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('keep back what is not ended', () => {
    const splitter = new LineSplitter();
    expect(splitter.push('{"do":')).toEqual([]);
    expect(splitter.push('"status"}\n{')).toEqual(['{"do":"status"}']);
  });
});

describe('requests', () => {
  it('are known by what they do', () => {
    expect(parseRequest('{"do":"link","name":"er","set":"loss 5%"}')).toEqual({ do: 'link', name: 'er', set: 'loss 5%' });
  });

  it.each(['{', '[]', '{"do":"dance"}', '{"do":"call","from":"alice"}', '{"do":"status","more":1}'])('%s is refused', (line) => {
    expect(() => parseRequest(line)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }) as Error);
  });
});

describe('answers', () => {
  it('are held to what was asked', () => {
    expect(parseAnswer({ do: 'call', from: 'alice', to: 'bob' }, { answered: true, status: 200, reason: 'OK' }).answered).toBe(true);
    expect(parseAnswer({ do: 'down' }, {})).toEqual({});
  });

  it.each([null, [], {}, { links: 'er' }, { links: ['er'], more: 1 }])('%j is refused: it is of another version', (answer) => {
    const refused = expect.objectContaining({ code: 'CLI_USAGE', hint: 'use the same version of callpath in both terminals' }) as Error;
    expect(() => parseAnswer({ do: 'link', name: 'er', set: 'up' }, answer)).toThrow(refused);
  });
});
