/**
 * SIP messages out of a byte stream: framing by Content-Length (RFC 3261 section 18.3), keep-alives between messages
 * (RFC 5626 section 3.5.1), limits on size. Any chunking of the same octets gives the same frames.
 * @module
 */
import { contentLength, headEnd } from './parser.js';
import { canonicalName } from './message.js';
import { SyntaxFault, trimWhite } from './syntax.js';

export type Frame =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** Double CRLF: to be answered with {@link PONG}. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  /** The stream cannot be followed any more; the connection is to be closed. */
  | { readonly kind: 'fault'; readonly reason: 'head-too-long' | 'body-too-long' | 'no-content-length' | 'content-length' };

export interface FramerLimits {
  /** Octets of start line and header fields. */
  readonly head: number;
  readonly body: number;
}

const LIMITS: FramerLimits = { head: 65536, body: 1 << 20 };

export const PING = Uint8Array.of(13, 10, 13, 10);
export const PONG = Uint8Array.of(13, 10);

const latin1 = new TextDecoder('latin1');

export class Framer {
  readonly #pings: boolean;
  readonly #limits: FramerLimits;
  #buffer: Uint8Array = new Uint8Array(0);
  /** What is not framed yet: from here ... */
  #start = 0;
  /** ... to here in `#buffer`. */
  #end = 0;
  /** Octets of it in which no end of a head was found. */
  #searched = 0;
  /** Octets of the message that has begun, once its head is there; 0 before. */
  #expected = 0;
  #half = false;
  #dead = false;

  /** @param side `server` accepted the connection and hears pings, `client` opened it and hears pongs. */
  constructor(side: 'server' | 'client', limits: FramerLimits = LIMITS) {
    this.#pings = side === 'server';
    this.#limits = limits;
  }

  /** The beginning of a message is here, its end is not. */
  get waits(): boolean {
    return this.#end > this.#start;
  }

  /** Appends the frames that are complete now. The bytes of a message are its own. */
  push(chunk: Uint8Array, out: Frame[]): void {
    if (this.#dead) return;
    this.#append(chunk);
    while (!this.#dead && this.#step(out));
  }

  /** The room doubles, so that many small chunks cost no more than a few large ones. */
  #append(chunk: Uint8Array): void {
    const kept = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      const room = kept + chunk.length > this.#buffer.length / 2 ? new Uint8Array(2 * (kept + chunk.length)) : this.#buffer;
      room.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = room;
      this.#start = 0;
      this.#end = kept;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #step(out: Frame[]): boolean {
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    if (this.#expected === 0) {
      if (bytes.length < 2 && (bytes.length === 0 || bytes[0] === 13)) return false;
      if (bytes[0] === 13 && bytes[1] === 10) {
        this.#take(2);
        if (!this.#pings) out.push({ kind: 'pong' });
        else if (this.#half) out.push({ kind: 'ping' });
        this.#half = this.#pings && !this.#half;
        return true;
      }
      const end = headEnd(bytes, Math.max(0, this.#searched - 3));
      if (end > this.#limits.head || (end < 0 && bytes.length > this.#limits.head)) return this.#fault('head-too-long', out);
      if (end < 0) {
        this.#searched = bytes.length;
        return false;
      }
      const length = lengthOf(latin1.decode(bytes.subarray(0, end)));
      if (typeof length === 'string') return this.#fault(length, out);
      if (length > this.#limits.body) return this.#fault('body-too-long', out);
      this.#expected = end + 4 + length;
    }
    if (bytes.length < this.#expected) return false;
    this.#half = false;
    out.push({ kind: 'message', bytes: bytes.slice(0, this.#expected) });
    this.#take(this.#expected);
    return true;
  }

  #take(count: number): void {
    this.#start += count;
    this.#searched = 0;
    this.#expected = 0;
  }

  #fault(reason: (Frame & { kind: 'fault' })['reason'], out: Frame[]): false {
    this.#dead = true;
    this.#buffer = new Uint8Array(0);
    out.push({ kind: 'fault', reason });
    return false;
  }
}

function lengthOf(head: string): number | 'no-content-length' | 'content-length' {
  let length: number | null = null;
  for (const line of head
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 0 || canonicalName(trimWhite(line.slice(0, colon))) !== 'content-length') continue;
    // Two lengths, even equal ones: nobody can say where the next message starts.
    if (length !== null) return 'content-length';
    try {
      length = contentLength(trimWhite(line.slice(colon + 1)));
    } catch (error) {
      if (error instanceof SyntaxFault) return 'content-length';
      throw error;
    }
  }
  return length ?? 'no-content-length';
}
