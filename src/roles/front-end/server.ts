/**
 * The front end role: TLS on all its addresses, a registrar for the users who are homed here, a stateful proxy for
 * everything else.
 * @module
 */
import { Deadline } from '../../host/deadline.js';
import type { Host } from '../../host/host.js';
import { MachineRunner } from '../../host/machine-runner.js';
import { from } from '../../protocol/sip/fields.js';
import { newTag } from '../../protocol/sip/identifiers.js';
import { makeResponse, type SipRequest } from '../../protocol/sip/message.js';
import { Proxy, type ProxyIn, type ProxyOut } from '../../protocol/sip/proxy/proxy.js';
import { Registrar } from '../../protocol/sip/registrar.js';
import type { Source } from '../../protocol/sip/transaction/layer.js';
import { addressOf, formatUri } from '../../protocol/sip/uri.js';
import { serve } from '../commands.js';
import type { RoleContext, RoleServer } from '../role.js';
import { SipTransport } from '../sip/transport.js';
import { Authorization } from './authorization.js';
import { frontEndCommands } from './commands.js';
import { frontEndConfig, type FrontEndConfig } from './config.js';
import { type Door, serverDoor } from './homes.js';
import { Routing } from './routing.js';

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
  readonly #config: FrontEndConfig;
  readonly #transport: SipTransport;
  readonly #registrar: Registrar;
  readonly #runner: MachineRunner<ProxyIn, ProxyOut>;
  readonly #door: Door;
  /** When the next binding runs out. */
  readonly #expiry: Deadline;

  constructor(host: Host, context: RoleContext, config: FrontEndConfig) {
    const { plan, node } = context;
    this.#host = host;
    this.#config = config;
    this.#door = serverDoor(plan, node);
    const routing = new Routing(plan, node, config);
    this.#registrar = new Registrar({
      realm: config.domains[0] ?? node.name,
      rng: host.random,
      originSeconds: host.clock.originSeconds,
      algorithms: config.digest,
      home: (address) => routing.home(address),
    });
    this.#expiry = new Deadline(host, () => {
      this.#expired();
    });
    const authorization = new Authorization(plan, this.#registrar, routing);
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
      isMe: (name, port) => routing.isMe(name, port),
      face: (source) => ({ host: this.#door.host, port: source?.local?.port ?? this.#door.port }),
      route: (request, _source, now) => routing.route(request, this.#registrar.location, now),
      authorize: (request, source, now) => authorization.check(request, source, now),
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
    this.#expiry.close();
    this.#runner.stop();
    this.#transport.close();
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
    this.#expiry.set(this.#registrar.location.deadline);
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

  #expired(): void {
    const now = this.#host.clock.now;
    const { location } = this.#registrar;
    for (const binding of location.purge(now)) {
      if (location.lookup(binding.address, now).length === 0) this.#signedOut(binding.address);
    }
    this.#expiry.set(location.deadline);
  }
}

function userOf(request: SipRequest): string {
  const { uri } = from(request);
  return uri.kind === 'sip' ? addressOf(uri) : formatUri(uri);
}
