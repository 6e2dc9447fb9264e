import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../base/time.js';
import { SRC, judged, misfits, readAs } from './check.testkit.js';
import type { Check } from './check.js';
import { CHECKS, checkOf } from './table.js';
import type { Expectation } from './table.js';

const kind = (key: string): Check => checkOf({ expect: key, src: SRC });
const PAIR = ['caller', 'callee'] as const;
const ANY_REASON = { partsAt: null, meetsAt: null, stateAt: [], droppedAt: [], by: null, rule: null, says: null } as const;

describe('what an entry of a file says', () => {
  it.each<[string, unknown, readonly object[]]>([
    ['signed-in', ['caller', 'callee'], [{ of: 'caller' }, { of: 'callee' }]],
    ['signalling', { of: 'caller', is: 'local' }, [{ of: 'caller', is: 'local' }]],
    ['signalling', { between: ['dc-fe', 'online-fe'], is: 'Internet' }, [{ between: ['dc-fe', 'online-fe'], is: 'Internet' }]],
    ['message', { from: 'caller', to: 'callee' }, [{ from: 'caller', to: 'callee' }]],
    ['call', { from: 'caller', to: 'callee' }, [{ from: 'caller', to: 'callee' }]],
    ['media', { between: PAIR, is: 'local' }, [{ between: PAIR, is: 'local', sites: null }]],
    ['media', { between: PAIR, is: 'local', sites: ['hq'] }, [{ between: PAIR, is: 'local', sites: ['hq'] }]],
    ['ice', { between: PAIR, candidates: 'host/srflx' }, [{ between: PAIR, local: 'host', remote: 'srflx' }]],
    ['symmetric', { between: PAIR }, [{ between: PAIR }]],
    ['quality', { between: PAIR, loss: '< 1%' }, [{ between: PAIR, loss: 0.01, delay: null, jitter: null }]],
    ['quality', { between: PAIR, loss: '<0.5 %', delay: '<50ms' }, [{ between: PAIR, loss: 0.005, delay: millis(50), jitter: null }]],
    ['quality', { between: PAIR, loss: '> 10%' }, [{ between: PAIR, loss: null, delay: null, jitter: null, above: { loss: 0.1, delay: null, jitter: null } }]],
    [
      'quality',
      { between: PAIR, loss: '> 10%', delay: '< 5ms' },
      [{ between: PAIR, loss: null, delay: millis(5), jitter: null, above: { loss: 0.1, delay: null, jitter: null } }],
    ],
    ['quality', { between: PAIR, delay: '<  1.5 s', jitter: '< 250us' }, [{ between: PAIR, loss: null, delay: seconds(1.5), jitter: millis(0.25) }]],
    ['internet-only', ['dns'], [{ traffic: 'dns' }]],
    ['quality', { between: PAIR, loss: '< 100%' }, [{ between: PAIR, loss: 1, delay: null, jitter: null }]],
    ['fails', { step: 'sign-in' }, [{ step: 'sign-in', says: null }]],
    ['fails', { step: 'call', says: '404' }, [{ step: 'call', says: '404' }]],
    ['silence', { from: 'caller', to: 'callee', for: '> 5s' }, [{ from: 'caller', to: 'callee', longer: seconds(5) }]],
    ['silence', { from: 'caller', to: 'callee', for: '>1.5 m' }, [{ from: 'caller', to: 'callee', longer: seconds(90) }]],
    ['why', { of: 'alice', by: 'blackhole' }, [{ nodes: ['alice'], medium: null, ...ANY_REASON, by: 'blackhole' }]],
    [
      'why',
      { between: ['caller', 'ce'], 'parts-at': 'rt', 'meets-at': 'msee', 'state-at': 'ce', 'dropped-at': ['isp', 'er-primary'], rule: 'fw.nft:12', says: 'no' },
      [
        {
          nodes: ['caller', 'ce'],
          medium: null,
          partsAt: 'rt',
          meetsAt: 'msee',
          stateAt: ['ce'],
          droppedAt: ['isp', 'er-primary'],
          by: null,
          rule: 'fw.nft:12',
          says: 'no',
        },
      ],
    ],
    ['why', { of: 'alice', medium: 'audio', rule: 'fw.nft' }, [{ nodes: ['alice'], medium: 'audio', ...ANY_REASON, rule: 'fw.nft' }]],
  ])('%s: %j', (key, written, read) => {
    expect(readAs(kind(key), written)).toEqual(read);
  });

  it.each<[string, unknown]>([
    ['signed-in', []],
    // What every run keeps, or none, says nothing.
    ['quality', { between: PAIR }],
    ['quality', { between: PAIR, loss: '< 101%' }],
    ['quality', { between: PAIR, loss: '< 0%' }],
    ['quality', { between: PAIR, delay: '< 0.0ms' }],
    ['signalling', { of: 'caller', is: 'abroad' }],
    ['signalling', { of: 'caller', between: PAIR, is: 'local' }],
    ['media', { between: ['caller'], is: 'local' }],
    ['ice', { between: PAIR, candidates: 'host' }],
    ['ice', { between: PAIR, candidates: 'host/ghost' }],
    ['quality', { between: PAIR, loss: '1%' }],
    ['quality', { between: PAIR, loss: '< 1' }],
    ['quality', { between: PAIR, delay: '>= 5ms' }],
    ['quality', { between: PAIR, delay: '< 5%' }],
    ['internet-only', ['ntp']],
    ['fails', { step: 'wait' }],
    ['fails', { step: 'call', says: '' }],
    ['silence', { from: 'caller', to: 'callee', for: '< 5s' }],
    ['why', { of: 'alice' }],
    ['why', { of: 'alice', medium: 'audio' }],
    ['why', { by: 'blackhole' }],
    ['why', { of: 'alice', between: PAIR, by: 'blackhole' }],
    ['why', { of: 'alice', by: 'none' }],
    ['why', { of: 'alice', rule: 'fw.nft:first' }],
  ])('%s is not written %j', (key, written) => {
    expect(readAs(kind(key), written)).toBeNull();
  });

  it('is of a kind in the table', () => {
    expect(CHECKS.map(({ key }) => kind(key).key)).toEqual(CHECKS.map(({ key }) => key));
    expect(() => kind('mos')).toThrow('an expectation "mos"');
  });
});

describe('who must be an actor of the flow', () => {
  const actorsOf = (key: string, written: unknown): readonly string[] =>
    (readAs(kind(key), written) ?? []).flatMap((fields) => kind(key).actors({ ...fields, expect: key, src: SRC }));

  it.each<[string, unknown, readonly string[]]>([
    ['signed-in', ['caller', 'third'], ['caller', 'third']],
    ['signalling', { of: 'caller', is: 'local' }, ['caller']],
    ['signalling', { between: ['dc-fe', 'online-fe'], is: 'local' }, []],
    ['message', { from: 'caller', to: 'callee' }, PAIR],
    ['call', { from: 'caller', to: 'callee' }, PAIR],
    ['media', { between: PAIR, is: 'local' }, PAIR],
    ['ice', { between: PAIR, candidates: 'host/host' }, PAIR],
    ['symmetric', { between: PAIR }, PAIR],
    ['quality', { between: PAIR, loss: '< 1%' }, PAIR],
    ['internet-only', ['dns'], []],
    ['fails', { step: 'call' }, []],
    ['silence', { from: 'caller', to: 'callee', for: '> 5s' }, PAIR],
    ['why', { of: 'caller', by: 'blackhole' }, []],
  ])('%s: %j', (key, written, actors) => {
    expect(actorsOf(key, written)).toEqual(actors);
  });
});

describe('what the topology must have', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['signalling', { between: ['dc-fe', 'online-fe'], is: 'local' }, []],
    ['signalling', { of: 'nobody', is: 'local' }, []],
    ['signalling', { between: ['dc-fe', 'stun'], is: 'local' }, ['FLOW_EXPECTATION the topology hand-made has no front end "stun"']],
    ['media', { between: PAIR, is: 'local' }, []],
    ['media', { between: PAIR, is: 'local', sites: ['hq', 'branch'] }, []],
    ['media', { between: PAIR, is: 'local', sites: ['hq', 'lab'] }, ['FLOW_EXPECTATION no node of the topology hand-made stands at the site "lab"']],
    ['why', { between: ['caller', 'ce'], 'parts-at': 'rt', 'meets-at': 'msee', 'state-at': 'isp', 'dropped-at': ['isp', 'er-primary'] }, []],
    ['why', { of: 'er-primary', by: 'link-down' }, ['FLOW_EXPECTATION the topology hand-made has no node "er-primary"']],
    [
      'why',
      { between: ['somebody', 'ce'], 'parts-at': 'caller', 'meets-at': 'er-primary', 'state-at': ['rt', 'fw1'], 'dropped-at': ['er-primary', 'er'] },
      ['somebody', 'caller', 'er-primary', 'fw1', 'er'].map((name) => `FLOW_EXPECTATION the topology hand-made has no node "${name}"`),
    ],
  ])('%s: %j', (key, written, faults) => {
    expect(misfits(kind(key), written)).toEqual(faults);
  });
});

describe('what a finding is called, and what it wants', () => {
  const why = { expect: 'why', nodes: ['callee', 'online-fe'], medium: null, ...ANY_REASON, src: SRC } as const;

  it.each<[Expectation, string, string, string]>([
    [{ expect: 'signed-in', of: 'callee', src: SRC }, 'signed-in/bob', 'bob signs in', 'at home, online-fe'],
    [{ expect: 'signed-in', of: 'edge', src: SRC }, 'signed-in/edge', 'edge signs in', 'at home, ?'],
    [{ expect: 'signalling', of: 'callee', is: 'local', src: SRC }, 'signalling/bob', 'bob signalling', 'local'],
    [{ expect: 'signalling', between: ['dc-fe', 'online-fe'], is: 'local', src: SRC }, 'signalling/dc-fe-online-fe', 'dc-fe-online-fe signalling', 'local'],
    [{ expect: 'message', from: 'caller', to: 'callee', src: SRC }, 'message/alice-bob', 'message alice > bob', 'delivered'],
    [{ expect: 'call', from: 'caller', to: 'callee', src: SRC }, 'call/alice-bob', 'call alice > bob', 'answered'],
    [{ expect: 'media', between: PAIR, is: 'local', sites: null, src: SRC }, 'media/alice-bob', 'alice-bob media', 'local'],
    [{ expect: 'media', between: PAIR, is: 'local', sites: ['hq', 'branch'], src: SRC }, 'media/alice-bob', 'alice-bob media', 'local, by hq and branch only'],
    [{ expect: 'ice', between: PAIR, local: 'host', remote: 'srflx', src: SRC }, 'ice/alice-bob', 'alice-bob ICE', 'host/srflx'],
    [{ expect: 'symmetric', between: PAIR, src: SRC }, 'symmetric/alice-bob', 'alice-bob media', 'same links both ways'],
    [
      { expect: 'quality', between: PAIR, loss: 0.01, delay: millis(50), jitter: millis(30), src: SRC },
      'quality/alice-bob',
      'alice-bob quality',
      'loss < 1%, delay < 50ms, jitter < 30ms',
    ],
    [{ expect: 'quality', between: PAIR, loss: 0.07, delay: null, jitter: null, src: SRC }, 'quality/alice-bob', 'alice-bob quality', 'loss < 7%'],
    [{ expect: 'internet-only', traffic: 'dns', src: SRC }, 'internet-only/dns', 'dns', 'Internet'],
    [{ expect: 'fails', step: 'call', says: null, src: SRC }, 'fails/call', 'call fails', 'refused'],
    [{ expect: 'fails', step: 'call', says: '404', src: SRC }, 'fails/call', 'call fails', 'refused, "404"'],
    [{ expect: 'silence', from: 'caller', to: 'callee', longer: seconds(5), src: SRC }, 'silence/alice-bob', 'alice > bob silence', 'longer than 5s'],
    [
      { ...why, partsAt: 'rt', meetsAt: 'msee', stateAt: ['ce', 'isp'], droppedAt: ['isp', 'er-primary'], by: 'firewall-rule', rule: 'fw.nft', says: 'no' },
      'why/bob-online-fe',
      'why bob-online-fe',
      'dropped at isp or er-primary by firewall-rule fw.nft "no"; parts at rt; meets at msee; state at ce or isp',
    ],
    [{ ...why, nodes: ['callee'], partsAt: 'rt' }, 'why/bob', 'why bob', 'parts at rt'],
  ])('%j', (expectation, check, subject, expected) => {
    const found = judged(expectation, () => undefined);
    expect(found).toMatchObject({ check, subject, expected, src: SRC });
    // Nothing passes by absence.
    expect(found.status).not.toBe('pass');
  });
});
