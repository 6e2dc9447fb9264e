import { describe, expect, it } from 'vitest';
import { seconds } from '../../base/time.js';
import { interrupted, stalled, timeLimit, watch } from './driver-options.js';

const WAITING = [
  { who: 'alice', what: 'the answer to INVITE' },
  { who: 'edge', what: 'an allocation' },
];

describe('errors that end a run', () => {
  it('LAB_STALLED says when, and who waits for what', () => {
    const hint = 'look at the last packets of those who wait: one was lost without a retransmission, or was never sent';
    const expected = 'a packet or a timer that lets the run go on';
    expect(stalled(seconds(3), WAITING)).toMatchObject({
      code: 'LAB_STALLED',
      message: 'nothing is left to happen at 3s, but the run has not ended; waiting are:\n    alice: the answer to INVITE\n    edge: an allocation',
      expected,
      hint,
    });
    expect(stalled(seconds(3), [])).toMatchObject({ message: 'nothing is left to happen at 3s, but the run has not ended', expected, hint });
  });

  it('LAB_TIME_LIMIT says which limit, and who waits for what', () => {
    expect(timeLimit(seconds(600), WAITING)).toMatchObject({
      code: 'LAB_TIME_LIMIT',
      message: 'the run has not ended by its limit of lab time, 600s; waiting are:\n    alice: the answer to INVITE\n    edge: an allocation',
      expected: 'an end before 600s',
      hint: 'raise the limit, or look at what is waited for',
    });
    expect(timeLimit(seconds(1), []).message).toBe('the run has not ended by its limit of lab time, 1s');
  });

  it('LAB_INTERRUPTED says when, and by what', () => {
    const abort = new AbortController();
    abort.abort('SIGTERM');
    expect(interrupted(seconds(2), abort.signal)).toMatchObject({
      code: 'LAB_INTERRUPTED',
      message: 'the run was interrupted at 2s of lab time',
      cause: 'SIGTERM',
    });
  });
});

describe('a watched task', () => {
  it('is pending until it settles, then has its value or its error, and tells', async () => {
    const told: string[] = [];
    const good = watch(Promise.resolve(7), () => void told.push('good'));
    const error = new Error('no');
    const bad = watch(Promise.reject(error), () => void told.push('bad'));
    const never = watch(new Promise(() => undefined), () => void told.push('never'));
    expect([good.outcome, bad.outcome]).toEqual([{ kind: 'pending' }, { kind: 'pending' }]);
    await Promise.resolve();
    expect([good.outcome, bad.outcome, never.outcome]).toEqual([{ kind: 'value', value: 7 }, { kind: 'error', error }, { kind: 'pending' }]);
    expect(told).toEqual(['good', 'bad']);
  });
});
