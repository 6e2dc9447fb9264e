/**
 * DNS messages (RFC 1035, SRV by RFC 2782) for A, AAAA, CNAME and SRV: the lab's neutral value on top of `dns-packet`.
 * @module
 */
import * as dnsPacket from 'dns-packet';

export type DnsQuestionType = 'A' | 'AAAA' | 'CNAME' | 'SRV';

export type DnsAnswer =
  | { readonly name: string; readonly ttl: number; readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly name: string; readonly ttl: number; readonly type: 'CNAME'; readonly target: string }
  | {
      readonly name: string;
      readonly ttl: number;
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    };

/** RFC 1035 4.1.1, by the names of RFC 2136. */
export type Rcode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

const RCODES: readonly Rcode[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly rcode: Rcode;
  /** Null when the question is of a type that the lab does not know; `name` is lower case without trailing dot. */
  readonly question: { readonly name: string; readonly type: DnsQuestionType } | null;
  readonly answers: readonly DnsAnswer[];
}

const FLAG = { AA: 1 << 10, TC: 1 << 9, RD: 1 << 8, RA: 1 << 7 } as const;

/** Lower case, no trailing dot: names compare without regard to case (RFC 4343). */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function answerOut(answer: DnsAnswer): dnsPacket.Answer {
  const { name, ttl } = answer;
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return { type: answer.type, name, ttl, data: answer.address };
    case 'CNAME':
      return { type: 'CNAME', name, ttl, data: answer.target };
    case 'SRV':
      return { type: 'SRV', name, ttl, data: { priority: answer.priority, weight: answer.weight, port: answer.port, target: answer.target } };
  }
}

function answerIn(answer: dnsPacket.Answer): DnsAnswer | null {
  const name = canonicalName(answer.name);
  const ttl = 'ttl' in answer ? (answer.ttl ?? 0) : 0;
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return { type: answer.type, name, ttl, address: answer.data };
    case 'CNAME':
      return { type: 'CNAME', name, ttl, target: canonicalName(answer.data) };
    case 'SRV':
      return {
        type: 'SRV',
        name,
        ttl,
        priority: answer.data.priority ?? 0,
        weight: answer.data.weight ?? 0,
        port: answer.data.port,
        target: canonicalName(answer.data.target),
      };
    default:
      return null;
  }
}

/** Bytes of one UDP datagram. */
export function encodeDns(message: DnsMessage): Uint8Array {
  const flags =
    (message.authoritative ? FLAG.AA : 0) |
    (message.truncated ? FLAG.TC : 0) |
    (message.recursionDesired ? FLAG.RD : 0) |
    (message.recursionAvailable ? FLAG.RA : 0) |
    Math.max(0, RCODES.indexOf(message.rcode));
  return new Uint8Array(
    dnsPacket.encode({
      type: message.response ? 'response' : 'query',
      id: message.id,
      flags,
      questions: message.question === null ? [] : [{ ...message.question, class: 'IN' }],
      answers: message.answers.map(answerOut),
    }),
  );
}

/** The message, or null for bytes that are none (the asker then waits on, the server answers nothing). */
export function decodeDns(bytes: Uint8Array): DnsMessage | null {
  let raw: dnsPacket.DecodedPacket;
  try {
    raw = dnsPacket.decode(asBuffer(bytes));
  } catch {
    return null; // the library throws on every malformed datagram; there is nobody to tell
  }
  const flags = raw.flags ?? 0;
  const question = raw.questions?.[0];
  const known = question !== undefined && (['A', 'AAAA', 'CNAME', 'SRV'] as const).find((type) => type === question.type);
  return {
    id: raw.id ?? 0,
    response: raw.type === 'response',
    recursionDesired: (flags & FLAG.RD) !== 0,
    recursionAvailable: (flags & FLAG.RA) !== 0,
    authoritative: (flags & FLAG.AA) !== 0,
    truncated: (flags & FLAG.TC) !== 0,
    rcode: RCODES[flags & 15] ?? 'SERVFAIL',
    question: question !== undefined && known ? { name: canonicalName(question.name), type: known } : null,
    answers: (raw.answers ?? []).flatMap((answer) => answerIn(answer) ?? []),
  };
}

/** `dns-packet` wants Node's own byte type; the same memory. */
function asBuffer(bytes: Uint8Array): Parameters<typeof dnsPacket.decode>[0] {
  // eslint-disable-next-line no-restricted-globals -- the library's own signature; it does not leave this function
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
