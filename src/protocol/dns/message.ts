/**
 * DNS messages (RFC 1035 section 4.1, EDNS of RFC 6891) as values. One question a message, as everybody asks.
 *
 * @example
 * const query = decodeDns(bytes); // null: no message
 * const answer = encodeDns({ ...query, response: true, answers }, 512); // TC where it is longer
 * @module
 */
import { NameWriter, readName } from './names.js';
import { CLASS_IN, type DnsAnswer, readRecord, TYPE, typeCodeOf, typeName, u16, writeRecord } from './records.js';

export { canonicalName } from './names.js';
export type { DnsAnswer } from './records.js';

/** RFC 1035 4.1.1, by the names of RFC 2136; BADVERS by RFC 6891. */
export type Rcode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED' | 'BADVERS';

const RCODES: Readonly<Record<Rcode, number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 };

export interface DnsQuestion {
  /** Letters as they were sent, no trailing dot. */
  readonly name: string;
  /** `A`, `NAPTR`; `TYPE65` for what has no name here (RFC 3597). */
  readonly type: string;
  /** Absent: IN. */
  readonly class?: number;
}

/** What an OPT record says of its sender (RFC 6891 section 6.1). */
export interface Edns {
  /** The longest UDP message that it takes. */
  readonly payload: number;
  readonly version: number;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  /** RFC 1035 section 4.1.1: 0 is a standard query. */
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly rcode: Rcode;
  readonly question: DnsQuestion | null;
  readonly answers: readonly DnsAnswer[];
  readonly authority: readonly DnsAnswer[];
  readonly edns: Edns | null;
}

export const HEADER = 12;
const QR = 1 << 15;
const FLAG = { AA: 1 << 10, TC: 1 << 9, RD: 1 << 8, RA: 1 << 7 } as const;
const OPCODE_SHIFT = 11;

/**
 * Bytes of one message.
 * @param limit in octets; what would be longer says TC and has no records (RFC 2181 section 9)
 */
export function encodeDns(message: DnsMessage, limit = 65535): Uint8Array {
  const whole = encode(message);
  return whole.length <= limit ? whole : encode({ ...message, truncated: true, answers: [], authority: [] });
}

function encode(message: DnsMessage): Uint8Array {
  const { question, answers, authority, edns } = message;
  const out = new NameWriter();
  const rcode = RCODES[message.rcode];
  out.u16(message.id);
  out.u16(
    (message.response ? QR : 0) |
      (message.opcode << OPCODE_SHIFT) |
      (message.authoritative ? FLAG.AA : 0) |
      (message.truncated ? FLAG.TC : 0) |
      (message.recursionDesired ? FLAG.RD : 0) |
      (message.recursionAvailable ? FLAG.RA : 0) |
      (rcode & 15),
  );
  for (const count of [question === null ? 0 : 1, answers.length, authority.length, edns === null ? 0 : 1]) out.u16(count);
  if (question !== null) {
    out.name(question.name);
    out.u16(typeCodeOf(question.type));
    out.u16(question.class ?? CLASS_IN);
  }
  for (const record of [...answers, ...authority]) writeRecord(out, record);
  if (edns !== null) {
    out.name('');
    out.u16(TYPE.OPT);
    out.u16(edns.payload);
    out.u32(((rcode >>> 4) << 24) | (edns.version << 16));
    out.u16(0);
  }
  return Uint8Array.from(out.bytes);
}

/** What can be said of any bytes that are long enough: all that an answer FORMERR needs. */
export function decodeHeader(bytes: Uint8Array): Pick<DnsMessage, 'id' | 'response' | 'opcode' | 'recursionDesired'> | null {
  if (bytes.length < HEADER) return null;
  const flags = u16(bytes, 2);
  return { id: u16(bytes, 0), response: (flags & QR) !== 0, opcode: (flags >>> OPCODE_SHIFT) & 15, recursionDesired: (flags & FLAG.RD) !== 0 };
}

/** The message, or null for bytes that are none. */
export function decodeDns(bytes: Uint8Array): DnsMessage | null {
  const header = decodeHeader(bytes);
  if (header === null) return null;
  const flags = u16(bytes, 2);
  const questions = u16(bytes, 4);
  if (questions > 1) return null;
  const asked = questions === 0 ? { question: null, next: HEADER } : readQuestion(bytes);
  if (asked === null) return null;
  const sections: DnsAnswer[][] = [[], [], []];
  let edns: Edns | null = null;
  let high = 0;
  let at = asked.next;
  for (const [i, section] of sections.entries()) {
    for (let n = u16(bytes, 6 + 2 * i); n > 0; n--) {
      const read = readRecord(bytes, at);
      if (read === null) return null;
      at = read.next;
      if (read.code === TYPE.OPT) {
        // RFC 6891 section 6.1.1: one at most, and among the additional records.
        if (edns !== null || i !== 2) return null;
        edns = { payload: read.class, version: (read.ttl >>> 16) & 0xff };
        high = read.ttl >>> 24;
      } else if (read.record !== null) section.push(read.record);
    }
  }
  const [answers = [], authority = []] = sections;
  return {
    ...header,
    recursionAvailable: (flags & FLAG.RA) !== 0,
    authoritative: (flags & FLAG.AA) !== 0,
    truncated: (flags & FLAG.TC) !== 0,
    rcode: rcodeOf((high << 4) | (flags & 15)),
    question: asked.question,
    answers,
    authority,
    edns,
  };
}

function readQuestion(bytes: Uint8Array): { readonly question: DnsQuestion; readonly next: number } | null {
  const read = readName(bytes, HEADER);
  if (read === null || read.next + 4 > bytes.length) return null;
  const class_ = u16(bytes, read.next + 2);
  return { question: { name: read.name, type: typeName(u16(bytes, read.next)), ...(class_ !== CLASS_IN && { class: class_ }) }, next: read.next + 4 };
}

function rcodeOf(number: number): Rcode {
  return (Object.keys(RCODES) as Rcode[]).find((name) => RCODES[name] === number) ?? 'SERVFAIL';
}
