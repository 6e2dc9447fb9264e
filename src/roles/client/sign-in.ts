/**
 * Signing in: the documented order of servers, the registration at one of them, and a new one when it is lost.
 * @module
 */
import { LabError } from '../../base/error.js';
import { type Nanos, seconds } from '../../base/time.js';
import type { Hop } from '../../protocol/sip/transaction/layer.js';
import { hostPort } from '../../wire/address.js';
import type { Registered } from '../sip/sip-user-agent.js';
import type { Account } from './account.js';
import { type SignInServer, signInServers } from './discovery.js';

/** Seconds that a registration is asked for. */
const EXPIRES = 600;
/** First and longest wait before signing in again. */
const RECOVER_FIRST = seconds(5);
const RECOVER_LAST = seconds(300);

export class SignIn {
  readonly #account: Account;
  #stopped = false;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Tries the servers in order. Errors: SIP_REFUSED, DNS_NXDOMAIN when the DNS names none, DNS_TIMEOUT, DNS_SERVFAIL. */
  async signIn(): Promise<SignInServer> {
    const { host, user } = this.#account;
    const domain = user.address.split('@')[1] ?? '';
    let last: LabError | null = null;
    for await (const server of signInServers(host, domain)) {
      host.event('sign-in-server', { user: user.address, server: server.name, port: server.port, via: server.via });
      const outcome = await this.#account.sip.register(EXPIRES, { kind: 'target', host: server.name, port: server.port });
      if (outcome.kind === 'registered') return server;
      last = new LabError('SIP_REFUSED', `${user.address}: ${server.name} answered ${outcome.status} ${outcome.reason}`);
      if (speaksForDomain(outcome)) break;
    }
    throw last ?? new LabError('DNS_NXDOMAIN', `the DNS names no sign-in server for ${domain}`, { hint: 'give the zone _sipinternaltls._tcp or _sip._tls' });
  }

  /** Errors: SIP_REFUSED. */
  async signOut(): Promise<void> {
    const refused = await this.#account.sip.unregister();
    if (refused?.kind === 'refused') throw new LabError('SIP_REFUSED', `${this.#account.user.address}: sign-out: ${refused.status} ${refused.reason}`);
  }

  /** The registrar sent the client to the home of its user. */
  redirected(to: Hop): void {
    this.#account.host.event('redirected', { to: to.kind === 'target' ? hostPort(to.host, to.port) : 'connection' });
  }

  /**
   * The connection was closed, or the registrar refused to refresh the registration. Signs in again after a while, and after a longer one each time that it fails (RFC 5626
   * section 4.5).
   * @param refused by which final response to a refresh; null: the connection was closed
   */
  lost(refused: { readonly status: number; readonly reason: string } | null): void {
    this.#account.host.event('registration-lost', { ...(refused !== null && { status: refused.status, says: refused.reason }) });
    this.#recover(RECOVER_FIRST);
  }

  stop(): void {
    this.#stopped = true;
  }

  #recover(wait: Nanos): void {
    if (this.#stopped) return;
    this.#account.host.after(wait, () => {
      if (!this.#stopped) void this.#signInAgain(wait);
    });
  }

  async #signInAgain(wait: Nanos): Promise<void> {
    const { host } = this.#account;
    try {
      await this.signIn();
      host.event('signed-in-again', {});
    } catch (error) {
      if (!LabError.is(error)) throw error;
      host.event('sign-in-failed', { code: error.code, says: error.message });
      this.#recover(Math.min(wait * 2, RECOVER_LAST) as Nanos);
    }
  }
}

/** A server that said no speaks for the domain; one that could not be reached, or is out of order, does not. */
function speaksForDomain({ status }: Registered & { kind: 'refused' }): boolean {
  return status !== 408 && status < 500;
}
