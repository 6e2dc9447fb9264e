import { describe, expect, it } from 'vitest';
import { millis } from '../../base/time.js';
import { SendTimes } from './send-times.js';

function three(): SendTimes {
  const times = new SendTimes();
  for (const i of [0, 1, 2]) times.first(1 + i * 10, 11 + i * 10, millis(i));
  return times;
}

describe('send times (RFC 6298 section 3)', () => {
  it('tell of the last segment that is acknowledged in full, once', () => {
    const times = three();
    expect([times.acknowledged(5), times.acknowledged(25), times.acknowledged(25), times.acknowledged(31)]).toEqual([null, millis(1), null, millis(2)]);
  });

  it('tell nothing of what was sent again', () => {
    const times = three();
    times.again(15, 16);
    expect([times.reported(11, 21), times.acknowledged(21), times.acknowledged(31)]).toEqual([null, millis(0), millis(2)]);
    const forgotten = three();
    forgotten.forget();
    expect(forgotten.acknowledged(31)).toBe(null);
  });

  it('tell of a segment when SACK reports it, and not again when it is acknowledged', () => {
    const times = three();
    expect([times.reported(21, 31), times.reported(12, 31), times.acknowledged(31)]).toEqual([millis(2), null, millis(1)]);
  });
});
