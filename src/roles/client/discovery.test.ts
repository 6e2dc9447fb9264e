import { describe, expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import type { DnsRecord, Host } from '../../host/host.js';
import { TestHost, Wire } from '../media/hosts.testkit.js';
import { signInServers } from './discovery.js';

const DOMAIN = 'contoso.example';

/** A host whose names are those; it takes down what it is asked. */
class Named extends TestHost {
  readonly asked: string[] = [];
  readonly #records: Readonly<Record<string, readonly DnsRecord[] | LabError>>;

  constructor(records: Readonly<Record<string, readonly DnsRecord[] | LabError>>) {
    super(new Wire(), 'alice', ['192.0.2.1']);
    this.#records = records;
  }

  override readonly resolve: Host['resolve'] = (name, type) => {
    this.asked.push(`${type} ${name.replace(`.${DOMAIN}`, '')}`);
    const found = this.#records[name.replace(`.${DOMAIN}`, '')];
    if (found === undefined) return Promise.reject(new LabError('DNS_NXDOMAIN', name));
    return found instanceof LabError ? Promise.reject(found) : Promise.resolve(found);
  };
}

const A: DnsRecord = { type: 'A', address: '192.0.2.9', ttl: 60 };
const srv = (priority: number, weight: number, target: string): DnsRecord => ({ type: 'SRV', priority, weight, port: 5061, target, ttl: 60 });

async function found(host: Named): Promise<string[]> {
  const servers: string[] = [];
  for await (const { name, port, via } of signInServers(host, DOMAIN)) servers.push(`${name}:${port} by ${via}`);
  return servers;
}

describe('finding the sign-in server', () => {
  it('asks in the documented order, internal before external', async () => {
    const host = new Named({});
    expect(await found(host)).toEqual([]);
    expect(host.asked).toEqual([
      'A lyncdiscoverinternal',
      'A lyncdiscover',
      'SRV _sipinternaltls._tcp',
      'SRV _sip._tls',
      'A sipinternal',
      'A sip',
      'A sipexternal',
    ]);
  });

  it('yields what exists, each with what led there; names behind it are not asked before their turn', async () => {
    const host = new Named({ sip: [A], sipexternal: [A], '_sip._tls': [srv(0, 0, 'pool.contoso.example')] });
    const servers = signInServers(host, DOMAIN);
    expect((await servers.next()).value).toEqual({ name: 'pool.contoso.example', port: 5061, via: 'SRV _sip._tls.contoso.example' });
    expect(host.asked.at(-1)).toBe('SRV _sip._tls');
    expect(await found(new Named({ sip: [A], sipexternal: [A] }))).toEqual([
      'sip.contoso.example:5061 by A sip.contoso.example',
      'sipexternal.contoso.example:443 by A sipexternal.contoso.example',
    ]);
  });

  it('of several services the one of lowest priority first, among equals the heavier (RFC 2782)', async () => {
    const host = new Named({ '_sipinternaltls._tcp': [srv(2, 9, 'late'), srv(1, 1, 'light'), srv(1, 5, 'heavy')] });
    expect((await found(host)).map((one) => one.split(':')[0])).toEqual(['heavy', 'light', 'late']);
  });

  it('a DNS server that does not answer ends the search with its error', async () => {
    await expect(found(new Named({ lyncdiscover: new LabError('DNS_TIMEOUT', 'silence') }))).rejects.toMatchObject({ code: 'DNS_TIMEOUT' });
  });
});
