/**
 * The bytes of a record, had back from the file: the time of the record says in which stretch it stands.
 * @module
 */
import type { Nanos } from '../base/time.js';
import { PacketView } from './packet-view.js';
import { BLOCK } from './pcapng-format.js';
import type { ByteSource } from './store/byte-store.js';
import type { FileIndex, Stretch } from './store/file-index.js';

/** Stretches of 64 KiB that are kept: what is asked for together usually stands together. */
const KEPT = 64;

interface Loaded {
  readonly bytes: Uint8Array;
  /** Offsets of blocks by id and point. */
  readonly records: ReadonlyMap<number, readonly number[]>;
}

export class RecordBytes {
  readonly #source: ByteSource;
  readonly #index: FileIndex;
  readonly #loaded = new Map<number, Loaded>();
  readonly #littleEndian: boolean;

  constructor(source: ByteSource, index: FileIndex, littleEndian: boolean) {
    this.#source = source;
    this.#index = index;
    this.#littleEndian = littleEndian;
  }

  /** A copy of the frame of that record; null when the file has no such record (any more). */
  find(id: number, point: number, time: Nanos): Uint8Array | null {
    for (const stretch of this.#index.at(time)) {
      const { bytes, records } = this.#load(stretch);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (const at of records.get(id) ?? []) {
        if (view.getUint32(at + 8, this.#littleEndian) !== point || this.#timeAt(view, at) !== time) continue;
        return bytes.slice(at + 28, at + 28 + view.getUint32(at + 20, this.#littleEndian));
      }
    }
    return null;
  }

  close(): void {
    this.#loaded.clear();
    this.#source.close();
  }

  #timeAt(view: DataView, at: number): number {
    return view.getUint32(at + 12, this.#littleEndian) * 4294967296 + view.getUint32(at + 16, this.#littleEndian);
  }

  #load(stretch: Stretch): Loaded {
    const known = this.#loaded.get(stretch.offset);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(stretch.length);
    const got = this.#source.read(stretch.offset, bytes);
    const loaded = { bytes, records: this.#scan(bytes.subarray(0, got)) };
    if (this.#loaded.size === KEPT) {
      const oldest = this.#loaded.keys().next();
      if (oldest.done !== true) this.#loaded.delete(oldest.value);
    }
    this.#loaded.set(stretch.offset, loaded);
    return loaded;
  }

  /** The stretch was read or written block by block before; a file changed since then just yields nothing. */
  #scan(bytes: Uint8Array): ReadonlyMap<number, readonly number[]> {
    const le = this.#littleEndian;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const packet = new PacketView();
    packet.littleEndian = le;
    const records = new Map<number, number[]>();
    for (let at = 0; at + 12 <= bytes.length; ) {
      const length = view.getUint32(at + 4, le);
      if (length < 12 || length % 4 !== 0 || at + length > bytes.length) break;
      if (view.getUint32(at, le) === BLOCK.ENHANCED && length >= 32) {
        const captured = view.getUint32(at + 20, le);
        if (captured > length - 32) break;
        const block = new DataView(bytes.buffer, bytes.byteOffset + at, length);
        if (packet.place(block, 28, captured, captured, 28 + Math.ceil(captured / 4) * 4, length - 4) !== null) break;
        const known = records.get(packet.id);
        if (known === undefined) records.set(packet.id, [at]);
        else known.push(at);
      }
      at += length;
    }
    return records;
  }
}
