/**
 * Reads pcapng (draft-ietf-opsawg-pcapng) as a stream, in either byte order. It trusts nothing: a length that cannot be
 * ends the reading with a warning, and what stood before is kept. Blocks and options that it does not know are
 * skipped, as the format asks.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { BlockWindow } from './store/block-window.js';
import type { ByteSource } from './store/byte-store.js';
import { PacketView } from './packet-view.js';
import { BLOCK, BYTE_ORDER_MAGIC, LINKTYPE_ETHERNET, OPTION } from './pcapng-format.js';

/** Longest block that is believed. */
const MAX_BLOCK = 64 << 20;

export interface SectionRead {
  readonly littleEndian: boolean;
  readonly comment: string;
  readonly application: string;
}

export interface InterfaceRead {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string;
  readonly description: string;
  /** As if_tsresol: power of ten, or of two with the highest bit set. */
  readonly resolution: number;
  readonly offsetSeconds: number;
}

/** Told of what the file holds, in its order. Views are borrowed until the call returns. */
export interface PcapngVisitor {
  section?(section: SectionRead): void;
  interface?(index: number, info: InterfaceRead): void;
  packet?(packet: PacketView): void;
  secrets?(type: number, data: Uint8Array): void;
  /** Interface statistics, which a capture ends with. */
  statistics?(): void;
}

export interface ReadResult {
  /** Packets of all kinds of packet blocks. */
  readonly packets: number;
  readonly sections: number;
  /** Why not everything was read: CAPTURE_TRUNCATED or CAPTURE_FORMAT; empty when all is well. */
  readonly warnings: readonly LabError[];
}

/** Errors: CAPTURE_FORMAT when it is no pcapng at all; FILE_UNREADABLE. */
export function readPcapng(source: ByteSource, visitor: PcapngVisitor): ReadResult {
  return new Reading(source, visitor).run();
}

class Reading {
  readonly #source: ByteSource;
  readonly #window: BlockWindow;
  readonly #visitor: PcapngVisitor;
  readonly #view = new PacketView();
  #interfaces: InterfaceRead[] = [];
  #sections = 0;
  /** Nanoseconds, of the first packet: foreign files count from 1970, which is too many for a number. */
  #base: bigint | null = null;

  constructor(source: ByteSource, visitor: PcapngVisitor) {
    this.#source = source;
    this.#visitor = visitor;
    this.#window = new BlockWindow(source);
  }

  run(): ReadResult {
    const warnings: LabError[] = [];
    this.#magic();
    for (let at = 0; at < this.#source.size; ) {
      const left = this.#source.size - at;
      const length = left < 12 ? 0 : this.#lengthAt(at);
      if (left < 12 || (length >= 12 && length % 4 === 0 && length <= MAX_BLOCK && length > left)) {
        warnings.push(this.#truncated(at));
        break;
      }
      const wrong = this.#block(at, length);
      if (wrong !== null) {
        if (at === 0) throw this.#format(`${this.#source.name} is damaged at its beginning: ${wrong}`);
        warnings.push(this.#format(`${this.#source.name} is damaged at byte ${at}: ${wrong}; what follows was not read`));
        break;
      }
      at += length;
    }
    return { packets: this.#view.number, sections: this.#sections, warnings };
  }

  #truncated(at: number): LabError {
    return new LabError('CAPTURE_TRUNCATED', `${this.#source.name} ends in the middle of a block, at byte ${at} of ${this.#source.size}`, {
      hint: 'the run was cut off while it wrote; all packets before were read',
    });
  }

  #format(message: string, hint?: string): LabError {
    return new LabError('CAPTURE_FORMAT', message, { expected: 'a pcapng file', ...(hint !== undefined && { hint }) });
  }

  #magic(): void {
    const name = this.#source.name;
    if (this.#source.size === 0) throw this.#format(`${name} is empty`);
    if (this.#source.size < 28) throw this.#format(`${name} is too short: ${this.#source.size} bytes`);
    const view = this.#window.at(0, 12);
    const magic = view.getUint32(0);
    if (magic === BLOCK.SECTION) return;
    if (magic === 0xa1b2c3d4 || magic === 0xd4c3b2a1 || magic === 0xa1b23c4d || magic === 0x4d3cb2a1) {
      throw this.#format(`${name} is in the old pcap format`, `editcap -F pcapng ${name} converted.pcapng`);
    }
    if (magic >>> 16 === 0x1f8b) throw this.#format(`${name} is compressed`, `gunzip it first`);
    throw this.#format(`${name} is no capture: it begins with ${hex(magic)}`);
  }

  /** Total length of the block; 0 when a section's byte order is unknown. */
  #lengthAt(at: number): number {
    const view = this.#window.at(at, 12);
    if (view.getUint32(0) === BLOCK.SECTION) {
      const order = view.getUint32(8);
      if (order !== BYTE_ORDER_MAGIC && order !== 0x4d3c2b1a) return 0;
      this.#view.littleEndian = order !== BYTE_ORDER_MAGIC;
    }
    return view.getUint32(4, this.#view.littleEndian);
  }

  /** What is wrong with the block, or null. */
  #block(at: number, length: number): string | null {
    if (length === 0) return 'the byte order of the section is unknown';
    if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK) return `impossible block length ${length}`;
    const view = this.#window.at(at, length);
    const le = this.#view.littleEndian;
    if (view.getUint32(length - 4, le) !== length) return `the two lengths of the block differ (${length}, ${view.getUint32(length - 4, le)})`;
    const type = view.getUint32(0, le);
    switch (type) {
      case BLOCK.SECTION:
        return this.#section(view, length);
      case BLOCK.INTERFACE:
        return this.#interface(view, length);
      case BLOCK.ENHANCED:
        return this.#enhanced(view, at, length);
      case BLOCK.PACKET:
        return this.#obsolete(view, at, length);
      case BLOCK.SIMPLE:
        return this.#simple(view, at, length);
      case BLOCK.SECRETS:
        return this.#secrets(view, length);
      case BLOCK.STATISTICS:
        this.#visitor.statistics?.();
        return null;
      default:
        return null;
    }
  }

  #section(view: DataView, length: number): string | null {
    if (length < 28) return 'section header too short';
    const le = this.#view.littleEndian;
    const major = view.getUint16(12, le);
    if (major !== 1) return `pcapng version ${major}`;
    const options = readOptions(view, 24, length - 4, le);
    if (typeof options === 'string') return options;
    this.#interfaces = [];
    this.#sections++;
    this.#visitor.section?.({
      littleEndian: le,
      comment: textOf(options.get(OPTION.COMMENT)),
      application: textOf(options.get(OPTION.SHB_APPLICATION)),
    });
    return null;
  }

  #interface(view: DataView, length: number): string | null {
    if (length < 20) return 'interface description too short';
    const le = this.#view.littleEndian;
    const options = readOptions(view, 16, length - 4, le);
    if (typeof options === 'string') return options;
    const offset = options.get(OPTION.IF_TSOFFSET);
    const info: InterfaceRead = {
      linkType: view.getUint16(8, le),
      snapLength: view.getUint32(12, le),
      name: textOf(options.get(OPTION.IF_NAME)),
      description: textOf(options.get(OPTION.IF_DESCRIPTION)),
      resolution: options.get(OPTION.IF_TSRESOL)?.[0] ?? 6,
      offsetSeconds: offset?.length === 8 ? Number(new DataView(offset.buffer, offset.byteOffset, 8).getBigInt64(0, le)) : 0,
    };
    this.#interfaces.push(info);
    this.#visitor.interface?.(this.#interfaces.length - 1, info);
    return null;
  }

  #enhanced(view: DataView, at: number, length: number): string | null {
    if (length < 32) return 'packet block too short';
    const le = this.#view.littleEndian;
    const captured = view.getUint32(20, le);
    if (captured > length - 32) return `impossible captured length ${captured}`;
    const interfaceIndex = view.getUint32(8, le);
    const info = this.#interfaces[interfaceIndex];
    if (info === undefined) return `interface ${interfaceIndex} is not described`;
    const packet = this.#view;
    packet.interface = interfaceIndex;
    packet.time = this.#time(info, view.getUint32(12, le), view.getUint32(16, le));
    return this.#packet(view, info, at, 28, captured, view.getUint32(24, le), length);
  }

  /** The Packet Block of old files: interface in 16 bits, then a count of drops. */
  #obsolete(view: DataView, at: number, length: number): string | null {
    if (length < 32) return 'packet block too short';
    const le = this.#view.littleEndian;
    const captured = view.getUint32(20, le);
    if (captured > length - 32) return `impossible captured length ${captured}`;
    const interfaceIndex = view.getUint16(8, le);
    const info = this.#interfaces[interfaceIndex];
    if (info === undefined) return `interface ${interfaceIndex} is not described`;
    this.#view.interface = interfaceIndex;
    this.#view.time = this.#time(info, view.getUint32(12, le), view.getUint32(16, le));
    return this.#packet(view, info, at, 28, captured, view.getUint32(24, le), length);
  }

  #simple(view: DataView, at: number, length: number): string | null {
    if (length < 16) return 'simple packet block too short';
    const info = this.#interfaces[0];
    if (info === undefined) return 'interface 0 is not described';
    const original = view.getUint32(8, this.#view.littleEndian);
    const captured = Math.min(original, length - 16, info.snapLength === 0 ? Infinity : info.snapLength);
    this.#view.interface = 0;
    this.#view.time = 0 as Nanos;
    return this.#packet(view, info, at, 12, captured, original, length);
  }

  #packet(view: DataView, info: InterfaceRead, at: number, data: number, captured: number, original: number, length: number): string | null {
    const packet = this.#view;
    const options = data + Math.ceil(captured / 4) * 4;
    const end = data === 28 ? length - 4 : options;
    const wrong = packet.place(view, data, captured, original, options, end);
    if (wrong !== null) return wrong;
    packet.number++;
    packet.block = at;
    packet.ethernet = info.linkType === LINKTYPE_ETHERNET;
    this.#visitor.packet?.(packet);
    return null;
  }

  #secrets(view: DataView, length: number): string | null {
    if (length < 20) return 'secrets block too short';
    const le = this.#view.littleEndian;
    const size = view.getUint32(12, le);
    if (size > length - 20) return `impossible length of secrets ${size}`;
    this.#visitor.secrets?.(view.getUint32(8, le), new Uint8Array(view.buffer, view.byteOffset + 16, size));
    return null;
  }

  /** Nanoseconds: since the run's start for our files, since the first packet for files that count from 1970. */
  #time(info: InterfaceRead, high: number, low: number): Nanos {
    if (info.resolution === 9 && high < 0x200000 && this.#base === null) return (high * 4294967296 + low) as Nanos;
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const exponent = BigInt(info.resolution & 0x7f);
    const second = info.resolution >= 128 ? 1n << exponent : 10n ** exponent;
    const ns = (ticks * 1_000_000_000n) / second + BigInt(info.offsetSeconds) * 1_000_000_000n;
    this.#base ??= ns;
    return Number(ns - this.#base) as Nanos;
  }
}

/** The first value of each option; a text when they are damaged. Values are borrowed. */
function readOptions(view: DataView, from: number, end: number, le: boolean): ReadonlyMap<number, Uint8Array> | string {
  const options = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, le);
    const size = view.getUint16(at + 2, le);
    if (code === OPTION.END) break;
    if (at + 4 + size > end) return `option ${code} is longer than its block`;
    if (!options.has(code)) options.set(code, new Uint8Array(view.buffer, view.byteOffset + at + 4, size));
    at += 4 + Math.ceil(size / 4) * 4;
  }
  return options;
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : decoder.decode(bytes);
}

function hex(n: number): string {
  return `0x${n.toString(16).padStart(8, '0')}`;
}
