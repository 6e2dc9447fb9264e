/**
 * Every expectation: a run in which it holds, one in which it fails, and one with nothing to judge.
 */
import { describe, expect, it } from 'vitest';
import { HandMade, PLAN, STUN, addressOf, rtp, tcp, udp } from '../analysis/ledger.testkit.js';
import { observe } from '../analysis/legs.js';
import { DROP } from '../base/drop.js';
import type { DropCode } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { millis } from '../base/time.js';
import type { Expectation, FlowSpec, PathLabel, Step } from '../scenario/flow.js';
import { verifyFlow } from './expectations.js';
import type { Finding } from './finding.js';
import { holds } from './finding.js';

const at = (ms: number): Nanos => millis(ms);
const BY_CIRCUIT = 'bob lan rt ce msee ms-lan online-fe';
const BY_INTERNET = 'bob lan rt ce isp msee ms-lan online-fe';

const SRC = { file: 'f.flow.yaml', line: 10, column: 5 };
const CALL: Step = { do: 'call', from: 'caller', to: 'callee', talk: millis(1000), src: SRC };
type Pair = readonly [string, string];
const CALLER_CALLEE: Pair = ['caller', 'callee'];

const signalling = (of: string, is: PathLabel): Expectation => ({ expect: 'signalling', of, is, src: SRC });
const signedIn: Expectation = { expect: 'signed-in', of: 'callee', src: SRC };
const told = (what: 'call' | 'message', from: string, to: string): Expectation => ({ expect: what, from, to, src: SRC });
const media = (is: PathLabel, sites: readonly string[] | null = null, between = CALLER_CALLEE): Expectation => ({
  expect: 'media',
  between,
  is,
  sites,
  src: SRC,
});
const symmetric: Expectation = { expect: 'symmetric', between: CALLER_CALLEE, src: SRC };
const quality = (loss: number | null, delay: Nanos | null = null, jitter: Nanos | null = null): Expectation => ({
  expect: 'quality',
  between: CALLER_CALLEE,
  loss,
  delay,
  jitter,
  src: SRC,
});

function flow(expectation: Expectation, steps: readonly Step[] = [CALL]): FlowSpec {
  return {
    id: 'f',
    title: 't',
    file: SRC.file,
    source: 's',
    deployment: 'hybrid',
    topology: 't.lab.yaml',
    limit: millis(60_000),
    places: {},
    topologySrc: SRC,
    actors: { caller: 'alice', callee: 'bob', third: 'dave' },
    steps,
    expectations: [expectation],
  };
}

function finding(spec: FlowSpec, play: (lab: HandMade) => void): Finding {
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  const found = verifyFlow({ flow: spec, plan: PLAN, ledger, observation: observe(ledger, PLAN) });
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** `status: observed`. */
function verdict(expectation: Expectation, play: (lab: HandMade) => void, steps?: readonly Step[]): string {
  const { status, observed } = finding(flow(expectation, steps), play);
  return `${status}: ${observed}`;
}

function back(way: string): string {
  return way.split(' ').reverse().join(' ');
}

/** A packet each way. */
function talk(lab: HandMade, ms: number, way: string, wayBack = back(way), extra: { lost?: DropCode } = {}): void {
  const [a = '', b = ''] = [way.split(' ')[0], way.split(' ').at(-1)];
  lab.send({ way, at: at(ms), frame: tcp(a, 40000, b, 443) });
  lab.send({ way: wayBack, at: at(ms + 1), frame: tcp(b, 443, a, 40000), ...extra });
}

function speak(lab: HandMade, ms: number, way: string, ssrc: number, count = 3, extra: { lost?: DropCode; delays?: readonly Nanos[] } = {}): void {
  const [a = '', b = ''] = [way.split(' ')[0], way.split(' ').at(-1)];
  // What is lost is sent to the same node, but ends before it.
  const to = extra.lost === undefined ? b : way.includes('lan') ? (a === 'alice' ? 'bob' : 'alice') : b;
  for (let k = 0; k < count; k++) lab.send({ way, at: at(ms + k * 20), frame: udp(a, 50000, to, 50000, rtp(ssrc, k)), ...extra });
}

describe('signalling', () => {
  const expectation = signalling('callee', 'ExpressRoute');

  it('passes with its packets and links', () => {
    const found = finding(flow(expectation), (lab) => {
      talk(lab, 0, BY_CIRCUIT);
    });
    expect(found).toMatchObject({
      status: 'pass',
      check: 'signalling/bob',
      expected: 'ExpressRoute',
      observed: 'ExpressRoute',
      src: { file: 'f.flow.yaml', line: 10 },
    });
    expect(found.evidence).toEqual({ packets: [1, 2], total: 2, links: ['bob--lan', 'rt--lan', 'rt--ce', 'er-primary', 'msee--ms-lan', 'online-fe--ms-lan'] });
  });

  it('either link of the circuit is the circuit', () => {
    expect(
      verdict(expectation, (lab) => {
        lab.send({ way: BY_CIRCUIT, over: ['er-secondary'], at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
        lab.send({ way: back(BY_CIRCUIT), at: at(9), frame: tcp('online-fe', 443, 'bob', 40000) });
      }),
    ).toBe('pass: ExpressRoute');
  });

  it('names the links that were crossed instead, and where the ways part', () => {
    const found = finding(flow(expectation), (lab) => {
      talk(lab, 0, BY_INTERNET);
    });
    expect(`${found.status}: ${found.observed}`).toBe('fail: Internet: ce--isp, isp--msee (instead of er)');
    expect(found.evidence.why).toBe('parts at ce: ce--isp instead of er; parts at msee: isp--msee instead of er');
  });

  it('says which way it went astray when the other is as documented', () => {
    expect(
      verdict(expectation, (lab) => {
        talk(lab, 0, BY_CIRCUIT, back(BY_INTERNET));
      }),
    ).toBe('fail: ExpressRoute and Internet: back by isp--msee, ce--isp (instead of er)');
  });

  it('fails by one packet of many', () => {
    expect(
      verdict(expectation, (lab) => {
        for (let k = 0; k < 9; k++) talk(lab, k * 10, BY_CIRCUIT);
        talk(lab, 100, BY_INTERNET, back(BY_CIRCUIT));
      }),
    ).toBe('fail: ExpressRoute and Internet: out by ce--isp, isp--msee (instead of er)');
  });

  it('fails when one side is never heard, whatever the links', () => {
    const found = finding(flow(expectation), (lab) => {
      lab.send({ way: BY_CIRCUIT, at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({
        way: 'online-fe ms-lan msee ce',
        at: at(8),
        frame: tcp('online-fe', 443, 'bob', 40000),
        dropped: DROP.CT_INVALID,
        why: { ct: 'invalid', src: 'ce.nft:4' },
      });
    });
    expect(`${found.status}: ${found.observed}`).toBe('fail: ExpressRoute, nothing of online-fe reaches bob (conntrack-invalid at ce)');
    expect(found.evidence.why).toBe('1 × conntrack-invalid at ce (ct=invalid src=ce.nft:4)');
  });

  it('documented local, observed ExpressRoute', () => {
    expect(
      verdict(signalling('callee', 'local'), (lab) => {
        talk(lab, 0, BY_CIRCUIT);
      }),
    ).toBe('fail: ExpressRoute: er-primary');
  });

  it('is the leg to the home: a front end that only redirects proves nothing', () => {
    expect(
      verdict(signalling('callee', 'local'), (lab) => {
        talk(lab, 0, 'bob lan rt dc-fe');
      }),
    ).toBe('unproved: no packet');
  });

  it('between servers', () => {
    const way = 'dc-fe rt ce msee ms-lan online-fe';
    const servers = (is: PathLabel): Expectation => ({ expect: 'servers', nodes: ['dc-fe', 'online-fe'], is, src: SRC });
    const run = (lab: HandMade): void => {
      talk(lab, 0, way);
    };
    expect(verdict(servers('ExpressRoute'), run)).toBe('pass: ExpressRoute');
    expect(verdict(servers('Internet'), run)).toBe('fail: ExpressRoute: er-primary (instead of ce--isp, isp--msee)');
    expect(verdict(servers('ExpressRoute'), () => undefined)).toBe('unproved: no packet');
  });
});

describe('what nodes told of', () => {
  const signIn = (lab: HandMade, home = 'online-fe'): void => {
    lab.event('bob', at(10), 'sign-in-server', { user: 'bob@contoso.example' });
    talk(lab, 20, BY_CIRCUIT);
    lab.event(home, at(40), 'signed-in', { user: 'bob@contoso.example', home });
  };

  it('signed in: at home, with the packets that did it', () => {
    const found = finding(flow(signedIn), (lab) => {
      talk(lab, 0, BY_CIRCUIT);
      signIn(lab);
      talk(lab, 50, BY_CIRCUIT);
    });
    expect(found).toMatchObject({ status: 'pass', observed: 'at home, online-fe', evidence: { packets: [3, 4], total: 2 } });
    expect(found.evidence.links).toContain('er-primary');
  });

  it('signed in elsewhere, or not at all, and what the step said', () => {
    expect(verdict(signedIn, (lab) => signIn(lab, 'dc-fe'))).toBe('fail: at dc-fe');
    const found = finding(flow(signedIn), (lab) => {
      lab.send({ way: 'bob lan rt', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.NO_ROUTE });
      lab.event(null, at(90), 'step', { step: 'sign-in', ok: 'no', says: 'NET_TIMEOUT', since: '0' });
    });
    expect(`${found.status}: ${found.observed}`).toBe('fail: not signed in');
    expect(found.evidence).toMatchObject({ total: 1, why: 'step sign-in: NET_TIMEOUT; 1 × no-route at rt' });
  });

  it('a word without a packet proves nothing', () => {
    expect(
      verdict(signedIn, (lab) => {
        lab.event('online-fe', at(40), 'signed-in', { user: 'bob@contoso.example', home: 'online-fe' });
      }),
    ).toBe('unproved: at home, online-fe, but no packet');
  });

  const legs = (lab: HandMade, ms: number): void => {
    talk(lab, ms, 'alice lan rt dc-fe');
    talk(lab, ms + 5, 'dc-fe rt ce msee ms-lan online-fe');
    talk(lab, ms + 10, BY_CIRCUIT);
  };
  const step = (lab: HandMade, name: string, from: number, to: number): void =>
    lab.event(null, at(to), 'step', { step: name, ok: 'yes', since: String(at(from)) });

  it('a call and a message, over every leg from one to the other', () => {
    const run = (lab: HandMade): void => {
      legs(lab, 100);
      lab.event('alice', at(130), 'call-answered', { peer: 'bob@contoso.example' });
      lab.event('bob', at(130), 'message-received', { peer: 'alice@contoso.example' });
      step(lab, 'call', 100, 150);
    };
    expect(verdict(told('call', 'caller', 'callee'), run)).toBe('pass: answered');
    expect(verdict(told('message', 'caller', 'callee'), run)).toBe('pass: delivered');
    expect(verdict(told('call', 'callee', 'caller'), run)).toBe('fail: not answered');
    expect(verdict(told('message', 'third', 'callee'), run)).toBe('fail: not delivered');
    expect(finding(flow(told('call', 'caller', 'callee')), run).evidence).toMatchObject({ packets: [1, 2, 3, 4, 5, 6], total: 6 });
  });

  it('packets of another time or of one leg only are no evidence', () => {
    const answered = (lab: HandMade): void => {
      lab.event('alice', at(130), 'call-answered', { peer: 'bob@contoso.example' });
      step(lab, 'call', 100, 150);
    };
    expect(verdict(told('call', 'caller', 'callee'), (lab) => (legs(lab, 0), answered(lab)))).toBe(
      'unproved: answered, but no packet of signalling/alice-dc-fe',
    );
    expect(verdict(told('call', 'caller', 'callee'), (lab) => (talk(lab, 100, 'alice lan rt dc-fe'), answered(lab)))).toBe(
      'unproved: answered, but no packet of signalling/dc-fe-online-fe',
    );
  });

  it('of two calls both must be answered', () => {
    const run = (lab: HandMade): void => {
      legs(lab, 100);
      lab.event('alice', at(130), 'call-answered', { peer: 'bob@contoso.example' });
      step(lab, 'call', 100, 150);
    };
    expect(verdict(told('call', 'caller', 'callee'), run, [CALL, CALL])).toBe('fail: answered 1 of 2 times');
  });
});

describe('media', () => {
  const both = (lab: HandMade): void => {
    speak(lab, 0, 'alice lan bob', 1);
    speak(lab, 1, 'bob lan alice', 2);
  };
  const astray = (lab: HandMade): void => {
    speak(lab, 0, 'alice lan rt lan bob', 1);
    speak(lab, 1, 'bob lan alice', 2);
  };

  it('local, and by one site only', () => {
    expect(verdict(media('local', ['hq']), both)).toBe('pass: local, by hq only');
    expect(verdict(media('local', ['branch']), both)).toBe('fail: local, through hq');
    expect(verdict(media('Internet'), both)).toBe('fail: local: alice--lan, bob--lan');
    expect(verdict(media('local', null, ['caller', 'third']), both)).toBe('unproved: no packet');
  });

  it('of one side only is no media', () => {
    const run = (lab: HandMade): void => {
      speak(lab, 0, 'alice lan bob', 1);
      speak(lab, 1, 'bob lan', 2, 3, { lost: DROP.LINK_LOSS });
    };
    expect(verdict(media('local'), run)).toBe('fail: local, nothing of bob reaches alice (link-loss at bob--lan)');
    expect(verdict(symmetric, run)).toBe('unproved: nothing of bob reaches alice (link-loss at bob--lan)');
    expect(verdict(quality(0.99), run)).toBe('unproved: nothing of bob reaches alice (link-loss at bob--lan)');
  });

  it('of each call: one does not stand for the other', () => {
    const call = (lab: HandMade, from: number, to: number): void => {
      lab.event('alice', at(from), 'call-answered', { peer: 'bob@contoso.example' });
      lab.event('alice', at(to), 'call-ended', { peer: 'bob@contoso.example' });
    };
    const expectation = media('local');
    const twice = (second: boolean) => (lab: HandMade) => {
      both(lab);
      call(lab, 0, 500);
      speak(lab, 1000, 'alice lan bob', 3);
      if (second) speak(lab, 1000, 'bob lan alice', 4);
      call(lab, 1000, 1500);
    };
    expect(verdict(expectation, twice(true))).toBe('pass: local');
    expect(verdict(expectation, twice(false))).toBe('fail: local, call 2: nothing of bob reaches alice');
  });

  it('the same links both ways', () => {
    expect(verdict(symmetric, both)).toBe('pass: same links both ways');
    expect(verdict(symmetric, astray)).toBe('fail: only alice > bob: rt--lan');
    expect(verdict(symmetric, () => undefined)).toBe('unproved: no packet');
  });

  it('within its bounds, the worse direction counting', () => {
    const bounds = quality(0.1, at(5), at(1));
    expect(verdict(bounds, both)).toBe('pass: loss 0.00%, delay 2ms, jitter 0');
    const run = (lab: HandMade): void => {
      both(lab);
      // Three more of alice, the first of them 8 ms late, the others lost: 2 of 6.
      lab.send({ way: 'alice lan bob', at: at(60), frame: udp('alice', 50000, 'bob', 50000, rtp(1, 3)), delays: [at(1), at(9)] });
      for (const k of [4, 5]) lab.send({ way: 'alice lan', at: at(k * 20), frame: udp('alice', 50000, 'bob', 50000, rtp(1, k)), lost: DROP.LINK_LOSS });
    };
    // Mean of 2, 2, 2 and 10 ms; jitter a sixteenth of the 8 ms step.
    expect(verdict(bounds, run)).toBe('fail: loss 33.33%, delay 4ms, jitter 500us');
    expect(verdict(quality(0.4, at(5), at(1)), run)).toBe('pass: loss 33.33%, delay 4ms, jitter 500us');
    expect(verdict(quality(0.4, at(4), at(1)), run)).toMatch(/^fail/);
    expect(verdict(quality(0.4, at(5), at(0.5)), run)).toMatch(/^fail/);
    expect(verdict(bounds, () => undefined)).toBe('unproved: no packet');
  });
});

describe('ICE', () => {
  const expectation: Expectation = { expect: 'ice', between: CALLER_CALLEE, local: 'host', remote: 'srflx', src: SRC };
  const selected = (lab: HandMade, node: string, peer: string, types: string): void => {
    const [local = '', remote = ''] = types.split('/');
    lab.event(node, at(50), 'ice-selected', { 'local-type': local, 'remote-type': remote, remote: `${addressOf(peer)}:50000` });
  };
  const checks = (lab: HandMade): void => {
    lab.send({ way: 'alice lan bob', at: at(0), frame: udp('alice', 50000, 'bob', 50000, STUN) });
  };

  it('is judged from both sides, each with its own end first', () => {
    const run = (mine: string, its: string) => (lab: HandMade) => {
      checks(lab);
      selected(lab, 'alice', 'bob', mine);
      selected(lab, 'bob', 'alice', its);
    };
    expect(verdict(expectation, run('host/srflx', 'srflx/host'))).toBe('pass: host/srflx');
    expect(verdict(expectation, run('host/host', 'host/host'))).toBe('fail: host/host');
    expect(verdict(expectation, run('host/srflx', 'host/host'))).toBe('fail: host/srflx and host/host');
  });

  it('of one side, of nobody, of another call, and without a packet', () => {
    expect(verdict(expectation, (lab) => (checks(lab), selected(lab, 'alice', 'bob', 'host/srflx')))).toBe('fail: host/srflx, one side only');
    expect(verdict(expectation, checks)).toBe('unproved: no pair selected');
    expect(verdict(expectation, (lab) => (checks(lab), selected(lab, 'alice', 'dave', 'host/srflx')))).toBe('unproved: no pair selected');
    expect(verdict(expectation, (lab) => selected(lab, 'alice', 'bob', 'host/srflx'))).toBe('unproved: host/srflx, but no STUN packet');
  });
});

describe('services that belong on the Internet', () => {
  const ask = (lab: HandMade, way: string): void => {
    const [a = '', b = ''] = [way.split(' ')[0], way.split(' ').at(-1)];
    lab.send({ way, at: at(0), frame: udp(a, 5353, b, 53, new Uint8Array(20)) });
    lab.send({ way: back(way), at: at(9), frame: udp(b, 53, a, 5353, new Uint8Array(20)) });
  };

  it('pass there, fail on the circuit, and prove nothing inside', () => {
    const expectation: Expectation = { expect: 'internet-only', traffic: 'dns', src: SRC };
    expect(verdict(expectation, (lab) => (ask(lab, 'alice lan rt dns'), ask(lab, 'dns rt ce isp public-dns')))).toBe('pass: Internet');
    expect(verdict(expectation, (lab) => ask(lab, 'dns rt ce msee isp public-dns'))).toBe('fail: ExpressRoute: er-primary (dns/dns-public-dns)');
    expect(verdict(expectation, (lab) => ask(lab, 'alice lan rt dns'))).toBe('unproved: no packet on the Internet');
    expect(verdict(expectation, () => undefined)).toBe('unproved: no packet');
  });
});

describe('a flow', () => {
  it('holds when every finding passed, and there is one', () => {
    const one = (status: Finding['status']): Finding => ({
      status,
      check: 'c',
      subject: 's',
      expected: '',
      observed: '',
      evidence: { packets: [], total: 0, links: [] },
      src: null,
    });
    expect(holds([])).toBe(false);
    expect(holds([one('pass')])).toBe(true);
    expect(holds([one('pass'), one('unproved')])).toBe(false);
    expect(holds([one('pass'), one('fail')])).toBe(false);
  });
});
