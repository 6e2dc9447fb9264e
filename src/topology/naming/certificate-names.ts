/**
 * The names that a node's certificate holds: its own, every DNS name that leads to it, its addresses, and the SIP
 * domains whose services it gives. RFC 5922 section 7.1: a client that looked up a SIP domain wants to find that domain
 * in the certificate, not the host that the SRV record named.
 * @module
 */
import type { PlanZone } from '../plan.js';
import { namesByAddress } from './zone-targets.js';

/** SIP over TLS as RFC 3263 4.1 names it, and the services by which clients and federation partners look for it. */
const SIP_SERVICE = /^_(?:sip|sips|sipinternaltls|sipinternal|sipfederationtls)\._(?:tls|tcp)\.(.+)$/;

export class CertificateNames {
  readonly #byAddress: ReadonlyMap<string, ReadonlySet<string>>;
  /** SIP domains by the target of their services. */
  readonly #domains = new Map<string, Set<string>>();

  constructor(zones: readonly PlanZone[]) {
    this.#byAddress = namesByAddress(zones);
    for (const record of zones.flatMap((z) => z.records)) {
      const domain = SIP_SERVICE.exec(record.name)?.[1];
      if (record.type !== 'SRV' || domain === undefined) continue;
      const known = this.#domains.get(record.data.target) ?? new Set();
      this.#domains.set(record.data.target, known.add(domain));
    }
  }

  /** The node's name, then DNS names and SIP domains in sorted order, then addresses. */
  of(node: string, addresses: readonly string[]): readonly string[] {
    const names = new Set(addresses.flatMap((a) => [...(this.#byAddress.get(a) ?? [])]));
    for (const name of [...names]) for (const domain of this.#domains.get(name) ?? []) names.add(domain);
    names.delete(node);
    return [node, ...[...names].sort(), ...addresses];
  }
}
