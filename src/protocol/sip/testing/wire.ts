/**
 * User agents, proxies and registrars talking octets to each other over pipes with a delay: no sockets, no promises.
 * For tests.
 * @module
 */
import { randomRoot, type Rng } from '../../../base/rng.js';
import { millis, NEVER, seconds, ZERO, type Nanos } from '../../../base/time.js';
import { emitMessage } from '../emitter.js';
import { header, textBody, type SipMessage, type SipRequest } from '../message.js';
import { parseMessage } from '../parser.js';
import { Proxy, type Decision, type ProxyOut } from '../proxy/proxy.js';
import { Registrar, type Home } from '../registrar.js';
import type { Hop, Send, Source } from '../transaction/layer.js';
import { addressOf, formatUri, parseUri } from '../uri.js';
import { FIRST_INCOMING, type UaIn, type UaOut } from '../user-agent/events.js';
import { UserAgent } from '../user-agent/user-agent.js';

const DELAY = millis(10);

export interface Node {
  readonly name: string;
  received(message: SipMessage, source: Source): void;
  failed(transaction: string, detail: string): void;
  closed(connection: number): void;
  deadline(): Nanos;
  tick(): void;
}

/** Pipes between named nodes; one connection per pair and direction, as a shell keeps them. */
export class Wire {
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
    const source: Source = {
      connection,
      address: '10.0.0.1',
      port: 40000 + connection,
      local: pipe.b === to.name ? { address: '10.0.0.2', port: 5061 } : null,
    };
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

export class Phone implements Node {
  readonly events: Exclude<UaOut, Send>[] = [];
  readonly ua: UserAgent;
  readonly name: string;
  readonly wire: Wire;
  onEvent: (event: Exclude<UaOut, Send>) => void = () => undefined;

  constructor(wire: Wire, name: string, home: string, password = 'secret', domain = 'contoso.example', listens = false) {
    this.wire = wire;
    this.name = name;
    this.ua = new UserAgent({
      aor: `sip:${name}@${domain}`,
      displayName: name,
      credentials: { username: name, password },
      sentBy: '10.0.1.5',
      contact: `sip:${name}@${name}.phones.example:5061;transport=tls`,
      instance: listens ? null : `urn:uuid:00000000-0000-4000-8000-${name.padEnd(12, '0')}`,
      outbound: listens ? null : { kind: 'target', host: `${home}.contoso.example`, port: 5061 },
      rng: randomRoot(7).stream(`node:${name}:sip`),
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

export class Server implements Node {
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
    this.proxy = new Proxy({
      rng,
      isMe: (h) => h === host,
      face: () => ({ host, port: 5061 }),
      route: (request, _source, now) => this.routeBy?.(request) ?? this.#route(request, now),
    });
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

export const offer = { type: 'application/sdp', bytes: textBody('v=0 offer\r\n') };
export const answer = { type: 'application/sdp', bytes: textBody('v=0 answer\r\n') };
export const here: Home = { kind: 'here', password: 'secret' };

/** Two phones on one front end, signed in. */
export function pair(): { wire: Wire; fe: Server; alice: Phone; bob: Phone } {
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
export function call(): ReturnType<typeof pair> {
  const lab = pair();
  lab.alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
  lab.wire.run(millis(100));
  lab.bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
  lab.wire.run(millis(100));
  return lab;
}
