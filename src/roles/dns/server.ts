/**
 * The DNS server role: UDP and TCP port 53 on every address of the node (RFC 1035 section 4.2, RFC 7766).
 * @module
 */
import type { Cause } from '../../base/brand.js';
import { NO_CAUSE } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { seconds } from '../../base/time.js';
import { DnsFramer, frameDns } from '../../protocol/dns/framing.js';
import { type DnsMessage, decodeDns, decodeHeader, encodeDns } from '../../protocol/dns/message.js';
import type { Zone, ZoneRecord } from '../../protocol/dns/zone.js';
import type { Host, Listener, Lookup, TcpStream, UdpSocket } from '../../host/host.js';
import { StubResolver } from '../../host/resolver.js';
import type { PlanRecord } from '../../topology/plan.js';
import { serve } from '../commands.js';
import type { RoleContext, RoleServer } from '../role.js';
import { answerQuery } from './answer.js';

const PORT = 53;
/** RFC 1035 section 4.2.1: who says nothing else takes so much. */
const PLAIN_PAYLOAD = 512;
/** What is offered, and at most used: it fits every path's MTU (RFC 6891 section 6.2.5). */
const PAYLOAD = 1232;
/** RFC 7766 section 6.2.3: "of the order of a few seconds". */
const IDLE = seconds(10);

/** Sends an answer: the bytes, and what they are sent because of. */
type Reply = (bytes: Uint8Array, cause: Cause) => void;

export async function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const zones: Zone[] = context.plan.zones
    .filter((zone) => zone.servers.includes(context.node.name))
    .map((zone) => ({ name: zone.name, records: zone.records.map(toZoneRecord) }));
  const forwards = context.node.resolvers.length > 0;
  const resolver = new StubResolver(host, context.node.resolvers);
  const sockets: UdpSocket[] = [];
  const listeners: Listener[] = [];
  const streams = new Set<TcpStream>();

  /** @param limit the longest answer without EDNS; null: as long as it gets */
  function received(bytes: Uint8Array, cause: Cause, limit: number | null, reply: Reply): void {
    const query = decodeDns(bytes);
    if (query !== null && !query.response && query.question !== null) {
      void answer(query, cause, limit, reply);
      return;
    }
    host.discard(cause, 'not a DNS query');
    const header = decodeHeader(bytes);
    if (header === null || header.response) return;
    const nothing = { recursionAvailable: forwards, authoritative: false, truncated: false, question: null, answers: [], authority: [], edns: null };
    reply(encodeDns({ ...nothing, ...header, response: true, rcode: header.opcode === 0 ? 'FORMERR' : 'NOTIMP' }), cause);
  }

  async function answer(query: DnsMessage, cause: Cause, limit: number | null, reply: Reply): Promise<void> {
    // An answer that others were asked for is sent because of theirs, too.
    const causes = [cause];
    const lookup: Lookup = { because: cause, answered: (by) => causes.push(by) };
    const said = await answerQuery(query, { zones, forwards, ask: (name, type) => ask(name, type, lookup) });
    // RFC 6891 section 6.1.1: who sent an OPT gets one.
    const edns = query.edns === null ? null : { payload: PAYLOAD, version: 0 };
    const room = limit === null ? undefined : query.edns === null ? limit : Math.min(PAYLOAD, Math.max(PLAIN_PAYLOAD, query.edns.payload));
    reply(encodeDns({ ...query, ...said, response: true, recursionAvailable: forwards, truncated: false, edns }, room), host.causes(causes));
  }

  /** Null: nobody answered. */
  async function ask(name: string, type: string, lookup: Lookup): Promise<DnsMessage | null> {
    return resolver.query(name, type, lookup).catch((error: unknown) => {
      if (!LabError.is(error)) throw error;
      return null;
    });
  }

  function accept(stream: TcpStream): void {
    const framer = new DnsFramer();
    let idle = host.after(IDLE, end);
    streams.add(stream);
    function end(): void {
      host.cancel(idle);
      stream.end();
    }
    stream.on('error', () => undefined);
    stream.on('close', () => {
      host.cancel(idle);
      streams.delete(stream);
    });
    stream.on('end', end);
    stream.on('data', (chunk: Uint8Array) => {
      host.cancel(idle);
      idle = host.after(IDLE, end);
      const { cause } = stream;
      for (const bytes of framer.push(chunk))
        received(bytes, cause, null, (answered, because) => {
          if (stream.destroyed || stream.writableEnded) return;
          stream.because = because;
          stream.write(frameDns(answered));
          stream.because = NO_CAUSE;
        });
      if (!framer.broken) return;
      host.discard(cause, 'DNS over TCP: a length that no message has');
      end();
    });
  }

  for (const address of host.addresses) {
    const socket = await host.udp({ address, port: PORT }, (buf, off, len, from, cause) => {
      received(buf.slice(off, off + len), cause, PLAIN_PAYLOAD, (bytes, because) => {
        socket.send(bytes, 0, bytes.length, from, because);
      });
    });
    sockets.push(socket);
    listeners.push(await host.listen({ address, port: PORT }, accept));
  }

  return {
    ...serve(host.name, {}, {}),
    stop: () => {
      for (const open of [...sockets, ...listeners]) open.close();
      for (const stream of streams) stream.destroy();
      return Promise.resolve();
    },
  };
}

function toZoneRecord(record: PlanRecord): ZoneRecord {
  const { name, ttl } = record;
  switch (record.type) {
    case 'SRV':
      return { type: 'SRV', name, ttl, ...record.data };
    case 'NAPTR':
      return { type: 'NAPTR', name, ttl, ...record.data };
    case 'CNAME':
      return { type: 'CNAME', name, ttl, target: record.data };
    case 'A':
    case 'AAAA':
      return { type: record.type, name, ttl, address: record.data };
  }
}
