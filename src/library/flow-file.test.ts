import { describe, expect, it } from 'vitest';
import { parseFlow } from './flow-file.js';

const GOOD = `flow: a-flow
title: A flow
source: a document
deployment: hybrid
topology: ../x.lab.yaml
actors: { caller: alice, callee: bob }
steps:
  - sign-in: [caller, callee]
  - call: { from: caller, to: callee, for: 5s }
  - link: { name: er, set: down }
  - hang-up: caller
expect:
  - signalling: { of: caller, is: local }
  - media: { between: [caller, callee], is: local, sites: [hq] }
  - ice: { between: [caller, callee], candidates: host/srflx }
  - quality: { between: [caller, callee], loss: '< 1%', delay: '< 50ms' }
`;

/** Faults as `line:column CODE message`. */
function faults(text: string): string[] {
  const result = parseFlow(text, 'lab/flows/a.flow.yaml');
  return result.ok ? [] : result.errors.map((e) => `${e.where?.line ?? 0}:${e.where?.column ?? 0} ${e.code} ${e.message}`);
}

describe('flow files', () => {
  it('give steps and expectations with their places', () => {
    const result = parseFlow(GOOD, '/lab/flows/a.flow.yaml');
    expect(result.ok && result.flow).toMatchObject({
      id: 'a-flow',
      topology: '/lab/x.lab.yaml',
      steps: [
        { do: 'sign-in', actors: ['caller', 'callee'], src: { line: 8 } },
        { do: 'call', from: 'caller', to: 'callee', talk: 5e9 },
        { do: 'link', link: 'er', set: 'down' },
        { do: 'hang-up', actor: 'caller' },
      ],
      expectations: [
        { expect: 'signalling', of: 'caller', is: 'local', src: { line: 13, column: 5 } },
        { expect: 'media', sites: ['hq'] },
        { expect: 'ice', local: 'host', remote: 'srflx' },
        { expect: 'quality', loss: 0.01, delay: 50e6, jitter: null },
      ],
    });
  });

  it('take servers and services beside actors', () => {
    const result = parseFlow(
      GOOD.replace('  - media:', '  - signalling: { between: [dc-fe, online-fe], is: ExpressRoute }\n  - internet-only: [dns]\n  - media:'),
      'f',
    );
    expect(result.ok && result.flow.expectations.slice(1, 3)).toMatchObject([
      { expect: 'signalling', between: ['dc-fe', 'online-fe'], is: 'ExpressRoute', src: { line: 14 } },
      { expect: 'internet-only', traffic: 'dns', src: { line: 15 } },
    ]);
    expect(faults(GOOD.replace('  - media:', '  - internet-only: [telepathy]\n  - media:')).join()).toMatch(/^14:\d+ FLOW_SCHEMA/);
  });

  it('tell a name that is none once, however many expectations an entry makes', () => {
    expect(faults(GOOD.replace('  - media:', '  - signed-in: [callee, nobody, somebody]\n  - media:'))).toEqual([
      '14:5 FLOW_ACTOR "nobody" is no actor of this flow',
      '14:5 FLOW_ACTOR "somebody" is no actor of this flow',
    ]);
    // What every object has is no actor.
    expect(faults(GOOD.replace('hang-up: caller', 'hang-up: toString'))).toEqual(['11:5 FLOW_ACTOR "toString" is no actor of this flow']);
  });

  it('name an actor that is none, with the nearest one', () => {
    expect(faults(GOOD.replace('hang-up: caller', 'hang-up: calller'))).toEqual(['11:5 FLOW_ACTOR "calller" is no actor of this flow']);
    const result = parseFlow(GOOD.replace('of: caller, is', 'of: carol, is'), 'f');
    expect(!result.ok && result.errors[0]?.expected).toBe('one of: callee, caller');
  });

  it('tell all faults at once', () => {
    const bad = GOOD.replace('deployment: hybrid', 'deployment: cloudy').replace('for: 5s', 'for: soon').replace('title:', 'titel:');
    const all = faults(bad).join('\n');
    expect(all).toMatch(/2:1 FLOW_SCHEMA unknown key "titel"/);
    expect(all).toMatch(/4:13 FLOW_SCHEMA/);
    expect(all).toMatch(/9:\d+ FLOW_SCHEMA/);
  });

  it.each(['', '[]', 'flow: 1', ': : :', 'flow: *x', '"', '{', 'a\n\tb'])('refuse %j without a crash', (text) => {
    expect(faults(text).length).toBeGreaterThan(0);
  });
});
