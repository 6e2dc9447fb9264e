/**
 * Whose requests a front end takes. Users are known by the connection that they signed in on, servers by certificate or
 * address; others are challenged (RFC 3261 section 22.3).
 * @module
 */
import type { Nanos } from '../../base/time.js';
import { from, toTag } from '../../protocol/sip/fields.js';
import type { SipRequest } from '../../protocol/sip/message.js';
import type { Decision } from '../../protocol/sip/proxy/proxy.js';
import type { Registrar } from '../../protocol/sip/registrar.js';
import type { Source } from '../../protocol/sip/transaction/layer.js';
import { addressOf } from '../../protocol/sip/uri.js';
import type { Plan } from '../../topology/plan.js';
import type { Routing } from './routing.js';

type Refusal = Decision & { kind: 'respond' };

export class Authorization {
  readonly #registrar: Registrar;
  readonly #routing: Routing;
  /** Addresses of servers that are nobody's phone, whose requests were authenticated before. */
  readonly #servers: ReadonlySet<string>;
  /** Names of those that home users, which a peer proves by its certificate: behind a translator its address says nothing. */
  readonly #peers: ReadonlySet<string>;

  constructor(plan: Plan, registrar: Registrar, routing: Routing) {
    this.#registrar = registrar;
    this.#routing = routing;
    const seats = new Set(plan.users.map((user) => user.node));
    const servers = plan.nodes.filter((one) => one.traits.is === 'server' && !seats.has(one.name));
    this.#servers = new Set(servers.flatMap((one) => one.interfaces.flatMap((iface) => iface.addresses.map(({ address }) => address))));
    this.#peers = new Set(plan.nodes.filter((one) => one.traits.homes === true).flatMap((one) => one.certificateNames));
  }

  /** Null: the request may go on. */
  check(request: SipRequest, source: Source, now: Nanos): Refusal | null {
    const proved = source.names?.some((name) => this.#peers.has(name)) ?? false;
    // REGISTER is the registrar's to authenticate.
    if (request.method === 'REGISTER' || proved || this.#servers.has(source.address)) return null;
    const signedIn = this.#registrar.location.usersOf(source.connection);
    if (signedIn.length > 0 && toTag(request) !== '') return null;
    const { uri } = from(request);
    const address = uri.kind === 'sip' ? addressOf(uri) : '';
    return signedIn.includes(address) ? null : this.#challenge(request, address, now);
  }

  #challenge(request: SipRequest, address: string, now: Nanos): Refusal | null {
    const home = this.#routing.home(address);
    if (home.kind !== 'here') return { kind: 'respond', status: 403, reason: 'not signed in here' };
    const verdict = this.#registrar.authenticate(request, 'Proxy-Authorization', address, home.password, now);
    if (verdict === 'ok') return null;
    if (verdict === 'wrong') return { kind: 'respond', status: 403 };
    const challenges = this.#registrar.digest.challenge(now, verdict === 'stale');
    return { kind: 'respond', status: 407, headers: challenges.map((challenge) => ['Proxy-Authenticate', challenge] as const) };
  }
}
