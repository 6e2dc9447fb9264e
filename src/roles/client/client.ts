/**
 * The client role: commands in, SIP and media out. What the network refuses is a result of a command.
 * @module
 */
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import { millis, seconds } from '../../base/time.js';
import type { Nanos } from '../../base/time.js';
import type { Deferred, Host } from '../../host/host.js';
import { UserAgent } from '../../protocol/sip/user-agent/user-agent.js';
import type { UaIn, UaOut } from '../../protocol/sip/user-agent/events.js';
import type { PlanUser } from '../../topology/plan.js';
import { g711Formats } from '../../protocol/rtp/g711-payloader.js';
import { Recording } from '../../protocol/rtp/recording.js';
import { Speech } from '../../protocol/rtp/speech.js';
import { MediaSession } from '../media/media-session.js';
import type { Json, RoleContext, RoleServer } from '../role.js';
import { MachineRunner } from '../../host/machine-runner.js';
import { SipTransport } from '../sip/transport.js';
import { ClientCall } from './call.js';
import { signInServers } from './discovery.js';
import type { SignInServer } from './discovery.js';
import { clientConfig } from './config.js';
import type { ClientConfig } from './config.js';

/** Seconds that a registration is asked for. */
const EXPIRES = 600;
/** First and longest wait before signing in again. */
const RECOVER_FIRST = seconds(5);
const RECOVER_LAST = seconds(300);
/** Seconds of speech that are made once and repeated. */
const SPEECH_SECONDS = 10;

export function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const user = context.plan.users.find((candidate) => candidate.node === context.node.name);
  return Promise.resolve(new Client(host, context, user ?? null));
}

type Out<K extends UaOut['kind']> = Extract<UaOut, { kind: K }>;
type SignIn = Out<'registered' | 'register-failed'>;
type Answer = Out<'answered' | 'rejected'>;

class Client implements RoleServer {
  readonly #host: Host;
  readonly #context: RoleContext;
  readonly #config: ClientConfig;
  readonly #user: PlanUser | null;
  readonly #stun: readonly { readonly address: string; readonly port: number }[];
  #transport: SipTransport | null = null;
  #ua: MachineRunner<UaIn, UaOut> | null = null;
  readonly #calls = new Map<number, ClientCall>();
  #recording: Recording | null = null;
  #next = 1;
  #stopped = false;
  // What commands wait for.
  #signingIn: Deferred<SignIn> | null = null;
  #signingOut: Deferred<null> | null = null;
  readonly #answers = new Map<number, Deferred<Answer>>();
  readonly #offers = new Map<number, Deferred<Out<'offer-answered'>>>();
  readonly #requests = new Map<number, Deferred<Out<'request-answered'>>>();
  readonly #endings = new Map<number, Deferred<null>>();

  constructor(host: Host, context: RoleContext, user: PlanUser | null) {
    this.#host = host;
    this.#context = context;
    this.#user = user;
    this.#config = clientConfig.parse(context.node.config);
    this.#stun = stunServers(this.#config, context, host);
  }

  call(command: string, argument: Json): Promise<Json> {
    const fields = (typeof argument === 'object' && argument !== null && !Array.isArray(argument) ? argument : {}) as Readonly<Record<string, Json>>;
    switch (command) {
      case 'sign-in':
        return this.#signIn();
      case 'sign-out':
        return this.#signOut();
      case 'call':
        return this.#invite(text(fields, 'to'));
      case 'hang-up':
        return this.#hangUp();
      case 'mute':
      case 'unmute':
        return this.#mute(command === 'mute');
      case 'message':
        return this.#message(text(fields, 'to'), text(fields, 'text'));
      case 'statistics':
        return Promise.resolve([...this.#calls.values()].flatMap((one) => one.media.stats().map((stats) => ({ peer: one.peer, ...stats }))) as unknown as Json);
      default:
        return Promise.reject(new LabError('ROLE_COMMAND', `a client knows no command "${command}"`));
    }
  }

  stop(): Promise<void> {
    this.#stopped = true;
    for (const one of this.#calls.values()) one.media.stop();
    this.#calls.clear();
    this.#ua?.stop();
    this.#transport?.close();
    return Promise.resolve();
  }

  // ---- sign-in ----

  async #signIn(): Promise<Json> {
    const user = this.#known();
    const domain = user.address.split('@')[1] ?? '';
    let last: LabError | null = null;
    for await (const server of signInServers(this.#host, domain)) {
      this.#host.event('sign-in-server', { user: user.address, server: server.name, port: server.port, via: server.via });
      const outcome = await this.#register(server, user);
      if (outcome.kind === 'registered') return { server: server.name, port: server.port, via: server.via };
      last = new LabError('SIP_REFUSED', `${user.address}: ${server.name} answered ${outcome.status} ${outcome.reason}`);
      // A server that said no speaks for the domain; one that could not be reached does not.
      if (outcome.status !== 408 && outcome.status < 500) break;
    }
    throw last ?? new LabError('DNS_NXDOMAIN', `the DNS names no sign-in server for ${domain}`, { hint: 'give the zone _sipinternaltls._tcp or _sip._tls' });
  }

  async #register(server: SignInServer, user: PlanUser): Promise<SignIn> {
    this.#signingIn = this.#host.deferred<SignIn>(`registration of ${user.address} at ${server.name}`);
    this.#agent(user).input({ kind: 'register', expires: EXPIRES, registrar: { kind: 'target', host: server.name, port: server.port } });
    return this.#signingIn.promise;
  }

  /** Signs in again after a while, and after a longer one each time that it fails (RFC 5626 section 4.5). */
  #recover(wait: Nanos): void {
    if (this.#stopped) return;
    this.#host.after(wait, () => {
      if (!this.#stopped) void this.#signInAgain(wait);
    });
  }

  async #signInAgain(wait: Nanos): Promise<void> {
    try {
      await this.#signIn();
      this.#host.event('signed-in-again', {});
    } catch (error) {
      if (!LabError.is(error)) throw error;
      this.#host.event('sign-in-failed', { code: error.code, says: error.message });
      this.#recover(Math.min(wait * 2, RECOVER_LAST) as Nanos);
    }
  }

  async #signOut(): Promise<Json> {
    this.#signingOut = this.#host.deferred<null>('the end of the registration');
    this.#agent(this.#known()).input({ kind: 'unregister' });
    await this.#signingOut.promise;
    return {};
  }

  /** Errors: ROLE_COMMAND when nobody sits at this node. */
  #known(): PlanUser {
    if (this.#user === null) throw new LabError('ROLE_COMMAND', `no user sits at ${this.#host.name}`, { hint: 'add one under users: in the topology' });
    return this.#user;
  }

  #agent(user: PlanUser): MachineRunner<UaIn, UaOut> {
    if (this.#ua !== null) return this.#ua;
    const address = must(this.#host.addresses[0], 'an address');
    const ua = new UserAgent({
      aor: `sip:${user.address}`,
      credentials: { username: user.address, password: user.password },
      sentBy: address,
      contact: `sip:${user.name}@${address};transport=tls`,
      instance: uuid(this.#host),
      outbound: null,
      rng: this.#host.random,
    });
    const runner = new MachineRunner<UaIn, UaOut>(this.#host, ua, (out) => {
      this.#handle(out);
    });
    this.#transport = new SipTransport(this.#host, {
      received: (message, source) => {
        runner.input({ kind: 'received', message, source });
      },
      failed: (transaction, error) => {
        this.#host.event('transport-failed', { code: error.code, says: error.message });
        runner.input({ kind: 'transport-error', transaction, detail: error.message });
      },
      closed: (connection) => {
        runner.input({ kind: 'connection-closed', connection });
      },
    });
    this.#ua = runner;
    return runner;
  }

  // ---- what the agent says ----

  #handle(out: UaOut): void {
    switch (out.kind) {
      case 'send':
        this.#transport?.send(out);
        return;
      case 'registered':
      case 'register-failed':
        this.#signingIn?.resolve(out);
        this.#signingIn = null;
        return;
      case 'redirected':
        this.#host.event('redirected', { to: out.to.kind === 'target' ? `${out.to.host}:${out.to.port}` : 'connection' });
        return;
      case 'unregistered':
        this.#signingOut?.resolve(null);
        this.#signingOut = null;
        return;
      case 'registration-lost':
        this.#host.event('registration-lost', {});
        this.#recover(RECOVER_FIRST);
        return;
      case 'incoming':
        void this.#incoming(out);
        return;
      case 'progressed':
        this.#context.emit('progressed', { call: out.call, status: out.status });
        return;
      case 'answered':
      case 'rejected':
        settle(this.#answers, out.call, out);
        return;
      case 'offered':
        this.#offered(out);
        return;
      case 'offer-answered':
        settle(this.#offers, out.call, out);
        return;
      case 'confirmed':
        return;
      case 'ended':
        this.#ended(out.call, out.why);
        return;
      case 'request-received':
        this.#received(out);
        return;
      case 'request-answered':
        settle(this.#requests, out.id, out);
    }
  }

  // ---- calls ----

  async #invite(to: string): Promise<Json> {
    const ua = this.#agent(this.#known());
    const call = await this.#open(this.#next++, to, true);
    const answer = this.#host.deferred<Answer>(`an answer of ${to}`);
    this.#answers.set(call.id, answer);
    ua.input({ kind: 'invite', call: call.id, to: `sip:${to}`, content: call.offer() });
    const out = await answer.promise;
    if (out.kind === 'rejected') {
      this.#drop(call);
      return { answered: false, status: out.status, reason: out.reason };
    }
    const result = await call.answered(out.content);
    if (!result.ok) {
      this.#host.event('media-failed', { peer: to, why: result.why });
      ua.input({ kind: 'bye', call: call.id });
      return { answered: false, status: 200, reason: `answered, but no media: ${result.why}` };
    }
    await this.#promote(call, ua);
    this.#host.event('call-answered', { peer: to });
    return { answered: true, status: 200, reason: out.message.kind === 'response' ? out.message.reason : '' };
  }

  /** The last phase of the documented media set-up: a re-INVITE with the pair that ICE chose (RFC 8839 section 4.4.1.2.2). */
  async #promote(call: ClientCall, ua: MachineRunner<UaIn, UaOut>): Promise<void> {
    const answer = this.#host.deferred<Out<'offer-answered'>>(`${call.peer} to agree on the selected pair`);
    this.#offers.set(call.id, answer);
    ua.input({ kind: 'offer', call: call.id, method: 'INVITE', content: call.offer() });
    const out = await answer.promise;
    if (out.status < 300) await call.answered(out.content);
    else this.#host.event('promotion-refused', { peer: call.peer, status: out.status });
  }

  async #incoming(out: Out<'incoming'>): Promise<void> {
    const peer = addressOf(out.from);
    const ua = must(this.#ua, 'a user agent');
    this.#context.emit('incoming', { call: out.call, from: peer });
    ua.input({ kind: 'progress', call: out.call, status: 180 });
    if (this.#config.answer === 'ignore') return;
    await this.#host.sleep(millis(this.#config.ringFor));
    if (this.#config.answer === 'decline') {
      ua.input({ kind: 'reject', call: out.call, status: 603, reason: 'Decline' });
      return;
    }
    const call = await this.#open(out.call, peer, false);
    try {
      const answer = call.answer(out.content);
      if (answer === null) {
        ua.input({ kind: 'reject', call: call.id, status: 488 });
        this.#drop(call);
        return;
      }
      ua.input({ kind: 'answer', call: call.id, content: answer.content });
      const result = await answer.connected;
      if (!result.ok) this.#host.event('media-failed', { peer, why: result.why });
    } catch (error) {
      if (!LabError.is(error)) throw error;
      this.#host.event('offer-refused', { peer, says: error.message });
      ua.input({ kind: 'reject', call: call.id, status: error.code === 'SDP_MALFORMED' ? 400 : 488 });
      this.#drop(call);
    }
  }

  #offered(out: Out<'offered'>): void {
    const call = this.#calls.get(out.call);
    const ua = must(this.#ua, 'a user agent');
    try {
      const answer = call?.answer(out.content) ?? null;
      if (answer === null) ua.input({ kind: 'answer-offer', call: out.call, status: 488 });
      else ua.input({ kind: 'answer-offer', call: out.call, status: 200, content: answer.content });
    } catch (error) {
      if (!LabError.is(error)) throw error;
      this.#host.event('offer-refused', { peer: call?.peer ?? '', says: error.message });
      ua.input({ kind: 'answer-offer', call: out.call, status: 488 });
    }
  }

  async #hangUp(): Promise<Json> {
    const ua = this.#agent(this.#known());
    for (const call of [...this.#calls.values()]) {
      const ended = this.#host.deferred<null>(`the end of the call with ${call.peer}`);
      this.#endings.set(call.id, ended);
      ua.input({ kind: 'bye', call: call.id });
      await ended.promise;
    }
    return {};
  }

  #mute(muted: boolean): Promise<Json> {
    for (const call of this.#calls.values()) call.media.setDirection(muted ? 'recvonly' : 'sendrecv');
    return Promise.resolve({});
  }

  #ended(id: number, why: string): void {
    const call = this.#calls.get(id);
    if (call !== undefined) {
      this.#host.event('call-ended', { peer: call.peer, why });
      this.#drop(call);
    }
    settle(this.#endings, id, null);
  }

  async #open(id: number, peer: string, controlling: boolean): Promise<ClientCall> {
    this.#recording ??= new Recording(new Speech(this.#host.random), SPEECH_SECONDS);
    const voice = this.#recording.play(this.#host.random.below(this.#recording.length));
    const media = await MediaSession.open({
      host: this.#host,
      controlling,
      stunServers: this.#stun,
      rtcpMux: this.#config.rtcpMux,
      settings: { consent: this.#config.consent, keepalive: seconds(this.#config.keepAlive) },
      streams: [{ kind: 'audio', ports: this.#config.audioPorts, formats: g711Formats(voice), packetTime: 20 }],
      ...(!this.#config.srtp && { suite: null }),
    });
    const call = new ClientCall(this.#host, id, peer, media);
    this.#calls.set(id, call);
    return call;
  }

  #drop(call: ClientCall): void {
    call.media.stop();
    this.#calls.delete(call.id);
  }

  // ---- messages ----

  async #message(to: string, words: string): Promise<Json> {
    const id = this.#next++;
    const answer = this.#host.deferred<Out<'request-answered'>>(`${to} to take a message`);
    this.#requests.set(id, answer);
    const content = { type: 'text/plain', bytes: new TextEncoder().encode(words) };
    this.#agent(this.#known()).input({ kind: 'request', id, method: 'MESSAGE', to: `sip:${to}`, content });
    const { status, reason } = await answer.promise;
    return { status, reason };
  }

  #received(out: Out<'request-received'>): void {
    if (out.method !== 'MESSAGE') return;
    const peer = addressOf(out.from);
    this.#host.event('message-received', { peer, bytes: out.content?.bytes.length ?? 0 });
    this.#context.emit('message', { from: peer, text: out.content === null ? '' : new TextDecoder().decode(out.content.bytes) });
  }
}

function settle<T>(waiting: Map<number, Deferred<T>>, id: number, value: T): void {
  waiting.get(id)?.resolve(value);
  waiting.delete(id);
}

/** `alice@contoso.example` of a SIP URI or a header that holds one. */
function addressOf(from: string): string {
  return (/sips?:([^@;>\s]+@[^;>:\s]+)/i.exec(from)?.[1] ?? from).toLowerCase();
}

/** Errors: ROLE_COMMAND. */
function text(fields: Readonly<Record<string, Json>>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new LabError('ROLE_COMMAND', `"${name}" is missing`, { expected: `a text "${name}"` });
  return value;
}

/** RFC 4122 version 4, from the node's own random numbers: names this client to its registrar (RFC 5626 section 4.1). */
function uuid(host: Host): string {
  const bytes = new Uint8Array(16);
  host.random.fill(bytes, 0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Addresses of the STUN server, one per family that this host speaks. */
function stunServers(config: ClientConfig, context: RoleContext, host: Host): readonly { address: string; port: number }[] {
  if (config.stun === undefined) return [];
  const node = context.plan.nodes.find((candidate) => candidate.name === config.stun);
  const all = node === undefined ? [config.stun] : node.interfaces.flatMap((iface) => iface.addresses.map(({ address }) => address));
  const own = new Set(host.addresses.map((address) => address.includes(':')));
  return all.filter((address) => own.has(address.includes(':'))).map((address) => ({ address, port: config.stunPort }));
}
