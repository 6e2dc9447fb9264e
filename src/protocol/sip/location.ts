/**
 * The location service (RFC 3261 section 10): bindings of addresses of record to contacts, and to the connections
 * that they registered on (RFC 5626: clients do not listen).
 * @module
 */
import { NEVER, type Nanos } from '../../base/time.js';
import type { Params } from './syntax.js';
import { sameUri, type Uri } from './uri.js';

export interface Binding {
  /** `alice@contoso.example`. */
  readonly address: string;
  readonly uri: Uri;
  /** Of the Contact, without `expires`. */
  readonly params: Params;
  readonly expires: Nanos;
  readonly callId: string;
  readonly sequence: number;
  /** `+sip.instance` and `reg-id`, when both are there. */
  readonly flow: string | null;
  readonly connection: number;
  /** 0 to 1. */
  readonly q: number;
}

export class Location {
  readonly #bindings = new Map<string, Binding[]>();

  /** Bindings that have not expired, best q first, else in order of registration. */
  lookup(address: string, now: Nanos): readonly Binding[] {
    return (this.#bindings.get(address) ?? []).filter((b) => b.expires > now).sort((a, b) => b.q - a.q);
  }

  /** The binding that a contact would replace (section 10.3 step 7, RFC 5626 section 6). */
  find(address: string, uri: Uri, flow: string | null, now: Nanos): Binding | undefined {
    return this.lookup(address, now).find((b) => (flow !== null && b.flow !== null ? b.flow === flow : sameUri(b.uri, uri)));
  }

  put(binding: Binding, replaces: Binding | undefined): void {
    const list = this.#bindings.get(binding.address) ?? [];
    const at = replaces === undefined ? -1 : list.indexOf(replaces);
    this.#bindings.set(binding.address, at < 0 ? [...list, binding] : list.map((b, i) => (i === at ? binding : b)));
  }

  remove(binding: Binding): void {
    const left = (this.#bindings.get(binding.address) ?? []).filter((b) => b !== binding);
    if (left.length === 0) this.#bindings.delete(binding.address);
    else this.#bindings.set(binding.address, left);
  }

  /** Users whose bindings went with a connection. */
  dropConnection(connection: number): string[] {
    const gone: string[] = [];
    for (const binding of [...this.#bindings.values()].flat()) {
      if (binding.connection !== connection) continue;
      this.remove(binding);
      gone.push(binding.address);
    }
    return gone;
  }

  /** Takes away what has expired, gives it back. */
  purge(now: Nanos): Binding[] {
    const expired = [...this.#bindings.values()].flat().filter((b) => b.expires <= now);
    for (const binding of expired) this.remove(binding);
    return expired;
  }

  /** When the first binding expires. */
  get deadline(): Nanos {
    let first: Nanos = NEVER;
    for (const list of this.#bindings.values()) for (const b of list) if (b.expires < first) first = b.expires;
    return first;
  }

  /** Addresses of record registered over a connection. */
  usersOf(connection: number): string[] {
    return [
      ...new Set(
        [...this.#bindings.values()]
          .flat()
          .filter((b) => b.connection === connection)
          .map((b) => b.address),
      ),
    ];
  }
}
