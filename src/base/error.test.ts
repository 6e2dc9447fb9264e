import { describe, expect, it } from 'vitest';
import { LabError, formatLabError } from './error.js';
import { DROP, DROP_NAMES, dropCode, dropName } from './drop.js';

describe('LabError', () => {
  const error = new LabError('TOPOLOGY_ADDRESS', 'two nodes hold 192.0.2.7', {
    where: { file: 'a.lab.yaml', line: 3, column: 9 },
    expected: 'one node per address',
    hint: 'give bob another address',
  });

  it('reads as place, code, message, expectation and cure', () => {
    expect(formatLabError(error)).toBe(
      ['a.lab.yaml:3:9: TOPOLOGY_ADDRESS two nodes hold 192.0.2.7', '  expected: one node per address', '  mend it:  give bob another address'].join('\n'),
    );
  });

  it('survives JSON', () => {
    const back = LabError.fromJSON(JSON.parse(JSON.stringify(error)) as ReturnType<LabError['toJSON']>);
    expect(back.toJSON()).toEqual(error.toJSON());
    expect(LabError.is(back)).toBe(true);
    expect(LabError.is(new Error('other'))).toBe(false);
  });

  it('exits with 2 for input and 3 for the lab', () => {
    expect(error.exitCode).toBe(2);
    expect(new LabError('LAB_STALLED', 'stalled').exitCode).toBe(3);
  });
});

describe('drop codes', () => {
  it('are one octet, named and unique', () => {
    expect(new Set(Object.values(DROP)).size).toBe(DROP_NAMES.length);
    for (const code of Object.values(DROP)) expect(dropCode(dropName(code))).toBe(code);
    expect(DROP_NAMES.length).toBeLessThan(256);
  });
});
