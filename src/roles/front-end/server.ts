/**
 * The front end role: TLS on all its addresses, a registrar for the users who are homed here, a stateful proxy for
 * everything else.
 * @module
 */
import type { TimerId } from '../../base/brand.js';
import { nanos, NEVER, type Nanos } from '../../base/time.js';
import type { Host } from '../../host/host.js';
import { from, toTag } from '../../protocol/sip/fields.js';
import { newTag } from '../../protocol/sip/identifiers.js';
import { makeResponse, type SipRequest } from '../../protocol/sip/message.js';
import { Proxy, type Decision, type ProxyIn, type ProxyOut } from '../../protocol/sip/proxy/proxy.js';
import { Registrar, type Home } from '../../protocol/sip/registrar.js';
import type { Source } from '../../protocol/sip/transaction/layer.js';
import { addressOf, formatUri, parseUri } from '../../protocol/sip/uri.js';
import type { PlanNode, PlanUser } from '../../topology/plan.js';
import { serve } from '../commands.js';
import type { RoleContext, RoleServer } from '../role.js';
import { MachineRunner } from '../../host/machine-runner.js';
import { SipTransport } from '../sip/transport.js';
import { frontEndCommands } from './commands.js';
import { frontEndConfig, type FrontEndConfig } from './config.js';
import { clientDoor, namesOf, serverDoor, type Door } from './homes.js';

const METHODS = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, MESSAGE, INFO, SERVICE';

export async function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const server = new FrontEnd(host, context, frontEndConfig.parse(context.node.config));
  await server.listen();
  return {
    ...serve(host.name, frontEndCommands, { users: () => [...server.users] }),
    stop: () => {
      server.stop();
      return Promise.resolve();
    },
  };
}

class FrontEnd {
  /** Signed in here. */
  readonly users = new Set<string>();
  readonly #host: Host;
  readonly #context: RoleContext;
  readonly #config: FrontEndConfig;
  readonly #transport: SipTransport;
  readonly #registrar: Registrar;
  readonly #runner: MachineRunner<ProxyIn, ProxyOut>;
  readonly #door: Door;
  readonly #names: ReadonlySet<string>;
  /** Addresses of nodes that are no clients and nobody's phone: other servers, whose requests were authenticated before. */
  readonly #servers: ReadonlySet<string>;
  /** Names of front ends, which a peer proves by its certificate: behind a translator its address says nothing. */
  readonly #peers: ReadonlySet<string>;
  readonly #homes: ReadonlyMap<string, PlanUser>;
  #expiry: TimerId | null = null;
  #booked: Nanos = NEVER;

  constructor(host: Host, context: RoleContext, config: FrontEndConfig) {
    const { plan, node } = context;
    this.#host = host;
    this.#context = context;
    this.#config = config;
    this.#door = serverDoor(plan, node);
    this.#names = new Set([...namesOf(plan, node), ...host.addresses.map((a) => (a.includes(':') ? `[${a}]` : a)), ...host.addresses]);
    const seats = new Set(plan.users.map((user) => user.node));
    const servers = plan.nodes.filter((n) => n.kind !== 'client' && !n.forwards && !seats.has(n.name));
    this.#servers = new Set(servers.flatMap((n) => n.interfaces.flatMap((i) => i.addresses.map((a) => a.address))));
    this.#peers = new Set(plan.nodes.filter((n) => n.kind === node.kind).flatMap((n) => n.certificateNames));
    this.#homes = new Map(plan.users.map((user) => [user.address.toLowerCase(), user]));
    this.#registrar = new Registrar({
      realm: config.domains[0] ?? node.name,
      rng: host.random,
      algorithms: config.digest,
      home: (address) => this.#home(address),
    });
    this.#transport = new SipTransport(
      host,
      {
        received: (message, source) => {
          this.#runner.input({ kind: 'received', message, source });
        },
        failed: (transaction, error) => {
          this.#runner.input({ kind: 'transport-error', transaction, detail: error.message });
        },
        closed: (connection) => {
          this.#closed(connection);
        },
      },
      { mutual: true },
    );
    const proxy = new Proxy({
      rng: host.random,
      isMe: (name, port) => this.#names.has(name.toLowerCase()) && (port === null || config.ports.includes(port)),
      face: (source) => ({ host: this.#door.host, port: source?.local?.port ?? this.#door.port }),
      route: (request, source, now) => this.#route(request, source, now),
      authorize: (request, source, now) => this.#authorize(request, source, now),
    });
    this.#runner = new MachineRunner(host, proxy, (out) => {
      if (out.kind === 'send') this.#transport.send(out);
      else this.#local(out);
    });
  }

  async listen(): Promise<void> {
    for (const address of this.#host.addresses) for (const port of this.#config.ports) await this.#transport.listen(address, port);
  }

  stop(): void {
    if (this.#expiry !== null) this.#host.cancel(this.#expiry);
    this.#runner.stop();
    this.#transport.close();
  }

  #nodeOf(name: string): PlanNode | undefined {
    return this.#context.plan.nodes.find((node) => node.name === name);
  }

  #home(address: string): Home {
    const user = this.#homes.get(address);
    if (user === undefined) return { kind: 'unknown' };
    if (user.home === this.#host.name) return { kind: 'here', password: user.password };
    const home = this.#nodeOf(user.home);
    if (home === undefined) return { kind: 'unknown' };
    const { host, port } = clientDoor(this.#context.plan, home);
    return { kind: 'elsewhere', contact: `sip:${host.includes(':') ? `[${host}]` : host}:${port};transport=tls` };
  }

  // ---- the proxy's questions

  #route(request: SipRequest, _source: Source, now: Nanos): Decision {
    const uri = parseUri(request.uri);
    if (uri?.kind !== 'sip') return { kind: 'respond', status: 416 };
    const domain = uri.host.toLowerCase();
    const mine = this.#config.domains.includes(domain);
    if (request.method === 'REGISTER')
      return mine || this.#names.has(domain) ? { kind: 'local' } : { kind: 'respond', status: 403, reason: `${domain} is not served here` };
    const user = this.#homes.get(addressOf(uri));
    if (user !== undefined) return this.#toUser(user, now);
    if (uri.user === null && (mine || this.#names.has(domain))) return { kind: 'local' };
    if (mine || this.#names.has(domain)) return { kind: 'respond', status: 404 };
    // A server that a dialog or a conference is at, by its name or address; other domains are not ours to find.
    const known = this.#context.plan.nodes.some(
      (n) => n.certificateNames.includes(domain) || n.interfaces.some((i) => i.addresses.some((a) => a.address === domain)),
    );
    return known ? { kind: 'forward', targets: [{ uri: null, hop: null }] } : { kind: 'respond', status: 404, reason: `no way to ${domain} is known` };
  }

  #toUser(user: PlanUser, now: Nanos): Decision {
    if (user.home === this.#host.name) {
      const bindings = this.#registrar.location.lookup(user.address.toLowerCase(), now);
      return { kind: 'forward', targets: bindings.map((b) => ({ uri: formatUri(b.uri), hop: { kind: 'connection', connection: b.connection } })) };
    }
    const home = this.#nodeOf(user.home);
    if (home === undefined) return { kind: 'respond', status: 404 };
    return { kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', ...serverDoor(this.#context.plan, home) } }] };
  }

  /** Users are known by the connection that they signed in on, servers by certificate or address; others are challenged. */
  #authorize(request: SipRequest, source: Source, now: Nanos): (Decision & { kind: 'respond' }) | null {
    const proved = source.names?.some((name) => this.#peers.has(name)) ?? false;
    if (request.method === 'REGISTER' || proved || this.#servers.has(source.address)) return null;
    const signedIn = this.#registrar.location.usersOf(source.connection);
    if (signedIn.length > 0 && toTag(request) !== '') return null;
    const { uri } = from(request);
    const address = uri.kind === 'sip' ? addressOf(uri) : '';
    if (signedIn.includes(address)) return null;
    const home = this.#home(address);
    if (home.kind !== 'here') return { kind: 'respond', status: 403, reason: 'not signed in here' };
    const verdict = this.#registrar.authenticate(request, 'Proxy-Authorization', address, home.password, now);
    if (verdict === 'ok') return null;
    if (verdict === 'wrong') return { kind: 'respond', status: 403 };
    return { kind: 'respond', status: 407, headers: this.#registrar.digest.challenge(now, verdict === 'stale').map((c) => ['Proxy-Authenticate', c] as const) };
  }

  // ---- what the front end answers itself

  #local(out: ProxyOut & { kind: 'local' }): void {
    const { request, transaction, source } = out;
    if (request.method === 'REGISTER') {
      this.#register(request, transaction, source);
      return;
    }
    const toTag = newTag(this.#host.random);
    const response =
      request.method === 'OPTIONS'
        ? makeResponse(request, 200, { toTag, headers: [['Allow', METHODS]] })
        : makeResponse(request, 405, { toTag, headers: [['Allow', 'OPTIONS, REGISTER']] });
    this.#runner.input({ kind: 'respond', transaction, response });
  }

  #register(request: SipRequest, transaction: string, source: Source): void {
    const { response, changed } = this.#registrar.register(request, source, this.#host.clock.now);
    this.#runner.input({ kind: 'respond', transaction, response });
    if (response.status === 301)
      this.#host.event('redirected', { user: userOf(request), from: source.address, to: response.headers.find((h) => h.name === 'Contact')?.value ?? '' });
    if (changed !== null && changed.bound && !this.users.has(changed.address)) {
      this.users.add(changed.address);
      this.#host.event('signed-in', { user: changed.address, home: this.#host.name, from: source.address });
    } else if (changed !== null && !changed.bound) this.#signedOut(changed.address);
    this.#bookExpiry();
  }

  #closed(connection: number): void {
    const now = this.#host.clock.now;
    for (const address of this.#registrar.location.dropConnection(connection)) {
      if (this.#registrar.location.lookup(address, now).length === 0) this.#signedOut(address);
    }
    this.#runner.input({ kind: 'connection-closed', connection });
  }

  #signedOut(address: string): void {
    if (this.users.delete(address)) this.#host.event('signed-out', { user: address, home: this.#host.name });
  }

  #bookExpiry(): void {
    const { deadline } = this.#registrar.location;
    if (deadline === this.#booked) return;
    if (this.#expiry !== null) this.#host.cancel(this.#expiry);
    this.#expiry = null;
    this.#booked = deadline;
    if (deadline === NEVER) return;
    const left = deadline - this.#host.clock.now;
    this.#expiry = this.#host.after(nanos(left > 0 ? left : 0), () => {
      this.#expiry = null;
      this.#booked = NEVER;
      const now = this.#host.clock.now;
      for (const binding of this.#registrar.location.purge(now)) {
        if (this.#registrar.location.lookup(binding.address, now).length === 0) this.#signedOut(binding.address);
      }
      this.#bookExpiry();
    });
  }
}

function userOf(request: SipRequest): string {
  const { uri } = from(request);
  return uri.kind === 'sip' ? addressOf(uri) : formatUri(uri);
}
