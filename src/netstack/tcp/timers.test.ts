import { describe, expect, it } from 'vitest';
import { millis } from '../../base/time.js';
import { LabScheduler } from '../../fabric/lab-scheduler.js';
import { TIMER, Timers } from './timers.js';

function rig(): { scheduler: LabScheduler; timers: Timers; log: string[]; run: () => void } {
  const scheduler = new LabScheduler();
  const log: string[] = [];
  const timers = new Timers(scheduler, (kind) => log.push(`${kind}@${scheduler.now / 1e6}`));
  const run = (): void => {
    while (scheduler.pending > 0) scheduler.step();
  };
  return { scheduler, timers, log, run };
}

describe('timers', () => {
  it('fire at the deadline set last, later or earlier', () => {
    const { timers, log, run } = rig();
    timers.start(TIMER.RETRANSMIT, millis(10));
    timers.start(TIMER.RETRANSMIT, millis(30));
    timers.start(TIMER.PERSIST, millis(30));
    timers.start(TIMER.PERSIST, millis(20));
    run();
    expect(log).toEqual(['1@20', '0@30']);
    expect(timers.running(TIMER.RETRANSMIT)).toBe(false);
  });

  it('book one event per kind, and none when stopped', () => {
    const { scheduler, timers, log, run } = rig();
    for (let i = 1; i < 50; i++) timers.start(TIMER.RETRANSMIT, millis(i));
    timers.start(TIMER.DELAYED_ACK, millis(1));
    expect(scheduler.pending).toBe(2);
    timers.stop(TIMER.RETRANSMIT);
    expect(scheduler.pending).toBe(1);
    timers.stopAll();
    expect(scheduler.pending).toBe(0);
    run();
    expect(log).toEqual([]);
  });

  it('can be started again from what they set off', () => {
    const scheduler = new LabScheduler();
    let left = 3;
    const timers: Timers = new Timers(scheduler, (kind) => {
      if (--left > 0) timers.start(kind, millis(5));
    });
    timers.start(TIMER.KEEP_ALIVE, millis(5));
    while (scheduler.pending > 0) scheduler.step();
    expect([left, scheduler.now]).toEqual([0, millis(15)]);
  });
});
