/**
 * Writes pcapng (draft-ietf-opsawg-pcapng), little-endian, in chunks that end on a block's boundary. What it writes is
 * readable by stock Wireshark, tshark and tcpdump. It knows blocks and options, no ledger and no protocol.
 *
 * `packet` is hot: words are copied into the chunk; no allocation, no string.
 * @module
 */
import { assertInvariant } from '../base/assert.js';
import type { DropCode } from '../base/drop.js';
import { LabError } from '../base/error.js';
import { type Nanos, UNSET } from '../base/time.js';
import {
  BLOCK,
  BYTE_ORDER_MAGIC,
  type Direction,
  LINKTYPE_ETHERNET,
  optionOf,
  OPTION,
  SECRETS_TLS_KEY_LOG,
  SNAP_LENGTH,
  textOption,
  VERDICT_HARDWARE,
} from './pcapng-format.js';
import { BlockBuffer } from './store/block-buffer.js';
import type { ByteSink } from './store/byte-store.js';
import { FileIndex } from './store/file-index.js';

const CHUNK = 1 << 20;
/** A hold that has grown to this many bytes is let go: the run's memory is bounded. */
const HOLD_LIMIT = 32 << 20;
/** Fixed octets of an Enhanced Packet Block, with both lengths. */
const EPB_FIXED = 32;
/** Flags, packet id, verdict, end of options. */
const EPB_OPTIONS = 8 + 12 + 8 + 4;
/** Room for a comment of two numbers: `cause=N since=N`. */
const NUMBERS = 4 + 64;
/** A further cause: a comma and ten digits. */
const ONE_MORE = 11;

const CAUSE = bytesOf('cause=');
const COMMA = bytesOf(',');
const SINCE = bytesOf('since=');
const encoder = new TextEncoder();

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export interface SectionInfo {
  readonly hardware: string;
  readonly os: string;
  /** `callpath 1.2.3` */
  readonly application: string;
  readonly comment: string;
}

export interface InterfaceInfo {
  readonly name: string;
  readonly description: string;
  /** Epoch seconds that time 0 stands for. */
  readonly offsetSeconds: number;
}

export interface Counts {
  readonly start: Nanos;
  readonly end: Nanos;
  readonly received: number;
  readonly dropped: number;
}

export class PcapngWriter {
  readonly index = new FileIndex();
  readonly #sink: ByteSink;
  readonly #onError: (error: LabError) => void;
  #main = new BlockBuffer(CHUNK);
  /** Blocks that wait for secrets; null = no hold. */
  #held: BlockBuffer | null = null;
  /** Those of them that have waited since before the last {@link releaseOlder}. */
  #older: BlockBuffer | null = null;
  /** Where packets go: main or held. */
  #out = this.#main;
  /** Lab time of the next record. A field: an argument beyond 31 bits is boxed where the call is not inlined. */
  time = UNSET;
  /** All causes of the next packet, if they are several; forgotten when it is written. */
  causes: readonly number[] | null = null;
  /** File length so far, without what is in `#main`. */
  #written = 0;
  #error: LabError | null = null;

  /** @param onError called once when the sink fails; nothing is written after that */
  constructor(sink: ByteSink, onError: (error: LabError) => void = () => undefined) {
    assertInvariant(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'a little-endian machine');
    this.#sink = sink;
    this.#onError = onError;
  }

  /** What the sink failed with, or null. */
  get error(): LabError | null {
    return this.#error;
  }

  section(info: SectionInfo): void {
    const words = [
      ...textOption(OPTION.COMMENT, info.comment),
      ...textOption(OPTION.SHB_HARDWARE, info.hardware),
      ...textOption(OPTION.SHB_OS, info.os),
      ...textOption(OPTION.SHB_APPLICATION, info.application),
      0,
    ];
    // Section length -1: not known beforehand.
    this.#block(BLOCK.SECTION, [BYTE_ORDER_MAGIC, 1, -1, -1, ...words]);
  }

  interface(info: InterfaceInfo): void {
    this.#block(BLOCK.INTERFACE, [
      LINKTYPE_ETHERNET,
      SNAP_LENGTH,
      ...textOption(OPTION.IF_NAME, info.name),
      ...textOption(OPTION.IF_DESCRIPTION, info.description),
      ...optionOf(OPTION.IF_TSRESOL, Uint8Array.of(9)),
      OPTION.IF_TSOFFSET | (8 << 16),
      info.offsetSeconds | 0,
      Math.floor(info.offsetSeconds / 4294967296),
      0,
    ]);
  }

  /** Key-log lines (NSS SSLKEYLOGFILE), each ended by a newline. Goes before everything that is held. */
  secrets(lines: string): void {
    const bytes = encoder.encode(lines);
    const words = new Int32Array((bytes.length + 3) >>> 2);
    new Uint8Array(words.buffer).set(bytes);
    this.#block(BLOCK.SECRETS, [SECRETS_TLS_KEY_LOG, bytes.length, ...words]);
  }

  statistics(point: number, counts: Counts): void {
    const end = counts.end;
    this.#block(BLOCK.STATISTICS, [
      point,
      high(end),
      low(end),
      ...u64Option(OPTION.ISB_STARTTIME, high(counts.start), low(counts.start)),
      ...u64Option(OPTION.ISB_ENDTIME, high(end), low(end)),
      ...u64Option(OPTION.ISB_IFRECV, low(counts.received), high(counts.received)),
      ...u64Option(OPTION.ISB_IFDROP, low(counts.dropped), high(counts.dropped)),
      0,
    ]);
  }

  /**
   * hot. One Enhanced Packet Block, at `time`.
   * @param id packet id, 0 = none
   * @param drop verdict, 0 = none
   * @param comment a ready comment option, or null
   * @param cause id of the packet that caused this one, 0 = not said; the first one, if `causes` says that they are several
   * @param since when a late verdict began to be true, negative = not said
   */
  packet(
    point: number,
    view: DataView,
    off: number,
    len: number,
    direction: Direction,
    id: number,
    drop: DropCode,
    comment: Int32Array | null,
    cause: number,
    since: number,
  ): void {
    const room =
      EPB_FIXED + len + 3 + EPB_OPTIONS + NUMBERS + (comment === null ? 0 : comment.length << 2) + (this.causes === null ? 0 : this.causes.length * ONE_MORE);
    let out = this.#out;
    if (out.at * 4 + room > out.capacity) out = this.#makeRoom(room);
    const start = out.at;
    const words = out.words;
    const time = this.time;
    words[start] = BLOCK.ENHANCED;
    words[start + 2] = point;
    words[start + 3] = Math.floor(time / 4294967296);
    words[start + 4] = time | 0;
    words[start + 5] = len;
    words[start + 6] = len;
    out.at = start + 7;
    out.copy(view, off, len);
    let at = out.at;
    if (direction !== 0) {
      words[at] = OPTION.EPB_FLAGS | (4 << 16);
      words[at + 1] = direction;
      at += 2;
    }
    if (id !== 0) {
      words[at] = OPTION.EPB_PACKETID | (8 << 16);
      words[at + 1] = id | 0;
      words[at + 2] = Math.floor(id / 4294967296);
      at += 3;
    }
    if (drop !== 0) {
      words[at] = OPTION.EPB_VERDICT | (2 << 16);
      words[at + 1] = VERDICT_HARDWARE | (drop << 8);
      at += 2;
    }
    out.at = at;
    if (comment !== null) out.copyWords(comment);
    if (cause !== 0 || since >= 0) {
      writeNumbers(out, cause, this.causes, since);
      this.causes = null;
    }
    words[out.at] = 0;
    const total = (out.at + 2 - start) << 2;
    words[out.at + 1] = total;
    words[start + 1] = total;
    out.at += 2;
    if (this.#held !== null) return;
    this.index.time = time;
    this.index.offset = this.#written + (start << 2);
    this.index.note(total);
  }

  /** Keeps back what comes, until {@link release}. */
  hold(): void {
    if (this.#held !== null) return;
    this.#held = new BlockBuffer(CHUNK);
    this.#out = this.#held;
  }

  /** Writes what was kept back. */
  release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#out = this.#main;
    this.flush();
    this.#pushOlder();
    this.#noteHeld(held);
    this.#push(held);
  }

  /** Writes what was kept back before the last call of this; what came since is kept back until the next. */
  releaseOlder(): void {
    this.flush();
    const held = this.#held;
    if (held === null) return;
    this.#pushOlder();
    this.#older = held;
    this.#held = new BlockBuffer(CHUNK);
    this.#out = this.#held;
  }

  #pushOlder(): void {
    const older = this.#older;
    if (older === null) return;
    this.#older = null;
    this.#noteHeld(older);
    this.#push(older);
  }

  /** Everything that is not held goes to the sink: from here on an interrupted run leaves it complete. */
  flush(): void {
    this.#push(this.#main);
  }

  close(): void {
    this.release();
    this.flush();
    this.#sink.close();
  }

  /** Held packets get their place in the file only now. */
  #noteHeld(held: BlockBuffer): void {
    for (let at = 0; at < held.at; ) {
      const length = held.words[at + 1] as number;
      const time = (held.words[at + 3] as number) * 4294967296 + ((held.words[at + 4] as number) >>> 0);
      this.index.time = time as Nanos;
      this.index.offset = this.#written + (at << 2);
      this.index.note(length);
      at += length >>> 2;
    }
  }

  #push(buffer: BlockBuffer): void {
    const length = buffer.at << 2;
    if (length === 0) return;
    buffer.at = 0;
    if (this.#error !== null) return;
    try {
      this.#sink.write(buffer.bytes, length);
    } catch (e) {
      if (!LabError.is(e)) throw e;
      this.#error = e;
      this.#onError(e);
      return;
    }
    this.#written += length;
  }

  /** cold. The buffer that has room for one more block of that size. */
  #makeRoom(bytes: number): BlockBuffer {
    if (this.#held !== null && this.#held.at * 4 + bytes > HOLD_LIMIT) {
      this.release();
      this.hold();
    }
    const held = this.#held;
    if (held !== null) {
      held.reserve(bytes);
      return held;
    }
    this.flush();
    this.#main.reserve(bytes);
    return this.#main;
  }

  /** cold. A block that no hold keeps back. */
  #block(type: number, body: readonly number[]): void {
    const total = (body.length + 3) << 2;
    if (this.#main.at * 4 + total > this.#main.capacity) {
      this.flush();
      this.#main.reserve(total);
    }
    const { words, at } = this.#main;
    words[at] = type;
    words[at + 1] = total;
    for (let i = 0; i < body.length; i++) words[at + 2 + i] = body[i] as number;
    words[at + 2 + body.length] = total;
    this.#main.at = at + (total >>> 2);
  }
}

function high(n: number): number {
  return Math.floor(n / 4294967296);
}

function low(n: number): number {
  return n | 0;
}

function u64Option(code: number, first: number, second: number): readonly number[] {
  return [code | (8 << 16), first, second];
}

/** The comment option `cause=N,N since=N`, of which either may be missing. @param causes all, if they are more than one */
function writeNumbers(out: BlockBuffer, cause: number, causes: readonly number[] | null, since: number): void {
  const header = out.at;
  const start = (header + 1) << 2;
  let at = start;
  if (cause !== 0) at = writePair(out.bytes, at, CAUSE, cause);
  if (causes !== null) for (let i = 1; i < causes.length; i++) at = writePair(out.bytes, at, COMMA, causes[i] as number);
  if (since >= 0) {
    if (at > start) out.bytes[at++] = 0x20;
    at = writePair(out.bytes, at, SINCE, since);
  }
  const length = at - start;
  while ((at & 3) !== 0) out.bytes[at++] = 0;
  out.words[header] = OPTION.COMMENT | (length << 16);
  out.at = at >>> 2;
}

function writePair(bytes: Uint8Array, at: number, key: Uint8Array, value: number): number {
  for (let i = 0; i < key.length; i++) bytes[at++] = key[i] as number;
  let digits = 1;
  for (let n = value; n >= 10; n = Math.floor(n / 10)) digits++;
  let n = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const rest = Math.floor(n / 10);
    bytes[i] = 0x30 + (n - rest * 10);
    n = rest;
  }
  return at + digits;
}
