/**
 * DNS messages on a byte stream: each after its length in two octets (RFC 1035 section 4.2.2, RFC 7766 section 8).
 * @module
 */
import { HEADER } from './message.js';

const LENGTH = 2;

/** Length and message in one piece: written at once, they go as one segment (RFC 7766 section 8). */
export function frameDns(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(LENGTH + message.length);
  framed[0] = message.length >>> 8;
  framed[1] = message.length & 0xff;
  framed.set(message, LENGTH);
  return framed;
}

/** Messages out of a stream's chunks, whatever their borders. It never holds more than one message of 65535 octets. */
export class DnsFramer {
  #bytes = new Uint8Array(0);
  #broken = false;

  /** A length came that no message has: what follows cannot be followed. */
  get broken(): boolean {
    return this.#broken;
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#broken) return [];
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at + LENGTH <= bytes.length) {
      const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      if (length < HEADER) {
        this.#broken = true;
        break;
      }
      if (at + LENGTH + length > bytes.length) break;
      messages.push(bytes.slice(at + LENGTH, at + LENGTH + length));
      at += LENGTH + length;
    }
    this.#bytes = this.#broken ? new Uint8Array(0) : bytes.slice(at);
    return messages;
  }
}
