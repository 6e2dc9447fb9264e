import { describe, expect, it } from 'vitest';
import { NEVER, type Nanos, seconds } from '../base/time.js';
import { Clockwork } from './clockwork.testkit.js';
import { Deadline } from './deadline.js';

function staged(): { host: Clockwork; fired: Nanos[]; deadline: Deadline } {
  const host = new Clockwork();
  const fired: Nanos[] = [];
  const deadline = new Deadline(host, () => fired.push(host.clock.now));
  return { host, fired, deadline };
}

describe('deadline', () => {
  it('fires once, at its time, and leaves nothing booked', () => {
    const { host, fired, deadline } = staged();
    deadline.set(seconds(2));
    host.turn(seconds(1.9));
    expect(fired).toEqual([]);
    host.turn(seconds(5));
    expect([fired, host.booked.size]).toEqual([[seconds(2)], 0]);
  });
  it('moves, earlier and later, with one timer booked at any time', () => {
    const { host, fired, deadline } = staged();
    for (const at of [3, 1, 4, 2]) {
      deadline.set(seconds(at));
      expect(host.booked.size).toBe(1);
    }
    host.turn(seconds(10));
    expect(fired).toEqual([seconds(2)]);
  });
  it('set to where it is, keeps its timer and so its turn among events of the same time', () => {
    const { host, deadline } = staged();
    deadline.set(seconds(1));
    const [timer] = host.booked.keys();
    deadline.set(seconds(1));
    expect([...host.booked.keys()]).toEqual([timer]);
  });
  it('of the past fires at once, but never within set', () => {
    const { host, fired, deadline } = staged();
    host.turn(seconds(3));
    deadline.set(seconds(1));
    expect(fired).toEqual([]);
    host.turn(seconds(3));
    expect(fired).toEqual([seconds(3)]);
  });
  it('can be set again to the same time after it has fired', () => {
    const { host, fired, deadline } = staged();
    deadline.set(seconds(1));
    host.turn(seconds(1));
    deadline.set(seconds(1));
    host.turn(seconds(2));
    expect(fired).toEqual([seconds(1), seconds(1)]);
  });
  it('is set anew by what it fires', () => {
    const host = new Clockwork();
    const fired: Nanos[] = [];
    const deadline: Deadline = new Deadline(host, () => {
      fired.push(host.clock.now);
      deadline.set(fired.length < 3 ? seconds(fired.length + 1) : NEVER);
    });
    deadline.set(seconds(1));
    host.turn(seconds(10));
    expect(fired).toEqual([seconds(1), seconds(2), seconds(3)]);
  });
  it('never, or closed, it fires nothing; closed it takes nothing any more', () => {
    const { host, fired, deadline } = staged();
    deadline.set(seconds(1));
    deadline.set(NEVER);
    expect(host.booked.size).toBe(0);
    deadline.set(seconds(2));
    deadline.close();
    deadline.close();
    deadline.set(seconds(3));
    expect(host.booked.size).toBe(0);
    host.turn(seconds(10));
    expect(fired).toEqual([]);
  });
});
