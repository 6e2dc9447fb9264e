import { describe, expect, it } from 'vitest';
import { holds } from './finding.js';
import type { Finding } from './finding.js';

describe('a flow', () => {
  it('holds when every finding passed, and there is one', () => {
    const one = (status: Finding['status']): Finding => ({
      status,
      check: 'c',
      subject: 's',
      expected: '',
      observed: '',
      evidence: { packets: [], total: 0, links: [] },
      src: null,
    });
    expect(holds([])).toBe(false);
    expect(holds([one('pass')])).toBe(true);
    expect(holds([one('pass'), one('unproved')])).toBe(false);
    expect(holds([one('pass'), one('fail')])).toBe(false);
  });
});
