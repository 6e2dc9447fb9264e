/**
 * What `nft list ruleset` and `conntrack -F` ask the kernel, asked directly: no process for each of thousands of cases,
 * and no trouble with rules that nft(8) loads but cannot print.
 * @see include/uapi/linux/netfilter/nf_tables.h, nfnetlink_conntrack.h, netlink(7)
 * @module
 */
import { closeSync } from 'node:fs';
import koffi from 'koffi';
import type { Counted } from './bed.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_NETFILTER = 12;
const REQUEST = 1;
const ACK = 4;
const DUMP = 0x300;
const ERROR = 2;
const DONE = 3;
/** Subsystem in the upper octet. */
const CT_DELETE = (1 << 8) | 2;
const GET_RULE = (10 << 8) | 7;
const GET_OBJECT = (10 << 8) | 19;
const FAMILIES: Readonly<Record<number, string>> = { 1: 'inet', 2: 'ip', 10: 'ip6' };
const HEADER = 16;
const GENERIC = 4;

type Send = (fd: number, message: Uint8Array, length: number, flags: number) => number;
type Receive = (fd: number, into: Uint8Array, length: number, flags: number) => number;

/** Attributes of a message, by number; of a list all that there are. */
type Attributes = readonly { readonly type: number; readonly bytes: Uint8Array }[];

/** To be made in the namespace. */
export class NetfilterNetlink {
  readonly #fd: number;
  readonly #send: Send;
  readonly #recv: Receive;
  readonly #buffer = new Uint8Array(1 << 18);

  constructor() {
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
    this.#send = libc.func('long send(int fd, const void *buf, unsigned long len, int flags)') as Send;
    this.#recv = libc.func('long recv(int fd, void *buf, unsigned long len, int flags)') as Receive;
    this.#fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    if (this.#fd < 0) throw new Error('no netlink socket');
  }

  flushConnections(): void {
    this.#ask(CT_DELETE, ACK);
    this.#receive(() => undefined);
  }

  /** By `family/table/chain#rule#n` for the n-th counter of a rule, `family/table/name` for a named one. */
  counters(): Record<string, Counted> {
    const counters: Record<string, Counted> = {};
    const numbers = new Map<string, number>();
    this.#ask(GET_RULE, DUMP);
    this.#receive((family, attributes) => {
      const chain = `${family}/${text(attributes, 1)}/${text(attributes, 2)}`;
      const number = (numbers.get(chain) ?? 0) + 1;
      numbers.set(chain, number);
      const own = nested(attributes, 4)
        .map(({ bytes }) => read(bytes))
        .filter((expression) => text(expression, 1) === 'counter');
      own.forEach((expression, i) => (counters[`${chain}#${number}#${i}`] = counted(nested(expression, 2))));
    });
    this.#ask(GET_OBJECT, DUMP);
    this.#receive((family, attributes) => {
      // NFT_OBJECT_COUNTER
      if (one(attributes, 3)?.at(3) === 1) counters[`${family}/${text(attributes, 1)}/${text(attributes, 2)}`] = counted(nested(attributes, 4));
    });
    return counters;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #ask(type: number, flags: number): void {
    const message = new Uint8Array(HEADER + GENERIC);
    const view = new DataView(message.buffer);
    view.setUint32(0, message.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, REQUEST | flags, true);
    if (this.#send(this.#fd, message, message.length, 0) !== message.length) throw new Error('netlink takes no request');
  }

  #receive(take: (family: string, attributes: Attributes) => void): void {
    for (;;) {
      const length = this.#recv(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length <= 0) throw new Error('netlink gives no answer');
      const view = new DataView(this.#buffer.buffer);
      for (let at = 0; at + HEADER <= length; ) {
        const size = view.getUint32(at, true);
        const type = view.getUint16(at + 4, true);
        if (type === DONE) return;
        if (type === ERROR) {
          const error = view.getInt32(at + HEADER, true);
          if (error !== 0) throw new Error(`netlink answers error ${-error}`);
          return;
        }
        take(FAMILIES[this.#buffer[at + HEADER]!] ?? '?', read(this.#buffer.slice(at + HEADER + GENERIC, at + size)));
        at += (size + 3) & ~3;
      }
    }
  }
}

function read(bytes: Uint8Array): Attributes {
  const found: { type: number; bytes: Uint8Array }[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4) break;
    // The upper two bits are flags: nested, big-endian.
    found.push({ type: view.getUint16(at + 2, true) & 0x3fff, bytes: bytes.slice(at + 4, at + length) });
    at += (length + 3) & ~3;
  }
  return found;
}

function one(attributes: Attributes, type: number): Uint8Array | undefined {
  return attributes.find((attribute) => attribute.type === type)?.bytes;
}

function nested(attributes: Attributes, type: number): Attributes {
  return read(one(attributes, type) ?? new Uint8Array(0));
}

function text(attributes: Attributes, type: number): string {
  return new TextDecoder().decode(one(attributes, type)).replace(/\0.*$/, '');
}

function counted(attributes: Attributes): Counted {
  const number = (type: number): number => {
    const bytes = one(attributes, type);
    return bytes === undefined ? -1 : Number(new DataView(bytes.buffer).getBigUint64(0));
  };
  return { bytes: number(1), packets: number(2) };
}
