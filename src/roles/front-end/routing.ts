/**
 * Where a request goes on from a front end: to a connection of a user who is homed here, to the user's home, to another
 * server of the plan, or to the front end itself.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import type { SipRequest } from '../../protocol/sip/message.js';
import type { Decision } from '../../protocol/sip/proxy/proxy.js';
import type { Home, Registrar } from '../../protocol/sip/registrar.js';
import { hostName } from '../../protocol/sip/syntax.js';
import { addressOf, parseUri, requestUri } from '../../protocol/sip/uri.js';
import type { Plan, PlanNode, PlanUser } from '../../topology/plan.js';
import { hostPort } from '../../wire/address.js';
import type { FrontEndConfig } from './config.js';
import { clientDoor, namesOf, serverDoor } from './homes.js';

export class Routing {
  readonly #plan: Plan;
  readonly #node: PlanNode;
  readonly #config: Pick<FrontEndConfig, 'domains' | 'ports'>;
  /** By which this front end is named in a URI: names of the DNS, and addresses. */
  readonly #names: ReadonlySet<string>;
  readonly #users: ReadonlyMap<string, PlanUser>;

  constructor(plan: Plan, node: PlanNode, config: Pick<FrontEndConfig, 'domains' | 'ports'>) {
    this.#plan = plan;
    this.#node = node;
    this.#config = config;
    this.#names = new Set([...namesOf(plan, node), ...addressesOf(node)]);
    this.#users = new Map(plan.users.map((user) => [user.address.toLowerCase(), user]));
  }

  /** @param port of the URI; null: none is named */
  isMe(name: string, port: number | null): boolean {
    return this.#names.has(hostName(name)) && (port === null || this.#config.ports.includes(port));
  }

  /** Where a user is homed. @param address of record, in small letters */
  home(address: string): Home {
    const user = this.#users.get(address);
    if (user === undefined) return { kind: 'unknown' };
    if (user.home === this.#node.name) return { kind: 'here', password: user.password };
    const home = this.#nodeOf(user.home);
    if (home === undefined) return { kind: 'unknown' };
    const { host, port } = clientDoor(this.#plan, home);
    return { kind: 'elsewhere', contact: `sip:${hostPort(host, port)};transport=tls` };
  }

  /** @param location who is signed in here */
  route(request: SipRequest, location: Registrar['location'], now: Nanos): Decision {
    const uri = parseUri(request.uri);
    if (uri?.kind !== 'sip') return { kind: 'respond', status: 416 };
    const domain = hostName(uri.host);
    const mine = this.#config.domains.includes(domain) || this.#names.has(domain);
    if (request.method === 'REGISTER') return mine ? { kind: 'local' } : { kind: 'respond', status: 403, reason: `${domain} is not served here` };
    const user = this.#users.get(addressOf(uri));
    if (user !== undefined) return this.#toUser(user, location, now);
    if (mine) return uri.user === null ? { kind: 'local' } : { kind: 'respond', status: 404 };
    // A server that a dialog or a conference is at, by its name or address; other domains are not ours to find.
    const known = this.#plan.nodes.some((node) => node.certificateNames.includes(domain) || addressesOf(node).includes(domain));
    return known ? { kind: 'forward', targets: [{ uri: null, hop: null }] } : { kind: 'respond', status: 404, reason: `no way to ${domain} is known` };
  }

  #toUser(user: PlanUser, location: Registrar['location'], now: Nanos): Decision {
    if (user.home === this.#node.name) {
      const bindings = location.lookup(user.address.toLowerCase(), now);
      return { kind: 'forward', targets: bindings.map((b) => ({ uri: requestUri(b.uri), hop: { kind: 'connection', connection: b.connection } })) };
    }
    const home = this.#nodeOf(user.home);
    if (home === undefined) return { kind: 'respond', status: 404 };
    return { kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', ...serverDoor(this.#plan, home) } }] };
  }

  #nodeOf(name: string): PlanNode | undefined {
    return this.#plan.nodes.find((node) => node.name === name);
  }
}

function addressesOf(node: PlanNode): string[] {
  return node.interfaces.flatMap((iface) => iface.addresses.map(({ address }) => address));
}
