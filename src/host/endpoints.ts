/**
 * Endpoints interned per host, so that roles compare by `===`.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Endpoint } from './host.js';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../wire/address.js';

/** Canonical text of an IP address, `undefined` when it is none. */
export function canonicalAddress(text: string): { readonly family: 4 | 6; readonly address: string } | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { family: 4, address: formatIpv4(v4) };
  const v6 = parseIpv6(text);
  return v6 === undefined ? undefined : { family: 6, address: formatIpv6(v6) };
}

export class EndpointTable {
  readonly #byText = new Map<string, Endpoint>();
  /** By port, then by the lab's number of the address: no string on the way of a datagram. */
  readonly #byNumber = new Map<number, Map<number, Endpoint>>();
  #next = 1;

  /** Errors: NET_UNREACHABLE for what is no IP address. */
  of(address: string, port: number): Endpoint {
    const key = `${port} ${address}`;
    const known = this.#byText.get(key);
    if (known !== undefined) return known;
    const canonical = canonicalAddress(address);
    if (canonical === undefined) throw new LabError('NET_UNREACHABLE', `"${address}" is no IP address`);
    const same = this.#byText.get(`${port} ${canonical.address}`);
    const endpoint = same ?? { ...canonical, port, key: this.#next++ };
    this.#byText.set(`${port} ${canonical.address}`, endpoint);
    this.#byText.set(key, endpoint);
    return endpoint;
  }

  /** hot. The endpoint of a numbered address; `text` is asked only the first time. */
  ofNumber(addr: number, port: number, text: (addr: number) => string): Endpoint {
    let ports = this.#byNumber.get(addr);
    if (ports === undefined) {
      ports = new Map();
      this.#byNumber.set(addr, ports);
    }
    let endpoint = ports.get(port);
    if (endpoint === undefined) {
      endpoint = this.of(text(addr), port);
      ports.set(port, endpoint);
    }
    return endpoint;
  }
}
