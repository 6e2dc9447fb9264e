import { expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import type { Rng } from '../../base/rng.js';
import { deviceId } from './device-id.js';

const rng = (name: string, seed = 1): Rng => randomRoot(seed).stream(name);

it('is a URN with a UUID of version 4 and of the variant of RFC 9562 (section 5.4)', () => {
  const random = rng('node:alice');
  for (let i = 0; i < 500; i++) expect(deviceId(random)).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it.each([
  [0x00, 'urn:uuid:00000000-0000-4000-8000-000000000000'],
  [0xff, 'urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff'],
])('keeps version and variant whatever was drawn: %i', (byte, urn) => {
  expect(
    deviceId({
      ...rng('unused'),
      fill: (bytes, offset, length) => {
        bytes.fill(byte, offset, offset + length);
      },
    }),
  ).toBe(urn);
});

it('is the same for the same seed, and another for another seed, device, or drawing', () => {
  const drawn = rng('node:alice');
  const ids = [deviceId(drawn), deviceId(drawn), deviceId(rng('node:bob')), deviceId(rng('node:alice', 2))];
  expect(deviceId(rng('node:alice'))).toBe(ids[0]);
  expect(new Set(ids).size).toBe(ids.length);
});
