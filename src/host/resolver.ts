/**
 * The stub resolver behind `Host.resolve`: real packets to the node's DNS servers, a cache by TTL.
 * Serves every substrate, since it stands on the Host port itself.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { plus, seconds } from '../base/time.js';
import { StubQuery } from '../protocol/dns/stub-query.js';
import type { StubOut } from '../protocol/dns/stub-query.js';
import type { DnsAnswer } from '../protocol/dns/message.js';
import { Deadline } from './deadline.js';
import type { DnsRecord, DnsType, Endpoint, Host, Lookup } from './host.js';
import { familyOf } from '../wire/address.js';

type ResolverHost = Pick<Host, 'name' | 'clock' | 'random' | 'addresses' | 'endpoint' | 'udp' | 'after' | 'cancel' | 'deferred'>;

const DNS_PORT = 53;

export class StubResolver {
  readonly #host: ResolverHost;
  readonly #servers: readonly Endpoint[];
  readonly #cache = new Map<string, { until: Nanos; records: readonly DnsRecord[] }>();

  /** @param servers addresses, in the order in which they are asked */
  constructor(host: ResolverHost, servers: readonly string[]) {
    this.#host = host;
    this.#servers = servers.map((address) => host.endpoint(address, DNS_PORT));
  }

  /** Errors: DNS_NXDOMAIN, DNS_TIMEOUT, DNS_SERVFAIL. */
  async resolve(name: string, type: DnsType, lookup?: Lookup): Promise<readonly DnsRecord[]> {
    const key = `${type} ${name.toLowerCase()}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.until > this.#host.clock.now) return cached.records;
    const answer = await this.#ask(name, type, lookup);
    if (answer.kind === 'timeout') {
      throw new LabError('DNS_TIMEOUT', `${this.#host.name}: no DNS server answered for ${type} ${name}`, {
        hint: this.#servers.length === 0 ? 'give the node resolvers' : 'see which packet was lost: callpath where CAPTURE "dns"',
      });
    }
    if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NXDOMAIN') {
      throw new LabError('DNS_SERVFAIL', `${this.#host.name}: DNS answered ${answer.rcode} for ${type} ${name}`);
    }
    const records = answer.answers.map(toRecord);
    if (!records.some((record) => record.type === type)) {
      throw new LabError('DNS_NXDOMAIN', `${this.#host.name}: no ${type} record for ${name}`);
    }
    const ttl = Math.min(...records.map((record) => record.ttl));
    this.#cache.set(key, { until: plus(this.#host.clock.now, seconds(ttl)), records });
    return records;
  }

  async #ask(name: string, type: DnsType, lookup?: Lookup): Promise<Exclude<StubOut, { kind: 'send' }>> {
    const host = this.#host;
    const result = host.deferred<Exclude<StubOut, { kind: 'send' }>>(`DNS answer for ${type} ${name}`);
    const query = new StubQuery({ id: host.random.below(65536), name, type, servers: this.#servers.length });
    const out: StubOut[] = [];
    const indexOf = (from: Endpoint): number => this.#servers.indexOf(from);
    // RFC 5452: a fresh port for each question.
    const sockets = new Map<4 | 6, Awaited<ReturnType<ResolverHost['udp']>>>();
    for (const family of new Set(this.#servers.map((server) => server.family))) {
      const address = host.addresses.find((text) => familyOf(text) === family);
      if (address === undefined) continue;
      const socket = await host.udp({ address, port: 0 }, (buf, off, len, from, cause) => {
        const server = indexOf(from);
        if (server < 0) return;
        query.handle({ kind: 'datagram', server, bytes: buf.slice(off, off + len) }, host.clock.now, out);
        if (out.some(({ kind }) => kind !== 'send')) lookup?.answered(cause);
        act();
      });
      socket.onError = (_error, to) => {
        query.handle({ kind: 'unreachable', server: indexOf(to) }, host.clock.now, out);
        act();
      };
      sockets.set(family, socket);
    }
    const act = (): void => {
      for (const action of out.splice(0)) {
        if (action.kind !== 'send') {
          result.resolve(action);
          continue;
        }
        const server = this.#servers[action.server];
        if (server !== undefined) sockets.get(server.family)?.send(action.bytes, 0, action.bytes.length, server, lookup?.because);
      }
      deadline.set(query.deadline);
    };
    const deadline = new Deadline(host, () => {
      query.tick(host.clock.now, out);
      act();
    });
    query.start(host.clock.now, out);
    act();
    try {
      return await result.promise;
    } finally {
      for (const socket of sockets.values()) socket.close();
    }
  }
}

function toRecord(answer: DnsAnswer): DnsRecord {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return { type: answer.type, address: answer.address, ttl: answer.ttl };
    case 'CNAME':
      return { type: 'CNAME', target: answer.target, ttl: answer.ttl };
    case 'SRV':
      return { type: 'SRV', priority: answer.priority, weight: answer.weight, port: answer.port, target: answer.target, ttl: answer.ttl };
  }
}
