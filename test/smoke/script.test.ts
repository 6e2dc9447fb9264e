/**
 * Scripts that are trees: steps side by side, and at a time.
 */
import { describe, expect, it } from 'vitest';
import type { FlowVerdict } from '../../src/library/run/flow-run.js';
import { parseFlow } from '../../src/library/load/flow-file.js';
import { ROOT, planWith, play, said } from './support.js';

/** Alice and bob, side by side in one office. */
function run(steps: string, expectations = '- signed-in: [caller, callee]', seed = 1): Promise<FlowVerdict> {
  const indent = (text: string): string => text.replace(/^/gm, '  ');
  const text = `flow: tree\ntitle: t\nsource: s\ndeployment: hybrid\ntopology: ../../topologies/contoso.lab.yaml
actors: { caller: alice, callee: bob, third: dave, fourth: erin }\nsteps:\n${indent(steps)}\nexpect:\n${indent(expectations)}\n`;
  const parsed = parseFlow(text, `${ROOT}/lab/flows/tree.flow.yaml`);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join('\n'));
  return play(parsed.flow, planWith(), { seed });
}

const lines = ({ run: { outcomes } }: FlowVerdict): string[] =>
  outcomes.map(({ step, from, to, ok, says }) => `${step.do} ${from} ${to} ${ok ? 'ok' : 'refused'} ${says}`);

describe('steps side by side', () => {
  const TWO = `- together:
    - sign-in: [caller]
    - - sign-in: [callee]
      - sign-in: [third]
    - wait: 10ms
- wait: 1s`;

  it('begin at the same lab time, and what follows when the last has ended', async () => {
    const verdict = await run(TWO);
    const { outcomes } = verdict.run;
    expect(verdict.documented).toBe(true);
    expect(outcomes.map(({ step }) => step.do).at(0)).toBe('wait');
    const [caller, callee, third] = ['caller', 'callee', 'third'].map(
      (actor) => outcomes.find(({ step }) => step.do === 'sign-in' && step.actors[0] === actor)!,
    );
    expect(caller!.from).toBe(callee!.from);
    expect(outcomes[0]!.from).toBe(caller!.from);
    expect(outcomes[0]!.to - outcomes[0]!.from).toBe(10e6);
    expect(third!.from).toBe(callee!.to);
    expect(outcomes.at(-1)).toMatchObject({ step: { do: 'wait' }, from: third!.to });
    // They ended in this order.
    expect(outcomes.map(({ to }) => to)).toEqual(outcomes.map(({ to }) => to).sort((a, b) => a - b));
  });

  it('are the same for the same seed', async () => {
    const [one, two] = [await run(TWO), await run(TWO)];
    expect(lines(one)).toEqual(lines(two));
    expect(one.run.ledger.packets).toBe(two.run.ledger.packets);
  });

  it('two callers join at once', async () => {
    const verdict = await run(
      `- sign-in: [caller, callee, third, fourth]
- together:
    - call: { from: caller, to: callee, for: 2s }
    - call: { from: third, to: fourth, for: 2s }`,
      '- call: { from: caller, to: callee }\n- call: { from: third, to: fourth }\n- media: { between: [third, fourth], is: local }',
    );
    const calls = verdict.run.outcomes.filter(({ step }) => step.do === 'call');
    expect(calls.map(({ from }) => from)).toEqual([calls[0]!.from, calls[0]!.from]);
    expect(verdict.findings.map(({ check, status, observed }) => `${check} ${status} ${observed}`)).toEqual([
      'call/alice-bob pass answered',
      'call/dave-erin pass answered',
      'media/dave-erin pass local',
    ]);
  });

  it('are waited for when one is refused, and nothing follows', async () => {
    const verdict = await run(
      `- sign-in: [caller]
- together:
    - - message: { from: caller, to: callee, text: nobody hears this }
      - wait: 1ms
    - - wait: 60s
      - wait: 1s
- wait: 7s`,
      '- fails: { step: message }',
    );
    expect(verdict.run.outcomes.map(({ step, ok }) => `${step.do} ${ok}`)).toEqual(['sign-in true', 'message false', 'wait true', 'wait true']);
    expect(verdict.error).toBeNull();
  });
});

describe('steps at a time', () => {
  it('a link fault in mid-call is the silence that is heard', async () => {
    const verdict = await run(
      `- sign-in: [caller, callee]
- together:
    - call: { from: caller, to: callee, for: 9s }
    - at: 4s
      link: { name: alice--hq-lan, set: down }
    - at: 6500ms
      link: { name: alice--hq-lan, set: up }
- hang-up: caller`,
      "- call: { from: caller, to: callee }\n- silence: { from: callee, to: caller, for: '> 2s' }\n- silence: { from: callee, to: caller, for: '> 3s' }",
    );
    const [signIn, down, up, call] = verdict.run.outcomes;
    expect(verdict.run.outcomes.map(({ step }) => step.do)).toEqual(['sign-in', 'link', 'link', 'call', 'hang-up']);
    expect(down!.from).toBe(signIn!.to + 4e9);
    expect(up!.from).toBe(signIn!.to + 6.5e9);
    expect(call!.from).toBe(signIn!.to);
    expect(verdict.findings.map(({ status }) => status)).toEqual(['pass', 'pass', 'fail']);
    expect(said(verdict, 'silence/bob-alice')).toMatch(/^pass: 2\.[45]\d*s: 12\d packets of bob from \d\.\d s on, none arrived$/);
  });

  it('whose time is over when they come to it are not done', async () => {
    const verdict = await run('- sign-in: [caller]\n- at: 1ms\n  sign-in: [callee]\n- wait: 1s');
    expect(verdict.run.outcomes.map(({ step, ok }) => `${step.do} ${ok}`)).toEqual(['sign-in true', 'sign-in false']);
    expect(verdict.run.outcomes[1]!.says).toMatch(/^its time, 1ms, was over since \d/);
    expect(said(verdict, 'signed-in/bob')).toMatch(/^fail: not signed in/);
  });
});

describe('steps that change a node', () => {
  const CALL = `- sign-in: [caller, third]
- together:
    - call: { from: caller, to: third, for: 9s }`;

  it('a route in mid-call leads the media another way, and back', async () => {
    // Between the offices by the datacenter for two seconds, one way.
    const verdict = await run(
      `${CALL}
    - - at: 4s
        route: { node: hq-rt, to: "2001:db8:c:20::/64", via: dc-rt }
      - at: 6s
        route: { node: hq-rt, to: "2001:db8:c:20::/64", delete: true }`,
      '- call: { from: caller, to: third }\n- symmetric: { between: [caller, third] }',
    );
    expect(verdict.run.outcomes.every(({ ok }) => ok)).toBe(true);
    expect(said(verdict, 'symmetric/alice-dave')).toMatch(/^fail: only alice > dave: .*hq-rt--dc-rt/);
    const media = verdict.observation.legs.find(({ id }) => id === 'audio/alice-dave')!;
    const ways = media.there.paths.map((path) => path.links.map((link) => verdict.plan.links[link]?.name).join(' '));
    expect(ways).toEqual([expect.stringContaining('hq-rt--branch-rt'), expect.stringContaining('hq-rt--dc-rt')]);
  });

  it('a blackhole is silence, one way, until it is taken away', async () => {
    const verdict = await run(
      `${CALL}
    - at: 4s
      route: { node: branch-rt, to: "2001:db8:c:10::/64", blackhole: true }
    - at: 6500ms
      route: { node: branch-rt, to: "2001:db8:c:10::/64", delete: true }`,
      "- silence: { from: third, to: caller, for: '> 2s' }\n- silence: { from: caller, to: third, for: '> 2s' }\n- why: { between: [caller, third], medium: audio, dropped-at: branch-rt, by: blackhole }",
    );
    expect(verdict.findings.map(({ status }) => status)).toEqual(['pass', 'fail', 'pass']);
  });

  it('without any of its links is heard of no more', async () => {
    const verdict = await run(
      `${CALL}
    - at: 4s
      node: { name: branch-rt, set: down }
    - at: 6500ms
      node: { name: branch-rt, set: up }`,
      "- silence: { from: third, to: caller, for: '> 2s' }\n- silence: { from: caller, to: third, for: '> 2s' }",
    );
    expect(verdict.findings.map(({ status }) => status)).toEqual(['pass', 'pass']);
  });
});
