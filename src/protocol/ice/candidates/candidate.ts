/**
 * ICE candidates and their `a=candidate` lines: RFC 8839 section 5.1, TCP types of RFC 6544 section 4.5.
 * @module
 */
import { canonicalAddress, formatAddress, type TransportAddress } from '../../stun/transport-address.js';
import { familyOf } from '../../../wire/address.js';

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';
export type CandidateTransport = 'udp' | 'tcp';
export type TcpType = 'active' | 'passive' | 'so';

/** A candidate as two agents tell each other. */
export interface Candidate {
  /** 1 to 32 characters of `ice-char`. */
  readonly foundation: string;
  /** 1 RTP, 2 RTCP; the line allows 1 to 256. */
  readonly component: number;
  readonly transport: CandidateTransport;
  readonly tcpType?: TcpType;
  /** 1 to 2^31 - 1 (RFC 8445 section 5.1.2). */
  readonly priority: number;
  readonly address: TransportAddress;
  readonly type: CandidateType;
  /** `raddr` and `rport`: the base of a reflexive candidate, the mapped address of a relayed one. */
  readonly related?: TransportAddress;
  /** Extension attributes in their order, `tcptype` not among them. */
  readonly extensions?: readonly { readonly name: string; readonly value: string }[];
}

/** What datagrams leave by and arrive at: a socket, a TURN allocation, a TCP candidate. Compared by identity. */
export interface IceBase {
  /** Index of the data stream (of the m-line). */
  readonly stream: number;
  readonly component: number;
  readonly transport: CandidateTransport;
  readonly tcpType?: TcpType;
  /** The local address of a socket; the relayed address of an allocation. */
  readonly address: TransportAddress;
  /** 1..65535 (RFC 8445 section 5.1.2.1): `localPreferences` gives them for the addresses of a host. */
  readonly localPreference: number;
}

/** ICMP errors as the Host port names them. */
export type NetFault = 'port-unreachable' | 'host-unreachable' | 'too-big' | 'ttl-exceeded';

/** A candidate of our own. */
export interface LocalCandidate extends Candidate {
  readonly base: IceBase;
  /** What gave it: the server's address, the peer for `prflx`, empty for `host`. */
  readonly learnedFrom: string;
}

/** A line that this agent must pass over, and why. */
export interface RejectedCandidate {
  readonly rejected: true;
  readonly why: string;
  /** Not by the grammar at all; false for what the grammar has and this agent has not: names, other transports. */
  readonly malformed: boolean;
}

export function isRejected(value: Candidate | RejectedCandidate): value is RejectedCandidate {
  return 'rejected' in value;
}

const TYPES: readonly string[] = ['host', 'srflx', 'prflx', 'relay'];
const TCP_TYPES: readonly string[] = ['active', 'passive', 'so'];
const ICE_CHARS = /^[A-Za-z0-9+/]{1,32}$/;
const MAX_PRIORITY = 0x7fffffff;

function whole(text: string | undefined, digits: number, low: number, high: number): number | undefined {
  if (text === undefined || text.length === 0 || text.length > digits || !/^\d+$/.test(text)) return undefined;
  const n = Number(text);
  return n >= low && n <= high ? n : undefined;
}

function reject(why: string, malformed = true): RejectedCandidate {
  return { rejected: true, why, malformed };
}

/**
 * Reads the value of one line: `candidate:1 1 udp 2130706431 10.0.0.1 50000 typ host`, with or without `a=` and
 * `candidate:`. Names instead of addresses, unknown transports and types are rejected with their reason: RFC 8839
 * section 5.1 tells an agent to ignore such lines.
 */
export function parseCandidate(line: string): Candidate | RejectedCandidate {
  const words = line
    .trim()
    .replace(/^a=/, '')
    .replace(/^candidate:/, '')
    .split(/ +/);
  const [foundation = '', componentText, transportText = '', priorityText, addressWord = '', portText, typ, type = ''] = words;
  if (!ICE_CHARS.test(foundation)) return reject(`foundation "${foundation}" is not 1 to 32 of A-Z a-z 0-9 + /`);
  const component = whole(componentText, 3, 1, 256);
  if (component === undefined) return reject(`component "${componentText ?? ''}" is not 1 to 256`);
  const transport = transportText.toLowerCase();
  if (transport !== 'udp' && transport !== 'tcp') return reject(`transport "${transportText}" is not known`, false);
  const priority = whole(priorityText, 10, 1, MAX_PRIORITY);
  if (priority === undefined) return reject(`priority "${priorityText ?? ''}" is not 1 to 2147483647`);
  const address = canonicalAddress(addressWord);
  if (address === undefined) return reject(`"${addressWord}" is not an IP address`, false);
  const port = whole(portText, 5, 0, 65535);
  if (port === undefined) return reject(`port "${portText ?? ''}" is not 0 to 65535`);
  if (typ !== 'typ') return reject(`"${typ ?? ''}" stands where "typ" belongs`);
  if (!TYPES.includes(type)) return reject(`candidate type "${type}" is not known`);
  const tail = parseTail(words.slice(8));
  if ('rejected' in tail) return tail;
  if (transport === 'tcp' && tail.tcpType === undefined) return reject('a TCP candidate without tcptype', false);
  return {
    foundation,
    component,
    transport,
    ...(tail.tcpType !== undefined && { tcpType: tail.tcpType }),
    priority,
    address: { address, port, family: familyOf(address) },
    type: type as CandidateType,
    ...(tail.related !== undefined && { related: tail.related }),
    ...(tail.extensions.length > 0 && { extensions: tail.extensions }),
  };
}

interface Tail {
  readonly tcpType?: TcpType;
  readonly related?: TransportAddress;
  readonly extensions: readonly { readonly name: string; readonly value: string }[];
}

function parseTail(words: readonly string[]): Tail | RejectedCandidate {
  if (words.length % 2 !== 0) return reject(`attribute "${words.at(-1) ?? ''}" has no value`);
  const extensions: { name: string; value: string }[] = [];
  let raddr: string | undefined;
  let rport: number | undefined;
  let tcpType: TcpType | undefined;
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i] ?? '';
    const value = words[i + 1] ?? '';
    if (name === 'raddr') {
      raddr = canonicalAddress(value);
      if (raddr === undefined) return reject(`raddr "${value}" is not an IP address`);
    } else if (name === 'rport') {
      rport = whole(value, 5, 0, 65535);
      if (rport === undefined) return reject(`rport "${value}" is not 0 to 65535`);
    } else if (name === 'tcptype') {
      if (!TCP_TYPES.includes(value)) return reject(`tcptype "${value}" is not known`);
      tcpType = value as TcpType;
    } else {
      extensions.push({ name, value });
    }
  }
  if ((raddr === undefined) !== (rport === undefined)) return reject('raddr and rport stand together or not at all');
  return {
    extensions,
    ...(tcpType !== undefined && { tcpType }),
    ...(raddr !== undefined && rport !== undefined && { related: { address: raddr, port: rport, family: familyOf(raddr) } }),
  };
}

/** The line's value without `a=`: `candidate:1 1 UDP 2130706431 10.0.0.1 50000 typ host`. */
export function formatCandidate(c: Candidate): string {
  const words = [c.foundation, c.component, c.transport.toUpperCase(), c.priority, c.address.address, c.address.port, 'typ', c.type];
  if (c.related !== undefined) words.push('raddr', c.related.address, 'rport', c.related.port);
  if (c.tcpType !== undefined) words.push('tcptype', c.tcpType);
  for (const extension of c.extensions ?? []) words.push(extension.name, extension.value);
  return `candidate:${words.join(' ')}`;
}

/** Short form for people: `srflx udp 198.51.100.7:50000`. */
export function describeCandidate(c: Pick<Candidate, 'type' | 'transport' | 'address' | 'tcpType'>): string {
  return `${c.type} ${c.transport}${c.tcpType === undefined ? '' : `-${c.tcpType}`} ${formatAddress(c.address)}`;
}
