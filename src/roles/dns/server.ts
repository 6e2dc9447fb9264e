/**
 * The DNS server role: UDP port 53 on every address of the node (RFC 1035 4.2.1).
 * @module
 */
import type { Cause } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { answerFromZones } from '../../protocol/dns/zone.js';
import type { Zone, ZoneRecord } from '../../protocol/dns/zone.js';
import { decodeDns, encodeDns } from '../../protocol/dns/message.js';
import type { DnsAnswer, DnsMessage, DnsQuestionType, Rcode } from '../../protocol/dns/message.js';
import type { DnsRecord, Endpoint, Host, Lookup, UdpSocket } from '../../host/host.js';
import type { PlanRecord } from '../../topology/plan.js';
import type { RoleContext, RoleServer } from '../role.js';

const PORT = 53;

interface Answer {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly DnsAnswer[];
}

export async function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const zones: Zone[] = context.plan.zones
    .filter((zone) => zone.servers.includes(context.node.name))
    .map((zone) => ({ name: zone.name, records: zone.records.map(toZoneRecord) }));
  const forwards = context.node.resolvers.length > 0;
  const sockets: UdpSocket[] = [];
  for (const address of host.addresses) {
    const socket = await host.udp({ address, port: PORT }, (buf, off, len, from, cause) => {
      const query = decodeDns(buf.slice(off, off + len));
      if (query === null || query.response) host.discard(cause, 'not a DNS query');
      else void serve(socket, query, from, cause);
    });
    sockets.push(socket);
  }

  async function serve(socket: UdpSocket, query: DnsMessage, from: Endpoint, cause: Cause): Promise<void> {
    // An answer that others were asked for is sent because of theirs, too.
    const causes = [cause];
    const { rcode, authoritative, answers } = await answerTo(query, { because: cause, answered: (by) => causes.push(by) });
    const bytes = encodeDns({ ...query, response: true, recursionAvailable: forwards, authoritative, truncated: false, rcode, answers });
    socket.send(bytes, 0, bytes.length, from, host.causes(causes));
  }

  async function answerTo(query: DnsMessage, lookup: Lookup): Promise<Answer> {
    if (query.question === null) return { rcode: 'NOTIMP', authoritative: false, answers: [] };
    const { name, type } = query.question;
    const own = answerFromZones(zones, name, type);
    if (own === null) return forwards && query.recursionDesired ? forward(name, type, lookup) : { rcode: 'REFUSED', authoritative: false, answers: [] };
    if (own.unfinished === null || !forwards) return { rcode: own.rcode, authoritative: true, answers: own.answers };
    const rest = await forward(own.unfinished, type, lookup);
    return { rcode: rest.rcode, authoritative: false, answers: [...own.answers, ...rest.answers] };
  }

  async function forward(name: string, type: DnsQuestionType, lookup: Lookup): Promise<Answer> {
    try {
      const records = await host.resolve(name, type, lookup);
      return { rcode: 'NOERROR', authoritative: false, answers: toAnswers(name, records) };
    } catch (error) {
      if (!LabError.is(error)) throw error;
      return { rcode: error.code === 'DNS_NXDOMAIN' ? 'NXDOMAIN' : 'SERVFAIL', authoritative: false, answers: [] };
    }
  }

  return {
    call: (command) => Promise.reject(new LabError('ROLE_COMMAND', `dns knows no command ${command}`)),
    stop: () => {
      for (const socket of sockets) socket.close();
      return Promise.resolve();
    },
  };
}

function toZoneRecord(record: PlanRecord): ZoneRecord {
  const { name, ttl, type, data } = record;
  if (typeof data !== 'string') return { type: 'SRV', name, ttl, ...data };
  return type === 'CNAME' ? { type, name, ttl, target: data } : { type: type === 'AAAA' ? 'AAAA' : 'A', name, ttl, address: data };
}

/** Records of the resolver carry no owner names: they follow from the order of the chain. */
function toAnswers(name: string, records: readonly DnsRecord[]): DnsAnswer[] {
  let owner = name;
  return records.map((record) => {
    switch (record.type) {
      case 'CNAME': {
        const answer: DnsAnswer = { type: 'CNAME', name: owner, ttl: record.ttl, target: record.target };
        owner = record.target;
        return answer;
      }
      case 'A':
      case 'AAAA':
        return { type: record.type, name: owner, ttl: record.ttl, address: record.address };
      case 'SRV':
        return { ...record, name: owner };
    }
  });
}
