/**
 * Connection tracking and translation, emulated and the kernel's: the same packets in, the same packets out with the same
 * states, the same tables.
 */
import { describe, expect, it } from 'vitest';
import { compare } from '../support/router/differential.js';
import { randomCase } from '../support/router/specs.js';

/** `CASES=2000 SEED=1 npx vitest run -c vitest.kernel.config.ts test/kernel/conntrack.test.ts` for more. */
const CASES = Number(process.env['CASES'] ?? 30);
const SEED = Number(process.env['SEED'] ?? 1);

describe.each([
  ['tracks', false],
  ['translates', true],
])('an emulated router %s as the kernel does', (_word, translated) => {
  it(`in ${CASES} random stories`, { timeout: CASES * 20_000 }, async () => {
    const parted: string[] = [];
    for (let seed = SEED; seed < SEED + CASES && parted.length < 3; seed++) {
      const difference = await compare(randomCase(seed, translated));
      if (difference !== null) parted.push(difference);
    }
    expect(parted.join('\n\n')).toBe('');
  });
});

it('a difference is noticed: other settings, another rule', async () => {
  const strict = { seed: 7, spec: {}, story: { family: 4, protocols: ['tcp'] } } as const;
  expect(await compare(strict, 60, { conntrack: { nf_conntrack_tcp_loose: 0 } })).toMatch(/tcp .* \[ACK\]/);
  const nat = { point: 'postrouting', wire: 'out', family: 4, addresses: ['10.0.2.254', '10.0.2.254'] } as const;
  expect(await compare({ seed: 8, spec: { nat: [nat] }, story: { family: 4, protocols: ['udp'] } }, 20, {})).toContain('10.0.2.254 > ');
});
