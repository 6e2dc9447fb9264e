/**
 * The dice themselves: which are thrown, what they mean at the ends of their range, and what state goes on.
 */
import { describe, expect, it } from 'vitest';
import { DROP } from '../../base/drop.js';
import { type RandomRoot, randomRoot } from '../../base/rng.js';
import { millis } from '../../base/time.js';
import { type ImpairmentSpec, type LossModel, NO_IMPAIRMENT } from '../../topology/impairment.js';
import { newFate, newTransit } from './fate.js';
import { Impairments } from './impairments.js';

const asked = (spec: Partial<ImpairmentSpec>): ImpairmentSpec => ({ ...NO_IMPAIRMENT, ...spec });

/** All that becomes of a frame, in a word: `lost`, `bit 7`, `twice`, `ahead`, and the delay. */
function frame(dice: Impairments, length = 100): string {
  const [fate, transit] = [newFate(), newTransit()];
  dice.fate(length, fate);
  dice.transit(transit);
  return [
    ...(fate.drop === DROP.LINK_LOSS ? ['lost'] : []),
    ...(fate.flipBit >= 0 ? [`bit ${fate.flipBit}`] : []),
    ...(fate.copies > 0 ? ['twice'] : []),
    ...(transit.ahead ? ['ahead'] : []),
    `${transit.extra}`,
  ].join(' ');
}
const frames = (dice: Impairments, n = 40): string[] => Array.from({ length: n }, () => frame(dice));

const EACH: readonly (readonly [string, Partial<ImpairmentSpec>])[] = [
  ['loss', { loss: { model: 'random', probability: 0.5 } }],
  ['loss in bursts', { loss: { model: 'gemodel', p: 0.5, r: 0.5, h: 0.1, k: 0.9 } }],
  ['jitter', { delay: millis(20), jitter: millis(5) }],
  ['corrupt', { corrupt: 0.5 }],
  ['duplicate', { duplicate: 0.5 }],
  ['reorder', { delay: millis(20), reorder: 0.5 }],
];

describe.each(EACH)('%s', (_, spec) => {
  const dice = (name: string, seed = 1, first: Partial<ImpairmentSpec> = spec): Impairments => new Impairments(randomRoot(seed), name, asked(first));

  it('is the same for a link and a seed, another for another link and another seed', () => {
    expect(frames(dice('link:a:ab'))).toEqual(frames(dice('link:a:ab')));
    expect(frames(dice('link:a:ba'))).not.toEqual(frames(dice('link:a:ab')));
    expect(frames(dice('link:a:ab', 2))).not.toEqual(frames(dice('link:a:ab')));
  });

  it('throws no dice before it is asked for', () => {
    const later = dice('link:a:ab', 1, {});
    const before = frames(later);
    later.configure(asked(spec));
    expect([before, frames(later)]).toEqual([new Array<string>(40).fill('0'), frames(dice('link:a:ab'))]);
  });

  it('goes on where it was when something else is asked for', () => {
    const whole = frames(dice('link:a:ab'), 80);
    const changed = dice('link:a:ab');
    const first = frames(changed);
    changed.configure(asked({ ...spec, rate: 8e6 }));
    expect([...first, ...frames(changed)]).toEqual(whole);
  });
});

describe('dice that always fall on one side', () => {
  const loaded = (value: number): RandomRoot => ({
    stream: () => ({ u32: () => value, float: () => value / 2 ** 32, below: (n) => Math.floor((value / 2 ** 32) * n), fill: () => undefined }),
  });
  const LEAST = loaded(0);
  const MOST = loaded(2 ** 32 - 1);
  const thrown = (random: RandomRoot, spec: Partial<ImpairmentSpec>): string => frame(new Impairments(random, 'l', asked(spec)));
  const random = (probability: number): LossModel => ({ model: 'random', probability });

  it('a probability of 0 is never, whatever they show; the least above it is not', () => {
    for (const spec of [{ loss: random(0) }, { corrupt: 0 }, { duplicate: 0 }, { reorder: 0 }]) expect(thrown(LEAST, spec)).toBe('0');
    expect(thrown(LEAST, { loss: random(2 ** -32) })).toBe('lost 0');
    expect(thrown(LEAST, { corrupt: 2 ** -32 })).toBe('bit 0 0');
    expect(thrown(LEAST, { duplicate: 2 ** -32 })).toBe('twice 0');
    expect(thrown(LEAST, { reorder: 2 ** -32 })).toBe('ahead 0');
  });

  it('a probability of 1 is always, whatever they show; the most below it is not', () => {
    const almost = 1 - 2 ** -32;
    expect([thrown(MOST, { loss: random(1) }), thrown(MOST, { loss: random(almost) })]).toEqual(['lost 0', '0']);
    // The last bit of 86 octets behind the header.
    expect([thrown(MOST, { corrupt: 1 }), thrown(MOST, { corrupt: almost })]).toEqual(['bit 687 0', '0']);
    expect([thrown(MOST, { duplicate: 1 }), thrown(MOST, { duplicate: almost })]).toEqual(['twice 0', '0']);
    expect([thrown(MOST, { reorder: 1 }), thrown(MOST, { reorder: almost })]).toEqual(['ahead 0', '0']);
    expect(thrown(MOST, { gap: 1 })).toBe('ahead 0');
  });

  it('loss in bursts: states change, and lose, never at 0 and always at 1', () => {
    const run = (dice: RandomRoot, p: number, r: number, h: number, k: number): string =>
      frames(new Impairments(dice, 'l', asked({ loss: { model: 'gemodel', p, r, h, k } })), 4)
        .map((word) => (word === 'lost 0' ? 'x' : '-'))
        .join('');
    // Good frames arrive, bad ones are lost.
    expect(run(LEAST, 0, 0, 0, 1)).toBe('----');
    expect(run(MOST, 1, 0, 0, 1)).toBe('-xxx');
    expect(run(LEAST, 1, 0, 0, 1)).toBe('-xxx');
    expect(run(MOST, 1, 1, 0, 1)).toBe('-x-x');
    // The other way round.
    expect(run(MOST, 1, 0, 1, 0)).toBe('x---');
    expect(run(LEAST, 1, 0, 1, 0)).toBe('x---');
  });

  it('jitter: from delay - jitter to just below delay + jitter; a table from its first to its last entry', () => {
    const spec = { delay: millis(20), jitter: millis(5) };
    expect([thrown(LEAST, spec), thrown(MOST, spec)]).toEqual(['15000000', '24999999']);
    const normal = [LEAST, MOST].map((dice) => Number(thrown(dice, { ...spec, distribution: 'normal' })));
    // 3.67 standard deviations either way.
    expect(normal.map((delay) => Math.round((delay - 20e6) / 5e4))).toEqual([-367, 367]);
    expect(thrown(LEAST, { delay: millis(5), jitter: millis(5) })).toBe('0');
    expect(thrown(LEAST, { delay: millis(4), jitter: millis(5) })).toBe('0');
  });

  it('a bit is flipped only behind the Ethernet header', () => {
    const bits = (length: number): string => frame(new Impairments(MOST, 'l', asked({ corrupt: 1 })), length);
    expect([0, 14, 15, 16].map(bits)).toEqual(['0', '0', 'bit 7 0', 'bit 15 0']);
  });
});

describe('the state of losses in bursts', () => {
  const bursts = (p: number, r: number): LossModel => ({ model: 'gemodel', p, r, h: 0, k: 1 });
  const lost = (dice: Impairments): boolean => frame(dice).startsWith('lost');

  it('goes on under other numbers, and begins anew after another model', () => {
    const bad = (): Impairments => {
      const dice = new Impairments(randomRoot(1), 'l', asked({ loss: bursts(1, 0) }));
      frame(dice);
      return dice;
    };
    const stays = bad();
    stays.configure(asked({ loss: bursts(0, 0) }));
    expect([lost(stays), lost(stays)]).toEqual([true, true]);
    for (const between of [null, { model: 'random', probability: 0 }] as const) {
      const dice = bad();
      dice.configure(asked({ loss: between }));
      dice.configure(asked({ loss: bursts(0, 0) }));
      expect([lost(dice), lost(dice)]).toEqual([false, false]);
    }
  });

  it('counts frames since one went ahead through changes of what is asked', () => {
    const dice = new Impairments(randomRoot(1), 'l', asked({ gap: 4, delay: millis(1) }));
    const seen = frames(dice, 6);
    dice.configure(asked({ gap: 3, delay: millis(1) }));
    expect([...seen, ...frames(dice, 4)].flatMap((word, i) => (word.startsWith('ahead') ? [i + 1] : []))).toEqual([4, 7, 10]);
  });
});
