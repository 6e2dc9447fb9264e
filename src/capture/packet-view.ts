/**
 * One packet of a capture, as the reader shows it: a scratch that is filled anew for each packet.
 * @module
 */
import { type DropCode, DROP_NAMES } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { DIRECTION, type Direction, OPTION, VERDICT_HARDWARE } from './pcapng-format.js';

const decoder = new TextDecoder();
const NO_BYTES = new Uint8Array(0);

export class PacketView {
  littleEndian = true;
  /** From 1, as Wireshark counts. */
  number = 0;
  /** Offset of its block in the file. */
  block = 0;
  blockLength = 0;
  interface = 0;
  time = 0 as Nanos;
  ethernet = false;
  /** The captured bytes are `buf[off .. off + captured)`. */
  buf: Uint8Array = NO_BYTES;
  off = 0;
  captured = 0;
  /** On the wire. */
  length = 0;
  direction: Direction = DIRECTION.NONE;
  /** 0 = none, or one too large to be ours. */
  id = 0;
  /** The octet of a hardware verdict, 0 = none. */
  drop = 0 as DropCode;
  #view: DataView = new DataView(new ArrayBuffer(0));
  readonly #commentAt: number[] = [];

  /** Number of comments. */
  get comments(): number {
    return this.#commentAt.length;
  }

  comment(i: number): string {
    return decoder.decode(this.commentBytes(i));
  }

  /** `buf` by words. */
  get view(): DataView {
    return this.#view;
  }

  /** Borrowed. */
  commentBytes(i: number): Uint8Array {
    const at = this.#commentAt[i] ?? 0;
    const { buffer, byteOffset } = this.#view;
    return new Uint8Array(buffer, byteOffset + at + 4, this.#view.getUint16(at + 2, this.littleEndian));
  }

  /** What is wrong with the options, or null. For the reader. */
  place(view: DataView, data: number, captured: number, length: number, options: number, end: number): string | null {
    this.#view = view;
    this.blockLength = view.byteLength;
    this.buf = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.off = data;
    this.captured = captured;
    this.length = length;
    this.direction = DIRECTION.NONE;
    this.id = 0;
    this.drop = 0 as DropCode;
    this.#commentAt.length = 0;
    const le = this.littleEndian;
    for (let at = options; at + 4 <= end; ) {
      const code = view.getUint16(at, le);
      const size = view.getUint16(at + 2, le);
      if (code === OPTION.END) break;
      if (at + 4 + size > end) return `option ${code} is longer than its block`;
      this.#option(code, at, size);
      at += 4 + ((size + 3) & ~3);
    }
    return null;
  }

  #option(code: number, at: number, size: number): void {
    const view = this.#view;
    const le = this.littleEndian;
    if (code === OPTION.COMMENT) this.#commentAt.push(at);
    else if (code === OPTION.EPB_FLAGS && size === 4) this.direction = directionOf(view.getUint32(at + 4, le) & 3);
    else if (code === OPTION.EPB_PACKETID && size === 8) {
      const high = view.getUint32(le ? at + 8 : at + 4, le);
      this.id = high === 0 ? view.getUint32(le ? at + 4 : at + 8, le) : 0;
    } else if (code === OPTION.EPB_VERDICT && size === 2 && view.getUint8(at + 4) === VERDICT_HARDWARE) {
      const drop = view.getUint8(at + 5);
      this.drop = (drop < DROP_NAMES.length ? drop : 0) as DropCode;
    }
  }
}

function directionOf(bits: number): Direction {
  return bits === DIRECTION.INBOUND || bits === DIRECTION.OUTBOUND ? bits : DIRECTION.NONE;
}
