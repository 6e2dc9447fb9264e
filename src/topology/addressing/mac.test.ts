import { describe, expect, it } from 'vitest';
import { planMacs } from './mac.js';

describe('planMacs', () => {
  const keys = Array.from({ length: 500 }, (_, i) => `node${i}:eth0`);

  it('gives locally administered, individual addresses, all different', () => {
    const macs = [...planMacs(keys).values()];
    expect(new Set(macs).size).toBe(keys.length);
    expect(macs.every((m) => /^02(:[0-9a-f]{2}){5}$/.test(m))).toBe(true);
  });
  it('moves none when an interface is added or the order changes', () => {
    const before = planMacs(keys);
    const after = planMacs([...keys, 'another:eth7'].reverse());
    for (const key of keys) expect(after.get(key)).toBe(before.get(key));
  });
});
