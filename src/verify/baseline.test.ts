import { describe, expect, it } from 'vitest';
import { LabError } from '../base/error.js';
import { EMPTY_BASELINE, formatBaseline, parseBaseline } from './baseline.js';

const baseline = { ...EMPTY_BASELINE, flows: { f: { 'audio/a-b': { label: 'local', there: ['l1'], back: ['l1'] } } } };

describe('baseline files', () => {
  it('read back what was written', () => {
    expect(parseBaseline(formatBaseline(baseline), 'b.json')).toEqual(baseline);
  });

  it.each(['', '{', '[]', '{"format":"callpath-baseline-2","flows":{}}', '{"format":"callpath-baseline-1","flows":{"f":{"l":{"label":1}}}}'])('refuse %j with a code', (text) => {
    let error: unknown;
    try {
      parseBaseline(text, 'b.json');
    } catch (caught) {
      error = caught;
    }
    expect(LabError.is(error) && error.code).toBe('BASELINE_INVALID');
  });
});
