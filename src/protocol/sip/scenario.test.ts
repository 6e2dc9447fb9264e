/**
 * User agents, proxies and registrars talking octets to each other over pipes with a delay: no sockets, no promises.
 */
import { describe, expect, it } from 'vitest';
import { randomRoot, type Rng } from '../../base/rng.js';
import { millis, NEVER, seconds, ZERO, type Nanos } from '../../base/time.js';
import { emitMessage } from './emitter.js';
import { routes, to as toField, contacts } from './fields.js';
import { bodyText, header, headerValues, makeRequest, makeResponse, textBody, type SipMessage, type SipRequest } from './message.js';
import { parseMessage } from './parser.js';
import { Proxy, type Decision, type ProxyOut } from './proxy/proxy.js';
import { Registrar, type Home } from './registrar.js';
import { torture } from './torture/semantics.js';
import type { Hop, Send, Source } from './transaction/layer.js';
import { addressOf, formatUri, parseUri } from './uri.js';
import { FIRST_INCOMING, type UaIn, type UaOut } from './user-agent/events.js';
import { UserAgent } from './user-agent/user-agent.js';

const DELAY = millis(10);

interface Node {
  readonly name: string;
  received(message: SipMessage, source: Source): void;
  failed(transaction: string, detail: string): void;
  closed(connection: number): void;
  deadline(): Nanos;
  tick(): void;
}

/** Pipes between named nodes; one connection per pair and direction, as a shell keeps them. */
class Wire {
  now: Nanos = ZERO;
  readonly log: string[] = [];
  readonly messages: { from: string; to: string; message: SipMessage }[] = [];
  readonly nodes = new Map<string, Node>();
  #queue: { at: Nanos; run: () => void }[] = [];
  #connections: { a: string; b: string; open: boolean }[] = [];
  /** Messages that return true are lost on the way. */
  lose: (from: string, message: SipMessage) => boolean = () => false;

  send(from: Node, send: Send): void {
    const connection = this.#connect(from.name, send.to);
    const pipe = this.#connections[connection];
    const to = pipe === undefined ? undefined : this.nodes.get(pipe.a === from.name ? pipe.b : pipe.a);
    if (pipe?.open !== true || to === undefined) {
      this.#at(this.now, () => from.failed(send.transaction, 'no connection'));
      return;
    }
    const parsed = parseMessage(emitMessage(send.message), { framing: 'stream' });
    if ('malformed' in parsed) throw new Error(`${from.name} sent what nobody can read: ${parsed.why}`);
    this.log.push(`${from.name}>${to.name} ${parsed.kind === 'request' ? parsed.method : `${parsed.status} ${header(parsed, 'CSeq')?.split(' ')[1] ?? ''}`}`);
    this.messages.push({ from: from.name, to: to.name, message: parsed });
    if (this.lose(from.name, parsed)) return;
    const source: Source = { connection, address: '10.0.0.1', port: 40000 + connection, local: pipe.b === to.name ? { address: '10.0.0.2', port: 5061 } : null };
    this.#at((this.now + DELAY) as Nanos, () => to.received(parsed, source));
  }

  #connect(from: string, hop: Hop): number {
    if (hop.kind === 'connection') return hop.connection;
    const to = hop.host.split('.')[0] ?? '';
    const found = this.#connections.findIndex((c) => c.open && c.a === from && c.b === to);
    return found >= 0 ? found : this.#connections.push({ a: from, b: to, open: true }) - 1;
  }

  cut(name: string): void {
    this.#connections.forEach((c, i) => {
      if (!c.open || (c.a !== name && c.b !== name)) return;
      c.open = false;
      for (const side of [c.a, c.b]) this.nodes.get(side)?.closed(i);
    });
  }

  #at(at: Nanos, run: () => void): void {
    this.#queue.push({ at, run });
  }

  /** Lets `time` pass. */
  run(time: Nanos): void {
    const end = this.now + time;
    for (let steps = 0; steps < 20_000; steps++) {
      const timer = [...this.nodes.values()].reduce<Nanos>((first, n) => (n.deadline() < first ? n.deadline() : first), NEVER);
      const event = this.#queue.reduce<{ at: Nanos; run: () => void } | null>((first, e) => (first === null || e.at < first.at ? e : first), null);
      const next = event !== null && event.at <= timer ? event.at : timer;
      if (next > end) break;
      this.now = next > this.now ? next : this.now;
      if (event !== null && event.at <= timer) {
        this.#queue = this.#queue.filter((e) => e !== event);
        event.run();
      } else for (const n of this.nodes.values()) if (n.deadline() <= this.now) n.tick();
    }
    this.now = end as Nanos;
  }

  between(what: string): string[] {
    return this.log.filter((l) => l.includes(what));
  }
}

class Phone implements Node {
  readonly events: Exclude<UaOut, Send>[] = [];
  readonly ua: UserAgent;
  readonly name: string;
  readonly wire: Wire;
  onEvent: (event: Exclude<UaOut, Send>) => void = () => undefined;

  constructor(wire: Wire, name: string, home: string, password = 'secret', domain = 'contoso.example', listens = false) {
    this.wire = wire;
    this.name = name;
    this.ua = new UserAgent({
      aor: `sip:${name}@${domain}`, displayName: name, credentials: { username: name, password }, sentBy: '10.0.1.5', contact: `sip:${name}@${name}.phones.example:5061;transport=tls`,
      instance: listens ? null : `urn:uuid:00000000-0000-4000-8000-${name.padEnd(12, '0')}`, outbound: listens ? null : { kind: 'target', host: `${home}.contoso.example`, port: 5061 }, rng: randomRoot(7).stream(`node:${name}:sip`),
    });
    wire.nodes.set(name, this);
  }
  do(input: UaIn): void {
    const out: UaOut[] = [];
    this.ua.handle(input, this.wire.now, out);
    this.#spread(out);
  }
  #spread(out: UaOut[]): void {
    for (const o of out) {
      if (o.kind === 'send') this.wire.send(this, o);
      else {
        this.events.push(o);
        this.onEvent(o);
      }
    }
  }
  received(message: SipMessage, source: Source): void {
    this.do({ kind: 'received', message, source });
  }
  failed(transaction: string, detail: string): void {
    this.do({ kind: 'transport-error', transaction, detail });
  }
  closed(connection: number): void {
    this.do({ kind: 'connection-closed', connection });
  }
  deadline(): Nanos {
    return this.ua.deadline;
  }
  tick(): void {
    const out: UaOut[] = [];
    this.ua.tick(this.wire.now, out);
    this.#spread(out);
  }
  kinds(): string[] {
    return this.events.map((e) => e.kind);
  }
  last<K extends Exclude<UaOut, Send>['kind']>(kind: K): Exclude<UaOut, Send> & { kind: K } {
    const found = this.events.findLast((e) => e.kind === kind);
    if (found === undefined) throw new Error(`${this.name} saw no ${kind}, but ${this.kinds().join(' ')}`);
    return found as Exclude<UaOut, Send> & { kind: K };
  }
}

class Server implements Node {
  readonly name: string;
  readonly wire: Wire;
  readonly registrar: Registrar;
  readonly proxy: Proxy;
  routeBy: ((request: SipRequest) => Decision) | null = null;

  constructor(wire: Wire, name: string, home: (address: string) => Home, rng: Rng = randomRoot(7).stream(`node:${name}`)) {
    this.name = name;
    this.wire = wire;
    this.registrar = new Registrar({ realm: 'contoso.example', rng, home });
    const host = `${name}.contoso.example`;
    this.proxy = new Proxy({ rng, isMe: (h) => h === host, face: () => ({ host, port: 5061 }), route: (request, _source, now) => this.routeBy?.(request) ?? this.#route(request, now) });
    wire.nodes.set(name, this);
  }
  #route(request: SipRequest, now: Nanos): Decision {
    const uri = parseUri(request.uri);
    if (request.method === 'REGISTER') return { kind: 'local' };
    if (uri?.kind !== 'sip' || uri.host !== 'contoso.example') return { kind: 'forward', targets: [{ uri: null, hop: null }] };
    const bindings = this.registrar.location.lookup(addressOf(uri), now);
    return { kind: 'forward', targets: bindings.map((b) => ({ uri: formatUri(b.uri), hop: { kind: 'connection', connection: b.connection } })) };
  }
  #spread(out: ProxyOut[]): void {
    for (const o of out) {
      if (o.kind === 'send') this.wire.send(this, o);
      else this.#feed({ kind: 'respond', transaction: o.transaction, response: this.registrar.register(o.request, o.source, this.wire.now).response });
    }
  }
  #feed(input: Parameters<Proxy['handle']>[0]): void {
    const out: ProxyOut[] = [];
    this.proxy.handle(input, this.wire.now, out);
    this.#spread(out);
  }
  received(message: SipMessage, source: Source): void {
    this.#feed({ kind: 'received', message, source });
  }
  failed(transaction: string, detail: string): void {
    this.#feed({ kind: 'transport-error', transaction, detail });
  }
  closed(connection: number): void {
    this.registrar.location.dropConnection(connection);
    this.#feed({ kind: 'connection-closed', connection });
  }
  deadline(): Nanos {
    return this.proxy.deadline;
  }
  tick(): void {
    const out: ProxyOut[] = [];
    this.proxy.tick(this.wire.now, out);
    this.#spread(out);
  }
}

const offer = { type: 'application/sdp', bytes: textBody('v=0 offer\r\n') };
const answer = { type: 'application/sdp', bytes: textBody('v=0 answer\r\n') };
const here: Home = { kind: 'here', password: 'secret' };

/** Two phones on one front end, signed in. */
function pair() {
  const wire = new Wire();
  const fe = new Server(wire, 'fe1', () => here);
  const alice = new Phone(wire, 'alice', 'fe1');
  const bob = new Phone(wire, 'bob', 'fe1');
  for (const phone of [alice, bob]) phone.do({ kind: 'register', expires: 600 });
  wire.run(seconds(1));
  wire.log.length = 0;
  wire.messages.length = 0;
  return { wire, fe, alice, bob };
}

/** The same, in a call. */
function call() {
  const lab = pair();
  lab.alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
  lab.wire.run(millis(100));
  lab.bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
  lab.wire.run(millis(100));
  return lab;
}

describe('registration (RFC 3261 section 10)', () => {
  it('is challenged, granted, refreshed before it ends', () => {
    const wire = new Wire();
    const fe = new Server(wire, 'fe1', () => here);
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    expect(wire.log).toEqual(['alice>fe1 REGISTER', 'fe1>alice 401 REGISTER', 'alice>fe1 REGISTER', 'fe1>alice 200 REGISTER']);
    expect(alice.last('registered')).toMatchObject({ expires: 600 });
    expect(fe.registrar.location.lookup('alice@contoso.example', wire.now)).toHaveLength(1);
    wire.run(seconds(1799));
    expect(alice.kinds().filter((k) => k === 'registered')).toHaveLength(4);
    alice.do({ kind: 'unregister' });
    wire.run(seconds(1));
    expect(alice.kinds().at(-1)).toBe('unregistered');
    expect(fe.registrar.location.lookup('alice@contoso.example', wire.now)).toEqual([]);
  });
  it('a wrong password is 403, an unknown user 404', () => {
    const wire = new Wire();
    new Server(wire, 'fe1', (a) => (a.startsWith('alice') ? here : { kind: 'unknown' }));
    const alice = new Phone(wire, 'alice', 'fe1', 'guess');
    const eve = new Phone(wire, 'eve', 'fe1');
    for (const phone of [alice, eve]) phone.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    expect([alice.last('register-failed').status, eve.last('register-failed').status]).toEqual([403, 404]);
  });
  it('too short is 423, and tried again with Min-Expires', () => {
    const { wire, alice } = pair();
    alice.do({ kind: 'register', expires: 10 });
    wire.run(seconds(1));
    expect(alice.last('registered').expires).toBe(60);
    expect(wire.between('423')).toHaveLength(1);
  });
  it('follows 301 to the home, and stays there', () => {
    const wire = new Wire();
    new Server(wire, 'fe1', () => ({ kind: 'elsewhere', contact: 'sip:fe2.contoso.example:5061;transport=tls' }));
    new Server(wire, 'fe2', () => here);
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(600));
    expect(alice.last('redirected').to).toEqual({ kind: 'target', host: 'fe2.contoso.example', port: 5061 });
    expect(wire.log).toEqual(['alice>fe1 REGISTER', 'fe1>alice 301 REGISTER', 'alice>fe2 REGISTER', 'fe2>alice 401 REGISTER', 'alice>fe2 REGISTER', 'fe2>alice 200 REGISTER', 'alice>fe2 REGISTER', 'fe2>alice 401 REGISTER', 'alice>fe2 REGISTER', 'fe2>alice 200 REGISTER']);
  });
  it('two front ends that redirect to each other are left after five turns', () => {
    const wire = new Wire();
    for (const [a, b] of [['fe1', 'fe2'], ['fe2', 'fe1']] as const) new Server(wire, a, () => ({ kind: 'elsewhere', contact: `sip:${b}.contoso.example` }));
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(5));
    expect(alice.last('register-failed').status).toBe(301);
    expect(wire.between('REGISTER')).toHaveLength(12);
  });
  it('a lost connection is told, and the flow has gone at the registrar', () => {
    const { wire, fe, alice } = pair();
    wire.cut('alice');
    expect(alice.kinds().at(-1)).toBe('registration-lost');
    expect(fe.registrar.location.lookup('alice@contoso.example', wire.now)).toEqual([]);
  });
});

describe('a call through one front end (RFC 3261 section 13, RFC 5626 flows)', () => {
  it('rings, is answered, changes, ends', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    expect(bob.last('incoming').content?.bytes).toEqual(offer.bytes);
    bob.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    bob.do({ kind: 'progress', call: FIRST_INCOMING, status: 183, content: answer });
    wire.run(seconds(5));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    expect(alice.events.slice(1).map((e) => [e.kind, 'status' in e ? e.status : null])).toEqual([['progressed', 180], ['progressed', 183], ['answered', null]]);
    expect(bob.kinds().slice(1)).toEqual(['incoming', 'confirmed']);
    expect(wire.log).toEqual([
      'alice>fe1 INVITE', 'fe1>alice 100 INVITE', 'fe1>bob INVITE', 'bob>fe1 180 INVITE', 'bob>fe1 183 INVITE', 'fe1>alice 180 INVITE', 'fe1>alice 183 INVITE',
      'bob>fe1 200 INVITE', 'fe1>alice 200 INVITE', 'alice>fe1 ACK', 'fe1>bob ACK',
    ]);
    bob.do({ kind: 'offer', call: FIRST_INCOMING, method: 'INVITE', content: offer });
    wire.run(millis(50));
    alice.do({ kind: 'answer-offer', call: 1, status: 200, content: answer });
    wire.run(millis(50));
    expect(bob.last('offer-answered').status).toBe(200);
    alice.do({ kind: 'offer', call: 1, method: 'UPDATE', content: offer });
    wire.run(millis(50));
    bob.do({ kind: 'answer-offer', call: FIRST_INCOMING, status: 488 });
    wire.run(millis(50));
    expect(alice.last('offer-answered').status).toBe(488);
    alice.do({ kind: 'request-in-call', id: 5, method: 'INFO', call: 1 });
    wire.run(millis(50));
    expect([alice.last('request-answered'), bob.last('request-received')]).toMatchObject([{ id: 5, status: 200 }, { method: 'INFO', call: FIRST_INCOMING }]);
    bob.do({ kind: 'bye', call: FIRST_INCOMING });
    wire.run(millis(100));
    expect([alice.last('ended').why, bob.last('ended').why]).toEqual(['bye-received', 'bye-sent']);
    wire.run(seconds(40));
    expect([alice.ua.calls, bob.ua.calls]).toEqual([0, 0]);
  });
  it('the front end records one route per flow, named by tokens', () => {
    const { wire } = call();
    const invite = wire.messages.find((m) => m.to === 'bob' && m.message.kind === 'request')!.message;
    const recorded = headerValues(invite, 'Record-Route');
    expect(recorded).toHaveLength(2);
    expect(recorded[0]).toMatch(/^<sip:f1-[0-9a-f]{16}@fe1\.contoso\.example:5061;transport=tls;lr>$/);
    expect(recorded[1]).toMatch(/^<sip:f0-/);
    expect(header(invite, 'Max-Forwards')).toBe('69');
    const ack = wire.messages.find((m) => m.to === 'fe1' && m.message.kind === 'request' && m.message.method === 'ACK')!.message;
    expect(routes(ack)).toHaveLength(2);
  });
  it('busy, and nobody there', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(50));
    bob.do({ kind: 'reject', call: FIRST_INCOMING, status: 486 });
    alice.do({ kind: 'invite', call: 2, to: 'sip:carol@contoso.example', content: offer });
    wire.run(millis(100));
    expect(alice.events.filter((e) => e.kind === 'rejected').map((e) => [e.call, e.status])).toEqual([[1, 486], [2, 480]]);
    expect(wire.between('ACK')).toEqual(['fe1>bob ACK', 'alice>fe1 ACK', 'alice>fe1 ACK']);
  });
  it('CANCEL before the answer: 487; before any response it waits for one', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    alice.do({ kind: 'cancel', call: 1 });
    expect(wire.between('CANCEL')).toEqual([]);
    wire.run(millis(30));
    expect(wire.between('CANCEL')).toContain('alice>fe1 CANCEL');
    bob.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    wire.run(seconds(1));
    expect([alice.last('ended').why, bob.last('ended').why]).toEqual(['cancelled', 'cancelled']);
    expect(wire.between('487')).toEqual(['bob>fe1 487 INVITE', 'fe1>alice 487 INVITE']);
    expect(alice.kinds()).not.toContain('answered');
  });
  it('an answer that crosses the CANCEL is ended by BYE', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    alice.do({ kind: 'cancel', call: 1 });
    wire.run(seconds(1));
    expect([alice.last('ended').why, bob.last('ended').why]).toEqual(['cancelled', 'bye-received']);
  });
  it('without ACK the 2xx is repeated, after 64*T1 the callee hangs up (13.3.1.4)', () => {
    const { wire, alice, bob } = pair();
    wire.lose = (_from, m) => m.kind === 'request' && m.method === 'ACK';
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(seconds(40));
    // 0, 0.5, 1.5, 3.5, 7.5, then every T2 = 4 s up to 31.5 s.
    expect(wire.between('bob>fe1 200 INVITE')).toHaveLength(11);
    expect(wire.between('alice>fe1 ACK').length).toBeGreaterThan(5);
    expect(bob.last('ended').why).toBe('no-ack');
    expect(alice.last('ended').why).toBe('bye-received');
  });
  it('a repeated 2xx is acknowledged again, the call is set up once', () => {
    const { wire, alice, bob } = pair();
    let lost = 0;
    wire.lose = (from, m) => from === 'alice' && m.kind === 'request' && m.method === 'ACK' && lost++ < 2;
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(seconds(5));
    expect(bob.kinds().filter((k) => k === 'confirmed')).toHaveLength(1);
    expect(alice.kinds().filter((k) => k === 'answered')).toHaveLength(1);
    expect(wire.between('alice>fe1 ACK')).toHaveLength(3);
  });
  it('re-INVITEs that cross: 491 for both, the owner of the Call-ID comes later (14.1)', () => {
    const { wire, alice, bob } = call();
    alice.do({ kind: 'offer', call: 1, method: 'INVITE', content: offer });
    bob.do({ kind: 'offer', call: FIRST_INCOMING, method: 'INVITE', content: offer });
    for (const phone of [alice, bob]) phone.onEvent = (e) => { if (e.kind === 'offered') phone.do({ kind: 'answer-offer', call: e.call, status: 200, content: answer }); };
    wire.run(millis(100));
    expect(wire.between('491').filter((l) => l.startsWith('fe1'))).toHaveLength(2);
    wire.run(seconds(5));
    expect([alice.last('offer-answered').status, bob.last('offer-answered').status]).toEqual([200, 200]);
    expect(alice.kinds().lastIndexOf('offer-answered')).toBeGreaterThan(alice.kinds().lastIndexOf('offered'));
  });
  it('a second offer before the first is answered is 500 with Retry-After (14.2)', () => {
    const { wire, alice, bob } = call();
    alice.do({ kind: 'offer', call: 1, method: 'UPDATE', content: offer });
    wire.run(millis(50));
    expect(bob.last('offered').method).toBe('UPDATE');
    alice.do({ kind: 'offer', call: 1, method: 'UPDATE', content: offer });
    expect(alice.last('offer-answered').status).toBe(491);
  });
  it('the peer is gone: the BYE runs into the timeout, the caller is done at once', () => {
    const { wire, fe, alice } = call();
    wire.cut('bob');
    expect(fe.registrar.location.lookup('bob@contoso.example', wire.now)).toEqual([]);
    alice.do({ kind: 'bye', call: 1 });
    wire.run(seconds(1));
    // RFC 5626 section 5.3.1.
    expect(wire.log.at(-1)).toBe('fe1>alice 430 BYE');
  });
});

describe('between two front ends', () => {
  function far() {
    const wire = new Wire();
    const fe1 = new Server(wire, 'fe1', () => here);
    const fe2 = new Server(wire, 'fe2', () => here);
    fe1.routeBy = (r) => (r.method === 'REGISTER' || !toUri(r).startsWith('bob') ? undefined as never : { kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', host: 'fe2.contoso.example', port: 5061 } }] });
    const alice = new Phone(wire, 'alice', 'fe1');
    const bob = new Phone(wire, 'bob', 'fe2');
    for (const phone of [alice, bob]) phone.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    wire.log.length = 0;
    return { wire, fe1, fe2, alice, bob };
  }
  const toUri = (r: SipRequest): string => { const u = parseUri(r.uri); return u?.kind === 'sip' ? addressOf(u) : ''; };

  it('requests in the dialog go over both, either way', () => {
    const { wire, alice, bob } = far();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    expect(wire.between('ACK')).toEqual(['alice>fe1 ACK', 'fe1>fe2 ACK', 'fe2>bob ACK']);
    bob.do({ kind: 'bye', call: FIRST_INCOMING });
    wire.run(millis(100));
    expect(wire.between('BYE')).toEqual(['bob>fe2 BYE', 'fe2>fe1 BYE', 'fe1>alice BYE', 'alice>fe1 200 BYE', 'fe1>fe2 200 BYE', 'fe2>bob 200 BYE']);
  });
  it('after the connection between them broke, the route finds its way by name', () => {
    const { wire, alice, bob } = far();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    wire.cut('fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    alice.do({ kind: 'bye', call: 1 });
    wire.run(seconds(1));
    expect(bob.last('ended').why).toBe('bye-received');
  });
  it('MESSAGE goes end to end (RFC 3428)', () => {
    const { wire, alice, bob } = far();
    alice.do({ kind: 'request', id: 9, method: 'MESSAGE', to: 'sip:bob@contoso.example', content: { type: 'text/plain', bytes: textBody('Watson, come here.') } });
    wire.run(seconds(1));
    const got = bob.last('request-received');
    expect([got.method, new TextDecoder().decode(got.content?.bytes), got.from]).toMatchObject(['MESSAGE', 'Watson, come here.', expect.stringContaining('sip:alice@contoso.example')]);
    expect(alice.last('request-answered')).toMatchObject({ id: 9, status: 200 });
  });
  it('a loop is found by its branch (16.3 step 4)', () => {
    const { wire, fe1, fe2, alice } = far();
    for (const [fe, other] of [[fe1, 'fe2'], [fe2, 'fe1']] as const) fe.routeBy = () => ({ kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', host: other, port: 5061 } }] });
    alice.do({ kind: 'request', id: 1, method: 'MESSAGE', to: 'sip:x@contoso.example' });
    wire.run(seconds(1));
    expect(alice.last('request-answered').status).toBe(482);
    expect(wire.between('MESSAGE').filter((l) => /^fe\d>fe\d MESSAGE$/.test(l))).toEqual(['fe1>fe2 MESSAGE', 'fe2>fe1 MESSAGE']);
  });
});

describe('forking (16.7)', () => {
  function forked() {
    const wire = new Wire();
    const fe = new Server(wire, 'fe1', () => here);
    const alice = new Phone(wire, 'alice', 'fe1');
    const desk = new Phone(wire, 'desk', 'fe1', 'secret', 'contoso.example', true);
    const mobile = new Phone(wire, 'mobile', 'fe1', 'secret', 'contoso.example', true);
    fe.routeBy = (r) => (r.method === 'REGISTER' ? undefined as never : { kind: 'forward', targets: ['desk', 'mobile'].map((host) => ({ uri: `sip:bob@${host}.phones.example:5061`, hop: null })) });
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    return { wire, fe, alice, desk, mobile };
  }
  it('each early answer is a fork of its own; the first to answer wins, the others are cancelled', () => {
    const { wire, alice, desk, mobile } = forked();
    desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 183, content: answer });
    mobile.do({ kind: 'progress', call: FIRST_INCOMING, status: 183, content: answer });
    wire.run(millis(100));
    const forks = alice.events.flatMap((e) => (e.kind === 'progressed' ? [e.fork] : []));
    expect(new Set(forks).size).toBe(2);
    mobile.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    expect(alice.last('answered').fork).toBe(forks[1]);
    expect(desk.last('ended').why).toBe('cancelled');
    expect(wire.between('487')).toEqual(['desk>fe1 487 INVITE']);
  });
  it('both answer at once: the later one is acknowledged and hung up', () => {
    const { wire, alice, desk, mobile } = forked();
    for (const phone of [desk, mobile]) phone.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(seconds(1));
    expect(alice.kinds().filter((k) => k === 'answered')).toHaveLength(1);
    expect([desk.kinds().includes('ended'), mobile.kinds().includes('ended')].filter(Boolean)).toHaveLength(1);
    expect(wire.between('481')).toEqual([]);
  });
  it('the best of the failures goes back; 603 cancels the rest', () => {
    const a = forked();
    a.desk.do({ kind: 'reject', call: FIRST_INCOMING, status: 486 });
    a.wire.run(millis(100));
    expect(a.alice.kinds()).not.toContain('rejected');
    a.mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 404 });
    a.wire.run(millis(100));
    expect(a.alice.last('rejected').status).toBe(404);
    const b = forked();
    b.desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    b.mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 603 });
    b.wire.run(millis(100));
    expect(b.alice.last('rejected').status).toBe(603);
    expect(b.desk.last('ended').why).toBe('cancelled');
  });
  it('timer C ends a branch that rings for ever (16.8)', () => {
    const { wire, alice, desk, mobile } = forked();
    desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 480 });
    wire.run(seconds(180));
    expect(alice.kinds()).not.toContain('rejected');
    wire.run(seconds(5));
    expect(desk.last('ended').why).toBe('cancelled');
    expect(alice.last('rejected').status).toBe(480);
  });
});

describe('RFC 4475: verdicts of the application', () => {
  const source: Source = { connection: 5, address: '192.0.2.1', port: 5060, local: { address: '192.0.2.2', port: 5061 } };
  const message = (name: string): SipRequest => parseMessage(torture(name)) as SipRequest;
  const byUserAgent = (m: SipRequest): SipMessage => {
    const wire = new Wire();
    const phone = new Phone(wire, 'user', 'fe1');
    const out: UaOut[] = [];
    phone.ua.handle({ kind: 'received', message: m, source }, ZERO, out);
    return (out.find((o) => o.kind === 'send') as Send).message;
  };
  const byProxy = (m: SipRequest): SipMessage => {
    const fe = new Server(new Wire(), 'fe1', () => here);
    const out: ProxyOut[] = [];
    fe.proxy.handle({ kind: 'received', message: m, source }, ZERO, out);
    return (out.find((o) => o.kind === 'send') as Send).message;
  };
  const registrar = () => new Registrar({ realm: 'example.com', rng: randomRoot(1).stream('r'), home: () => here });
  const byRegistrar = (m: SipRequest): SipMessage => registrar().register(m, source, ZERO).response;

  it.each([
    ['3.3.2', 'unkscm', 416], ['3.3.3', 'novelsc', 416], ['3.3.5', 'bext01', 420], ['3.3.6', 'invut', 415], ['3.3.15', 'sdp01', 406], ['3.3.11', 'zeromf', 200],
  ])('%s %s: a user agent answers %i', (_section, name, status) => expect(byUserAgent(message(name))).toMatchObject({ status }));
  it.each([
    ['3.3.2', 'unkscm', 416], ['3.3.5', 'bext01', 420], ['3.3.11', 'zeromf', 483],
  ])('%s %s: a proxy answers %i', (_section, name, status) => expect(byProxy(message(name))).toMatchObject({ status }));
  it('3.3.5: each names the extensions that it does not know', () => {
    expect(header(byUserAgent(message('bext01')), 'Unsupported')).toBe('nothingSupportsThis, nothingSupportsThisEither');
    expect(header(byProxy(message('bext01')), 'Unsupported')).toBe('noProxiesSupportThis, norDoAnyProxiesSupportThis');
  });
  it('3.3.4 and 3.3.7: a registrar wants a SIP address of record, and knows no other scheme of authentication', () => {
    expect(byRegistrar(message('unksm2'))).toMatchObject({ status: 400 });
    const challenge = byRegistrar(message('regaut01'));
    expect([challenge, headerValues(challenge, 'WWW-Authenticate').length]).toMatchObject([{ status: 401 }, 2]);
  });
  it('3.1.1.2: a method that nobody knows is 501 with Allow', () => {
    const odd = makeRequest('RE%47IST%45R', 'sip:a@b.example', message('zeromf').headers.filter((h) => h.name !== 'CSeq').map((h) => [h.name, h.value] as const));
    const response = byUserAgent({ ...odd, headers: [...odd.headers, { name: 'CSeq', value: '1 RE%47IST%45R' }] });
    expect(response).toMatchObject({ status: 501 });
    expect(header(response, 'Allow')).toContain('INVITE');
  });
  it('3.3.12 to 3.3.14: a registrar keeps what belongs to the URI, and to the field', () => {
    const kept = (name: string): string | undefined => {
      const r = registrar();
      const m = message(name);
      const challenge = r.register(m, source, ZERO).response;
      expect(challenge.status).toBe(401);
      const { uri } = toField(m);
      r.location.put({ address: 'x', uri, params: [], expires: NEVER, callId: '', sequence: 0, flow: null, connection: 0, q: 1 }, undefined);
      const phone = contacts(m);
      return phone === '*' ? undefined : phone.map((c) => formatUri(c.uri)).join();
    };
    expect(kept('cparam01')).toBe('sip:+19725552222@gw1.example.net');
    expect(kept('cparam02')).toBe('sip:+19725552222@gw1.example.net;unknownparam');
    expect(kept('regescrt')).toBe('sip:user@example.com?Route=%3Csip:sip.example.com%3E');
  });
  it('3.4.1: an INVITE of RFC 2543 is taken', () => {
    const m = message('inv2543');
    expect(bodyText(m)).toContain('m=audio');
    const wire = new Wire();
    const phone = new Phone(wire, 'userb', 'fe1');
    const out: UaOut[] = [];
    phone.ua.handle({ kind: 'received', message: m, source }, ZERO, out);
    expect(out.map((o) => o.kind)).toEqual(['incoming']);
    expect(makeResponse(m, 200, { toTag: 't' }).headers.map((h) => h.name)).toContain('Record-Route');
  });
});
