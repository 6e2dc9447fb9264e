/**
 * Headers that a trace told, held against frames that came in. The kernel puts fragments together before it looks at
 * rules: the whole has its fragments' addresses and identification, and a length of its own.
 * @module
 */
import { parseAddress } from '../../../wire/address.js';
import { equal, setU32, u16 } from '../../../wire/bytes.js';
import * as ipv4 from '../../../wire/ipv4.js';
import type { TracedPacket } from '../trace/trace-line.js';
import type { Fingerprint } from './fingerprint.js';

export class TracedHeaders {
  readonly #packet: TracedPacket;
  readonly #addresses: Uint8Array | null;

  constructor(packet: TracedPacket) {
    this.#packet = packet;
    const [src, dst] = [octets(packet.src), octets(packet.dst)];
    this.#addresses = src === null || dst === null ? null : Uint8Array.of(...src, ...dst);
  }

  fits(b: Uint8Array, print: Fingerprint): boolean {
    const { family, label, length, sport, dport } = this.#packet;
    if (this.#addresses === null || print.family !== family || print.label !== label) return false;
    if (!equal(b, print.addresses, this.#addresses, 0, this.#addresses.length)) return false;
    if (family === 4 && ipv4.isFragment(b, print.ip)) return true;
    if (length !== (family === 4 ? print.end - print.ip : print.end - print.transport)) return false;
    return sport === null || print.ports < 0 || (u16(b, print.ports) === sport && u16(b, print.ports + 2) === dport);
  }
}

function octets(text: string): Uint8Array | null {
  const address = parseAddress(text);
  if (address === undefined) return null;
  if (address.family === 6) return address.bytes;
  const bytes = new Uint8Array(4);
  setU32(bytes, 0, address.value);
  return bytes;
}
