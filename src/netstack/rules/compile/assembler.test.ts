import { describe, expect, it } from 'vitest';
import { NO_FIELD, OP, TABLE_VERDICT, WIDTH } from '../program.js';
import { ExactSet } from '../sets/exact-set.js';
import { Assembler } from './assembler.js';
import { listing } from './testing.js';

describe('rules', () => {
  it('what fails goes on at the next rule of the chain, of the last one at its end', () => {
    const out = new Assembler();
    out.beginChain('t/c');
    out.emit(OP.EQ, 0, 1);
    out.emit(OP.ACCEPT);
    out.endRule();
    out.emit(OP.EQ, 0, 2);
    out.endRule();
    out.endChain();
    expect(listing(out.finish()).map((line) => line.replace(/^(\d+: \w+).*(else.*)$/, '$1 $2'))).toEqual([
      '0: EQ else 2',
      '1: ACCEPT else 2',
      '2: EQ else 3',
      '3: END else 4',
    ]);
  });

  it('tells where the next instruction goes', () => {
    const out = new Assembler();
    expect(out.here).toBe(0);
    out.emit(OP.COUNTER);
    expect(out.here).toBe(WIDTH);
  });
});

describe('verdicts', () => {
  it('accept and drop tell their rule, continue is nothing', () => {
    const out = new Assembler();
    for (const verdict of ['accept', 'drop', 'return', 'continue'] as const) out.verdict({ verdict }, 't/', 7);
    expect(listing(out.finish()).map((line) => line.replace(/ else.*/, ''))).toEqual(['0: ACCEPT - 0 0 7', '1: DROP - 0 0 7', '2: RETURN - 0 0 0']);
  });

  it('a jump may go to a chain that is placed later', () => {
    const out = new Assembler();
    out.beginChain('t/a');
    out.verdict({ verdict: 'jump', chain: 'b' }, 't/', 0);
    out.verdict({ verdict: 'goto', chain: 'a' }, 't/', 0);
    out.endRule();
    out.endChain();
    out.beginChain('t/b');
    out.endChain();
    expect(listing(out.finish())).toEqual(['0: JUMP - 3 0 0 else 2', '1: GOTO - 0 0 0 else 2', '2: END - 0 0 0 else 3', '3: END - 0 0 0 else 4']);
  });

  it('a chain that is never placed is a broken invariant, one of another table too', () => {
    const out = new Assembler();
    out.beginChain('u/b');
    out.endChain();
    out.verdict({ verdict: 'jump', chain: 'b' }, 't/', 0);
    expect(() => out.finish()).toThrow('chain t/b');
  });

  it('by element: numbers below zero, or twice the place, one more for goto', () => {
    const out = new Assembler();
    const table = out.verdicts(
      [
        { verdict: 'accept' },
        { verdict: 'drop' },
        { verdict: 'return' },
        { verdict: 'continue' },
        { verdict: 'jump', chain: 'b' },
        { verdict: 'goto', chain: 'b' },
      ],
      't/',
    );
    out.beginChain('t/a');
    out.endChain();
    out.beginChain('t/b');
    out.endChain();
    const { ACCEPT, DROP, RETURN, CONTINUE } = TABLE_VERDICT;
    expect([...(out.finish().tables[table] ?? [])]).toEqual([ACCEPT, DROP, RETURN, CONTINUE, WIDTH * 2, WIDTH * 2 + 1]);
  });
});

describe('tables', () => {
  it('have numbers in their order', () => {
    const out = new Assembler();
    const set = new ExactSet(1, [[5]]);
    expect([out.table(Int32Array.of(1)), out.table(Int32Array.of(2))]).toEqual([0, 1]);
    expect([out.set(set, -1), out.set(set, 3)]).toEqual([0, 1]);
    expect([...out.finish().catchAll]).toEqual([-1, 3]);
  });

  it('bounds are two IPv6 addresses', () => {
    const out = new Assembler();
    expect([out.bounds([1, 2, 3, 4, 5, 6, 7, 8]), out.bounds([9, 9, 9, 9, 9, 9, 9, 9])]).toEqual([0, 8]);
    expect(out.finish().bounds.length).toBe(16);
    expect(() => out.bounds([1, 2, 3, 4])).toThrow('two IPv6 addresses');
  });
});

it('an instruction without a field has none', () => {
  const out = new Assembler();
  out.emit(OP.NOTRACK);
  expect(out.finish().code[1]).toBe(NO_FIELD);
});
