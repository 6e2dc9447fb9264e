/**
 * The stub resolver behind `Host.resolve`: real packets to the node's DNS servers, a cache by TTL.
 * Serves every substrate, since it stands on the Host port itself.
 * @module
 */
import { NO_CAUSE } from '../base/brand.js';
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { plus, seconds } from '../base/time.js';
import { typeCode, typeName } from '../protocol/dns/records.js';
import { StubQuery } from '../protocol/dns/stub-query.js';
import type { StubOut } from '../protocol/dns/stub-query.js';
import { DnsFramer, frameDns } from '../protocol/dns/framing.js';
import { canonicalName, decodeDns, type DnsAnswer, type DnsMessage } from '../protocol/dns/message.js';
import { Deadline } from './deadline.js';
import type { DnsRecord, DnsType, Endpoint, Host, Lookup } from './host.js';
import { familyOf } from '../wire/address.js';

type ResolverHost = Pick<Host, 'name' | 'clock' | 'random' | 'addresses' | 'endpoint' | 'udp' | 'connect' | 'after' | 'cancel' | 'deferred'>;

const DNS_PORT = 53;
/** For the connection, and for the answer. */
const TCP_TIMEOUT = seconds(5);

export class StubResolver {
  readonly #host: ResolverHost;
  readonly #servers: readonly Endpoint[];
  readonly #cache = new Map<string, { readonly until: Nanos; readonly message: DnsMessage }>();

  /** @param servers addresses, in the order in which they are asked */
  constructor(host: ResolverHost, servers: readonly string[]) {
    this.#host = host;
    this.#servers = servers.map((address) => host.endpoint(address, DNS_PORT));
  }

  /** Errors: DNS_NXDOMAIN, DNS_TIMEOUT, DNS_SERVFAIL. */
  async resolve(name: string, type: DnsType, lookup?: Lookup): Promise<readonly DnsRecord[]> {
    const { rcode, answers } = await this.query(name, type, lookup);
    if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') {
      throw new LabError('DNS_SERVFAIL', `${this.#host.name}: DNS answered ${rcode} for ${type} ${name}`);
    }
    const records = answers.flatMap(toRecord);
    if (!records.some((record) => record.type === type)) {
      throw new LabError('DNS_NXDOMAIN', `${this.#host.name}: no ${type} record for ${name}`);
    }
    return records;
  }

  /** What the first server that answers says of any type, such as `NAPTR` or `TYPE65`; kept for the least TTL of its records. Errors: DNS_TIMEOUT. */
  async query(name: string, type: string, lookup?: Lookup): Promise<DnsMessage> {
    const key = `${type} ${name.toLowerCase()}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.until > this.#host.clock.now) return cached.message;
    const message = await this.#fresh(name, type, lookup);
    if (message.answers.some((record) => typeName(typeCode(record)) === type)) {
      const ttl = Math.min(...message.answers.map((record) => record.ttl));
      this.#cache.set(key, { until: plus(this.#host.clock.now, seconds(ttl)), message });
    }
    return message;
  }

  async #fresh(name: string, type: string, lookup?: Lookup): Promise<DnsMessage> {
    const outcome = await this.#ask(name, type, lookup);
    if (outcome.kind === 'answer') return outcome.message;
    const server = outcome.kind === 'truncated' ? this.#servers[outcome.server] : undefined;
    const whole = outcome.kind === 'truncated' && server !== undefined ? await this.#askOverTcp(server, outcome.bytes, lookup) : null;
    if (whole !== null) return whole;
    throw new LabError('DNS_TIMEOUT', `${this.#host.name}: no DNS server answered for ${type} ${name}`, {
      hint: this.#servers.length === 0 ? 'give the node resolvers' : 'see which packet was lost: callpath where CAPTURE "dns"',
    });
  }

  /** The same question on a connection of its own; null when no answer came. */
  async #askOverTcp(server: Endpoint, question: Uint8Array, lookup?: Lookup): Promise<DnsMessage | null> {
    const host = this.#host;
    const stream = await host.connect({ to: server, timeout: TCP_TIMEOUT }).catch((error: unknown) => {
      if (!LabError.is(error)) throw error;
      return null;
    });
    if (stream === null) return null;
    const answered = host.deferred<DnsMessage | null>(`DNS answer of ${server.address} over TCP`);
    const over = (): void => {
      answered.resolve(null);
    };
    const framer = new DnsFramer();
    stream.on('error', over).on('close', over);
    stream.on('data', (chunk: Uint8Array) => {
      for (const bytes of framer.push(chunk)) {
        const message = decodeDns(bytes);
        if (message === null || !message.response || message.id !== decodeDns(question)?.id) continue;
        lookup?.answered(stream.cause);
        answered.resolve(message);
      }
    });
    const timer = host.after(TCP_TIMEOUT, over);
    stream.because = lookup?.because ?? NO_CAUSE;
    stream.write(frameDns(question));
    stream.because = NO_CAUSE;
    try {
      return await answered.promise;
    } finally {
      host.cancel(timer);
      stream.end();
    }
  }

  async #ask(name: string, type: string, lookup?: Lookup): Promise<Exclude<StubOut, { kind: 'send' }>> {
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

function toRecord(answer: DnsAnswer): readonly DnsRecord[] {
  const { ttl } = answer;
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return [{ type: answer.type, address: answer.address, ttl }];
    case 'CNAME':
      return [{ type: 'CNAME', target: canonicalName(answer.target), ttl }];
    case 'SRV':
      return [{ type: 'SRV', priority: answer.priority, weight: answer.weight, port: answer.port, target: canonicalName(answer.target), ttl }];
    case 'NAPTR':
    case 'SOA':
    case 'other':
      return [];
  }
}
