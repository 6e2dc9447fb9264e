/**
 * Resource records (RFC 1035 section 3.2.1): those that the lab's zones hold as values, all others as the octets that they
 * are (RFC 3597), with the names in them written out.
 * @module
 */
import { must } from '../../base/assert.js';
import { formatIpv6, parseIpv6 } from '../../wire/address.js';
import { NameWriter, readName } from './names.js';

/** IANA's numbers of what is called by name here. */
export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, AAAA: 28, SRV: 33, NAPTR: 35, DNAME: 39, OPT: 41, ANY: 255 } as const;
export const CLASS_IN = 1;
export const CLASS_ANY = 255;

interface Owned {
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
}

export type DnsAnswer = Owned &
  (
    | { readonly type: 'A' | 'AAAA'; readonly address: string }
    | { readonly type: 'CNAME'; readonly target: string }
    | { readonly type: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
    | {
        readonly type: 'NAPTR';
        readonly order: number;
        readonly preference: number;
        readonly flags: string;
        readonly service: string;
        readonly regexp: string;
        readonly replacement: string;
      }
    | {
        readonly type: 'SOA';
        readonly primary: string;
        readonly mailbox: string;
        readonly serial: number;
        readonly refresh: number;
        readonly retry: number;
        readonly expire: number;
        readonly minimum: number;
      }
    | { readonly type: 'other'; readonly code: number; readonly data: Uint8Array }
  );

export function typeCode(record: DnsAnswer): number {
  return record.type === 'other' ? record.code : TYPE[record.type];
}

/** RFC 3597 section 5: `TYPE65` for what has no name here. */
export function typeName(code: number): string {
  return Object.entries(TYPE).find(([, number]) => number === code)?.[0] ?? `TYPE${code}`;
}

/** The number of a {@link typeName}. */
export function typeCodeOf(name: string): number {
  return TYPE[name as keyof typeof TYPE] ?? Number(name.slice('TYPE'.length));
}

export interface ReadRecord {
  /** Null: of another class than IN. */
  readonly record: DnsAnswer | null;
  readonly code: number;
  readonly class: number;
  readonly ttl: number;
  readonly next: number;
}

/** Null for what cannot be followed; data that is wrong for its type counts as that, too. */
export function readRecord(bytes: Uint8Array, at: number): ReadRecord | null {
  const owner = readName(bytes, at);
  if (owner === null || owner.next + 10 > bytes.length) return null;
  const o = owner.next;
  const [code, class_, length] = [u16(bytes, o), u16(bytes, o + 2), u16(bytes, o + 8)];
  const ttl = u32(bytes, o + 4);
  const from = o + 10;
  const next = from + length;
  if (next > bytes.length) return null;
  if (class_ !== CLASS_IN) return { record: null, code, class: class_, ttl, next };
  const record = readData(bytes, from, next, code, { name: owner.name, ttl });
  return record === null ? null : { record, code, class: class_, ttl, next };
}

function readData(bytes: Uint8Array, from: number, to: number, code: number, owned: Owned): DnsAnswer | null {
  /** A name that fills the data from there on. */
  const nameAt = (at: number): string | null => {
    const read = at <= to ? readName(bytes.subarray(0, to), at) : null;
    return read?.next === to ? read.name : null;
  };
  switch (code) {
    case TYPE.A:
      return to - from === 4 ? { ...owned, type: 'A', address: bytes.slice(from, to).join('.') } : null;
    case TYPE.AAAA:
      return to - from === 16 ? { ...owned, type: 'AAAA', address: formatIpv6(bytes.slice(from, to)) } : null;
    case TYPE.CNAME: {
      const target = nameAt(from);
      return target === null ? null : { ...owned, type: 'CNAME', target };
    }
    case TYPE.SRV: {
      const target = nameAt(from + 6);
      return target === null ? null : { ...owned, type: 'SRV', priority: u16(bytes, from), weight: u16(bytes, from + 2), port: u16(bytes, from + 4), target };
    }
    case TYPE.NAPTR:
      return readNaptr(bytes, from, nameAt, owned);
    case TYPE.SOA:
      return readSoa(bytes, from, to, owned);
    case TYPE.NS:
    case TYPE.PTR:
    case TYPE.DNAME:
    case TYPE.MX: {
      // RFC 3597 section 4: these may be compressed where they come from; they are written out where they go.
      const fixed = code === TYPE.MX ? 2 : 0;
      const name = nameAt(from + fixed);
      return name === null ? null : { ...owned, type: 'other', code, data: Uint8Array.from([...bytes.slice(from, from + fixed), ...plainName(name)]) };
    }
    default:
      return { ...owned, type: 'other', code, data: bytes.slice(from, to) };
  }
}

function readNaptr(bytes: Uint8Array, from: number, nameAt: (at: number) => string | null, owned: Owned): DnsAnswer | null {
  const texts: string[] = [];
  let at = from + 4;
  for (let i = 0; i < 3; i++) {
    const length = bytes[at];
    if (length === undefined || at + 1 + length > bytes.length) return null;
    texts.push(String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  const replacement = nameAt(at);
  const [flags = '', service = '', regexp = ''] = texts;
  return replacement === null
    ? null
    : { ...owned, type: 'NAPTR', order: u16(bytes, from), preference: u16(bytes, from + 2), flags, service, regexp, replacement };
}

function readSoa(bytes: Uint8Array, from: number, to: number, owned: Owned): DnsAnswer | null {
  const primary = readName(bytes.subarray(0, to), from);
  const mailbox = primary === null ? null : readName(bytes.subarray(0, to), primary.next);
  if (primary === null || mailbox === null || mailbox.next + 20 !== to) return null;
  const [serial, refresh, retry, expire, minimum] = [0, 4, 8, 12, 16].map((o) => u32(bytes, mailbox.next + o)) as [number, number, number, number, number];
  return { ...owned, type: 'SOA', primary: primary.name, mailbox: mailbox.name, serial, refresh, retry, expire, minimum };
}

export function writeRecord(out: NameWriter, record: DnsAnswer): void {
  out.name(record.name);
  out.u16(typeCode(record));
  out.u16(CLASS_IN);
  out.u32(record.ttl);
  out.counted(() => {
    writeData(out, record);
  });
}

function writeData(out: NameWriter, record: DnsAnswer): void {
  switch (record.type) {
    case 'A':
      for (const octet of record.address.split('.')) out.u8(Number(octet));
      return;
    case 'AAAA':
      out.bytes.push(...must(parseIpv6(record.address), 'an IPv6 address'));
      return;
    case 'CNAME':
      out.name(record.target);
      return;
    case 'SRV':
      for (const value of [record.priority, record.weight, record.port]) out.u16(value);
      out.name(record.target, false);
      return;
    case 'NAPTR':
      out.u16(record.order);
      out.u16(record.preference);
      for (const text of [record.flags, record.service, record.regexp]) {
        out.u8(text.length);
        for (const c of text) out.u8(c.charCodeAt(0));
      }
      out.name(record.replacement, false);
      return;
    case 'SOA':
      out.name(record.primary);
      out.name(record.mailbox);
      for (const value of [record.serial, record.refresh, record.retry, record.expire, record.minimum]) out.u32(value);
      return;
    case 'other':
      out.bytes.push(...record.data);
  }
}

function plainName(name: string): readonly number[] {
  const out = new NameWriter();
  out.name(name, false);
  return out.bytes;
}

export function u16(b: Uint8Array, o: number): number {
  return ((b[o] ?? 0) << 8) | (b[o + 1] ?? 0);
}

export function u32(b: Uint8Array, o: number): number {
  return ((u16(b, o) << 16) | u16(b, o + 2)) >>> 0;
}
