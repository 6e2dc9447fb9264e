/**
 * Connection tracking and translation, emulated and the kernel's: the same packets in, the same packets out with the same
 * states, the same tables.
 */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/base/time.js';
import { createPool } from '../../src/fabric/pool.js';
import { fragment4, fragment6 } from '../../src/netstack/ip/fragment.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import { compare } from '../support/router/differential.js';
import { describeFrame, udpPacket } from '../support/router/frames.js';
import { kernelRouter } from '../support/router/kernel-router.js';
import { simRouter } from '../support/router/router.js';
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
      // A kernel draws ports at random, now and then one that the story names: what differs each time is no chance.
      let difference: string | null = null;
      for (let attempt = 0; attempt < 4; attempt++) {
        difference = await compare(randomCase(seed, translated));
        if (difference === null) break;
      }
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

it('fragments are put together, tracked, and go on in the sizes in which they came', async () => {
  const heard: string[][] = [];
  for (const router of [simRouter(), await kernelRouter()]) {
    const lines: string[] = [];
    for (const [from, to] of [
      ['10.0.1.1', '10.0.2.1'],
      ['2001:db8:1::1', '2001:db8:2::1'],
    ] as const) {
      for (const mtu of [600, 1300, 1500]) {
        const parts = fragmentsOf(udpPacket({ from, to, sport: mtu }, new Uint8Array(2000)), mtu);
        for (const part of parts.reverse())
          lines.push(
            router
              .send('in', part)
              .map(({ frame }) => `${frame.length} ${describeFrame(frame)}`)
              .join('; '),
          );
      }
    }
    heard.push([...lines, ...(await router.connections()).map((line) => line.replace(/ \d+ src/, ' src'))]);
    router.close();
  }
  expect(heard[0]?.filter((line) => line !== '').length).toBeGreaterThan(6);
  expect(heard[0]).toEqual(heard[1]);
});

it('a UDP flow that is answered is a stream once it is older than two seconds', async () => {
  const [sim, kernel] = [simRouter(), await kernelRouter()];
  const started = performance.now();
  const there = udpPacket({ from: '10.0.1.1', to: '10.0.2.1' });
  const back = udpPacket({ from: '10.0.2.1', to: '10.0.1.1', sport: 9, dport: 5000 });
  for (const router of [sim, kernel])
    for (const [wire, packet] of [
      ['in', there],
      ['out', back],
      ['in', there],
    ] as const)
      router.send(wire, packet);
  const before = await kernel.connections();
  // The kernel's clock is the wall's.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  sim.at(millis(performance.now() - started));
  for (const router of [sim, kernel]) router.send('out', back);
  const after = await kernel.connections();
  expect([before, after].map(([line]) => /(\d+) src=.*?(\[ASSURED\])?(?= mark)/.exec(line ?? '')?.slice(1))).toEqual([
    [expect.stringMatching(/^(29|30)$/), undefined],
    [expect.stringMatching(/^1(19|20)$/), '[ASSURED]'],
  ]);
  expect((await sim.connections()).map((line) => line.replace(/120/, '119'))).toEqual(after.map((line) => line.replace(/120/, '119')));
  kernel.close();
});

function fragmentsOf(packet: Uint8Array, mtu: number): Uint8Array[] {
  const pool = createPool();
  const p = pool.take(14 + packet.length);
  p.len = 14 + packet.length;
  p.buf.set(packet, p.off + 14);
  const v4 = (packet[0] as number) >>> 4 === 4;
  if (v4) ipv4.setFragmentation(p.buf, p.off + 14, false, false, 0);
  return (v4 ? fragment4(p, mtu, pool) : fragment6(p, mtu, pool, 77)).map((part) => part.buf.slice(part.off + 14, part.off + part.len));
}
