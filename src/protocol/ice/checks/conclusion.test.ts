import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../base/time.js';
import { PlannedGatherer } from '../planned-gatherer.testkit.js';
import { base, candidate, kinds, Scripted } from '../scripted-peer.testkit.js';

const HIGH = candidate('192.0.2.2', { foundation: 'h', priority: 200 });
const LOW = candidate('192.0.2.3', { foundation: 'l', priority: 100 });
const nominations = (one: Scripted) =>
  one
    .checks()
    .filter((c) => c.nominates)
    .map((c) => [c.at, c.to.address]);

describe('8.1.1: when the controlling agent nominates', () => {
  it('at once when no pending pair outranks what has succeeded: a lower one is not waited for', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW]);
    one.answer(one.check());
    one.until(1000);
    expect(nominations(one)[0]).toEqual([50, '192.0.2.2']);
    expect(one.story(1).slice(2)).toEqual(['succeeded: answered after 0', 'succeeded: nominated: no pending pair outranks it', 'succeeded: nominating check']);
  });

  it('3 s after the first success when a better one is still pending', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW]);
    one.until(70);
    one.answer(one.check('192.0.2.3'));
    one.until(10_000);
    expect(nominations(one)[0]).toEqual([3070, '192.0.2.3']);
    expect(one.story(2)).toContain('succeeded: nominated: best valid pair 3s after the first success');
  });

  it('the highest of all that are valid, be it one that a check discovered', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW], { complete: false });
    one.until(70);
    one.answer(one.check('192.0.2.3'));
    one.answer(one.check('192.0.2.2'), { mapped: '198.51.100.7 4000' });
    one.in({ kind: 'end-of-candidates', stream: 0 });
    one.until(200);
    expect(nominations(one)).toEqual([[100, '192.0.2.2']]);
    expect(one.story(3)).toContain('succeeded: nominated: no pending pair outranks it');
  });

  it('and not 3 s after a later success', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW, candidate('192.0.2.4', { foundation: 'm', priority: 150 })]);
    one.until(120);
    one.answer(one.check('192.0.2.3'));
    one.until(1000);
    one.answer(one.check('192.0.2.4'));
    one.until(10_000);
    expect(nominations(one)[0]).toEqual([3120, '192.0.2.4']);
  });

  it.each([
    ['is frozen', 'f'],
    ['waits', 'g'],
  ])('and when the better one %s', (_state, foundation) => {
    const one = Scripted.gathered({ ta: seconds(1), streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    // The second component has a better pair that is not tried yet.
    one.remote([
      candidate('192.0.2.2', { foundation: 'f', priority: 900 }),
      candidate('192.0.2.2 50001', { foundation, component: 2, priority: 800 }),
      candidate('192.0.2.3 50001', { foundation: 'k', component: 2, priority: 700 }),
    ]);
    one.ask('192.0.2.3 50001', {}, one.bases[1]);
    one.until(1000);
    one.answer(one.check('192.0.2.3 50001'));
    expect(one.pair(2).state).toBe(foundation === 'f' ? 'frozen' : 'waiting');
    expect(one.story(3).some((s) => s.includes('nominated'))).toBe(false);
  });

  it('as soon as the better one has failed', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW]);
    one.until(70);
    one.answer(one.check('192.0.2.3'));
    one.until(1000);
    one.refuse(one.check('192.0.2.2'), 500, 'Server Error');
    one.until(1100);
    expect(nominations(one)).toEqual([[1000, '192.0.2.3']]);
  });

  it('the better one, when that succeeds in time', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW]);
    one.until(70);
    one.answer(one.check('192.0.2.3'));
    one.until(2000);
    one.answer(one.check('192.0.2.2'));
    one.until(2100);
    expect(nominations(one)).toEqual([[2000, '192.0.2.2']]);
  });

  it('one pair of a component only: a better one that succeeds later comes too late', () => {
    const one = Scripted.gathered();
    one.remote([HIGH, LOW]);
    one.until(70);
    one.answer(one.check('192.0.2.3'));
    one.until(3100);
    const [first] = one.checks();
    if (first !== undefined) one.answer(first);
    one.until(3300);
    one.answer(one.check('192.0.2.3'));
    one.until(5000);
    expect(nominations(one)).toEqual([[3070, '192.0.2.3']]);
    expect(one.outputs('selected').map((s) => s.pair)).toEqual([2]);
  });

  it('a pending pair of another component is not waited for', () => {
    const one = Scripted.gathered({ streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([candidate('192.0.2.2', { foundation: 'a', priority: 900 }), candidate('192.0.2.2 50001', { foundation: 'b', component: 2, priority: 100 })]);
    one.until(60);
    one.answer(one.check('192.0.2.2 50001'));
    one.until(150);
    expect(nominations(one)).toEqual([[100, '192.0.2.2']]);
    expect(one.check().base.component).toBe(2);
  });

  it('not while the peer may name more, but after 3 s all the same', () => {
    const one = Scripted.gathered({ settings: { nominationWait: seconds(2) } });
    one.remote([HIGH], { complete: false });
    one.until(20);
    one.answer(one.check());
    one.until(2100);
    expect(nominations(one)).toEqual([[2020, '192.0.2.2']]);
    expect(one.story(1)).toContain('succeeded: nominated: best valid pair 2s after the first success');
  });

  it.each([
    [true, 1000],
    [false, 50],
  ])('not while a gatherer is at work that may open ways of its own (%s)', (opensPaths, when) => {
    const one = Scripted.gathered({ gatherers: [new PlannedGatherer({ opensPaths, after: 1000 })] });
    one.remote([HIGH]);
    one.answer(one.check());
    one.until(1500);
    expect(nominations(one)[0]).toEqual([when, '192.0.2.2']);
  });

  it('the controlled agent never does', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([HIGH]);
    one.answer(one.check());
    one.until(30_000);
    expect(nominations(one)).toEqual([]);
    expect(one.pair(1).history.at(-1)?.why).toBe('answered after 0');
  });
});

describe('8.1.2: the selected pair', () => {
  it('takes the rest of its component off the list, with the reason, and stops what is under way', () => {
    const one = Scripted.gathered({ controlling: false, ta: millis(500) });
    one.remote([HIGH, LOW, candidate('192.0.2.4', { foundation: 'm', priority: 50 })]);
    one.ask('192.0.2.3', { nominate: true });
    one.until(500);
    one.ask('192.0.2.4');
    const outs = one.answer(one.check('192.0.2.3'));
    expect(kinds(outs)).toEqual(['pair 2 succeeded', 'pair 2 succeeded', 'pair 3 waiting', 'selected', 'completed']);
    expect(one.story(2).at(-1)).toBe('succeeded: selected for component 1');
    expect(one.story(1).at(-1)).toBe('in-progress: no more requests: pair 2 is selected (RFC 8445 8.1.2)');
    expect(one.story(3).at(-1)).toBe('waiting: taken off the list: pair 2 is selected (RFC 8445 8.1.2)');
    expect(one.list().pairs.map((p) => [p.id, p.selected, p.removed])).toEqual([
      [1, false, false],
      [2, true, false],
      [3, false, true],
    ]);
    // Not even the triggered check goes, nor does the one under way go again.
    one.until(5000);
    expect(one.checks().map((c) => c.at)).toEqual([0, 500]);
    expect(outs.at(-2)).toEqual({
      kind: 'selected',
      pair: 2,
      stream: 0,
      component: 1,
      base: one.bases[0],
      local: one.agent.localCandidates[0],
      remote: LOW,
    });
    expect(one.agent.selected(0, 1)).toEqual({ pair: 2, stream: 0, component: 1, base: one.bases[0], local: one.agent.localCandidates[0], remote: LOW });
  });

  it('a pair that has failed before stays as it was', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([HIGH, LOW]);
    one.refuse(one.check(), 500, 'Server Error');
    one.ask('192.0.2.3', { nominate: true });
    one.until(50);
    one.answer(one.check());
    expect(one.story(1).at(-1)).toBe('failed: answered with 500 Server Error');
  });

  it('other components and other streams go on', () => {
    const one = Scripted.gathered({
      controlling: false,
      streams: [2, 1],
      bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 }), base('192.0.2.1 50100', { stream: 1 })],
    });
    one.remote([candidate('192.0.2.2', { foundation: 'a' }), candidate('192.0.2.2 50001', { foundation: 'b', component: 2 })]);
    one.remote([candidate('192.0.2.2 50100', { foundation: 'c' })], { stream: 1 });
    one.until(100);
    const [first] = one.checks();
    one.ask('192.0.2.2', { nominate: true });
    if (first !== undefined) one.answer(first);
    one.until(700);
    expect(one.outputs('selected').map((s) => [s.stream, s.component])).toEqual([[0, 1]]);
    expect(one.outputs('completed')).toEqual([]);
    expect([one.pair(2), one.pair(3)].map((p) => [p.state, p.removed, p.requestsSent])).toEqual([
      ['in-progress', false, 2],
      ['in-progress', false, 2],
    ]);
    // The stream is complete with its last component, once.
    one.ask('192.0.2.2 50001', { nominate: true }, one.bases[1]);
    one.until(800);
    one.answer(one.check('192.0.2.2 50001'));
    expect(one.outputs('completed').map((c) => c.stream)).toEqual([0]);
    expect([one.agent.listState(0), one.agent.listState(1)]).toEqual(['completed', 'running']);
  });

  it('a peer that nominates several (RFC 5245 8.1.1.2) gets the highest of them, whenever that comes', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([HIGH, LOW]);
    one.answer(one.check());
    one.until(50);
    one.answer(one.check());
    one.ask('192.0.2.3', { nominate: true });
    expect(one.agent.selected(0, 1)?.pair).toBe(2);
    one.ask('192.0.2.2', { nominate: true });
    expect(one.list().pairs.map((p) => [p.id, p.nominated, p.selected])).toEqual([
      [1, true, true],
      [2, true, false],
    ]);
    one.ask('192.0.2.3', { nominate: true });
    expect(one.outputs('selected').map((s) => s.pair)).toEqual([2, 1]);
    expect(one.outputs('completed')).toHaveLength(1);
    expect(one.agent.snapshot().consents.map((c) => c.pair)).toEqual([1]);
  });

  it('an answer that comes after the decision changes the pair and not the decision', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([HIGH, LOW]);
    one.ask('192.0.2.3', { nominate: true });
    one.until(50);
    const [first] = one.checks();
    one.answer(one.check('192.0.2.3'));
    if (first !== undefined) one.answer(first);
    expect(one.list().pairs.map((p) => [p.state, p.valid, p.selected])).toEqual([
      ['succeeded', true, false],
      ['succeeded', true, true],
    ]);
  });
});

describe('RFC 8863 4: when a stream fails', () => {
  it('with all checks failed, when the PAC timer has run out, not before', () => {
    const one = Scripted.gathered({ settings: { pac: seconds(10) } });
    one.until(1000);
    one.remote([HIGH]);
    one.refuse(one.check(), 500, 'Server Error');
    one.until(10_999);
    expect(one.agent.listState(0)).toBe('running');
    one.until(11_000);
    expect(one.outputs('failed').map((f) => [f.at, f.stream, f.why])).toEqual([[11_000, 0, 'component 1: no pair succeeded']]);
    expect(one.until(200_000)).toEqual([]);
  });

  it('the timer runs from the first description of the peer', () => {
    const one = Scripted.gathered({ streams: [1, 1], bases: [base('192.0.2.1'), base('192.0.2.1 50100', { stream: 1 })] });
    one.remote([]);
    one.until(20_000);
    one.remote([], { stream: 1 });
    one.until(60_000);
    expect(one.outputs('failed').map((f) => [f.at, f.stream])).toEqual([
      [39_500, 0],
      [39_500, 1],
    ]);
  });

  it('names every component that has nothing', () => {
    const bases = [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 }), base('192.0.2.1 50002', { component: 3 })];
    const one = Scripted.gathered({ streams: [3], controlling: false, bases });
    one.remote([candidate('192.0.2.2 50001', { component: 2 })]);
    one.answer(one.check());
    one.until(40_000);
    expect(one.outputs('failed').map((f) => f.why)).toEqual(['component 1 and 3: no pair succeeded']);
  });

  it('not while a check of any component is under way', () => {
    const one = Scripted.gathered();
    one.remote([HIGH], { complete: false });
    one.until(30_000);
    one.in({ kind: 'remote-candidate', stream: 0, candidate: LOW });
    one.in({ kind: 'end-of-candidates', stream: 0 });
    one.until(120_000);
    expect(one.outputs('failed').map((f) => f.at)).toEqual([69_500]);
  });

  it('not while the peer may name more candidates, nor while we may', () => {
    const one = Scripted.gathered();
    one.remote([HIGH], { complete: false });
    one.until(300_000);
    expect(one.agent.listState(0)).toBe('running');
    one.in({ kind: 'end-of-candidates', stream: 0 });
    expect(one.agent.listState(0)).toBe('failed');

    const other = Scripted.gathered({ gatherers: [new PlannedGatherer({ opensPaths: true, after: 90_000 })] });
    other.remote([HIGH]);
    other.until(100_000);
    expect(other.outputs('failed').map((f) => f.at)).toEqual([90_000]);
  });

  it('a controlled agent with valid pairs waits as long again for the nomination', () => {
    const one = Scripted.gathered({ controlling: false });
    one.remote([HIGH, LOW]);
    one.answer(one.check());
    one.until(50);
    one.refuse(one.check(), 500, 'Server Error');
    one.until(100_000);
    expect(one.outputs('failed').map((f) => [f.at, f.why])).toEqual([[79_000, 'pairs succeeded, but the controlling agent nominated none']]);
  });

  it('a nomination that is under way is waited for', () => {
    const one = Scripted.gathered({ settings: { pac: seconds(10) } });
    one.remote([HIGH]);
    one.until(9000);
    one.answer(one.check());
    one.until(20_000);
    expect(one.agent.listState(0)).toBe('running');
    one.answer(one.check());
    expect(one.agent.listState(0)).toBe('completed');
  });

  it('one component that has its pair does not save the other', () => {
    const one = Scripted.gathered({ controlling: false, streams: [2], bases: [base('192.0.2.1'), base('192.0.2.1 50001', { component: 2 })] });
    one.remote([HIGH]);
    one.ask('192.0.2.2', { nominate: true });
    one.until(50);
    one.answer(one.check());
    expect(one.agent.snapshot().consents).toHaveLength(1);
    one.until(60_000);
    expect(one.outputs('failed').map((f) => [f.at, f.why])).toEqual([[39_500, 'component 2: no pair succeeded']]);
    // Nothing is sent for a stream that has failed, not even for consent.
    expect(one.agent.snapshot().consents).toEqual([]);
    expect(one.until(120_000)).toEqual([]);
  });
});
