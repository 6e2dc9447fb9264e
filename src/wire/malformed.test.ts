import { describe, expect, it } from 'vitest';
import { CHECK, isMalformed, malformed, why } from './malformed.js';

describe('malformed', () => {
  it('has a word for every code', () => {
    for (const code of Object.values(CHECK)) expect(why(code)).not.toMatch(/^code/);
    expect(why(99)).toBe('code 99');
  });

  it('is told from values', () => {
    expect(isMalformed(malformed('udp', 34, CHECK.LENGTH))).toBe(true);
    expect(malformed('sip', 0, 'no start line')).toEqual({ malformed: true, layer: 'sip', at: 0, why: 'no start line' });
    for (const other of [null, undefined, 0, {}, { malformed: false }]) expect(isMalformed(other)).toBe(false);
  });
});
