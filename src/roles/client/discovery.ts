/**
 * How a client finds its sign-in server (Skype for Business: "Advanced Edge Server DNS planning"): names in a fixed
 * order, internal before external; an autodiscover answer, then SRV, then plain names.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { DnsRecord, DnsType, Host } from '../../host/host.js';

export interface SignInServer {
  /** Host name: the one in the certificate. */
  readonly name: string;
  readonly port: number;
  /** What led here: `SRV _sip._tls.contoso.example`, `A sip.contoso.example`. */
  readonly via: string;
}

const SIP_TLS_PORT = 5061;
const EDGE_PORT = 443;

/** One thing to ask, in order. An autodiscover name is an HTTPS service; only its presence is of interest here. */
interface Probe {
  readonly kind: 'autodiscover' | 'srv' | 'name';
  readonly name: string;
  readonly port: number;
}

/** The documented order for a SIP domain. */
export function discoveryOrder(domain: string): readonly Probe[] {
  return [
    { kind: 'autodiscover', name: `lyncdiscoverinternal.${domain}`, port: EDGE_PORT },
    { kind: 'autodiscover', name: `lyncdiscover.${domain}`, port: EDGE_PORT },
    { kind: 'srv', name: `_sipinternaltls._tcp.${domain}`, port: 0 },
    { kind: 'srv', name: `_sip._tls.${domain}`, port: 0 },
    { kind: 'name', name: `sipinternal.${domain}`, port: SIP_TLS_PORT },
    { kind: 'name', name: `sip.${domain}`, port: SIP_TLS_PORT },
    { kind: 'name', name: `sipexternal.${domain}`, port: EDGE_PORT },
  ];
}

/**
 * Walks the order, yielding servers to try. Each name is asked of the DNS only when it is its turn. A name that does
 * not exist is the usual case; a DNS server that does not answer ends the walk with its error.
 */
export async function* signInServers(host: Host, domain: string): AsyncGenerator<SignInServer> {
  for (const probe of discoveryOrder(domain)) {
    if (probe.kind !== 'srv') {
      if (!(await exists(host, probe.name))) continue;
      if (probe.kind === 'autodiscover') host.event('autodiscover', { name: probe.name, says: 'the name exists; sign-in goes on by SRV' });
      else yield { name: probe.name, port: probe.port, via: `A ${probe.name}` };
      continue;
    }
    const services = (await ask(host, probe.name, 'SRV')).flatMap((record) => (record.type === 'SRV' ? [record] : []));
    // RFC 2782: lowest priority first; among equals the heavier one.
    services.sort((a, b) => a.priority - b.priority || b.weight - a.weight);
    for (const { target, port } of services) yield { name: target, port, via: `SRV ${probe.name}` };
  }
}

async function exists(host: Host, name: string): Promise<boolean> {
  return (await ask(host, name, 'A')).length > 0;
}

/** The records, none when there is no such name. Errors: DNS_TIMEOUT, DNS_SERVFAIL. */
async function ask(host: Host, name: string, type: DnsType): Promise<readonly DnsRecord[]> {
  try {
    return await host.resolve(name, type);
  } catch (error) {
    if (LabError.is(error) && error.code === 'DNS_NXDOMAIN') return [];
    throw error;
  }
}
