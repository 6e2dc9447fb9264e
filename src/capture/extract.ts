/**
 * Ordinary captures out of the capture of a run: what a tcpdump at one point would have seen. Stock stream analysis
 * (RTP statistics, TCP) takes a packet that was seen at many points for many packets; so it gets these.
 *
 * An extract has the interfaces asked for, the TLS secrets before all packets (not beside clear media), original times, directions and packet
 * ids. It has neither verdicts nor decisions: a tcpdump knows of none. A frame that the link lost after it was sent
 * is there, as it was on the sender's wire.
 * @module
 */
import { renameSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { DropCode } from '../base/drop.js';
import { LabError } from '../base/error.js';
import { formatComment, parseComment } from './comment.js';
import type { Filter } from './filter/compile.js';
import { FrameMaker } from './filter/select.js';
import type { PacketView } from './packet-view.js';
import { DIRECTION, SECRETS_TLS_KEY_LOG } from './pcapng-format.js';
import { type InterfaceRead, readPcapng, type SectionRead } from './pcapng-reader.js';
import { PcapngWriter } from './pcapng-writer.js';
import { type Points, pointsFromInterfaces } from './points.js';
import { parseRunInfo } from './run-info.js';
import { parseSrtpKey, SRTP_KEY_EVENT, type SrtpKey } from './srtp-key.js';
import { type ByteSource, FileSink, FileSource } from './store/byte-store.js';

/** Decrypts media; handed in, since protocols live above. */
export interface ClearText {
  /**
   * Writes the frame with its payload in the clear to `out` and returns its length; 0 when it is not encrypted, or
   * not under a known key. Called in the order of the file.
   */
  twin(buf: Uint8Array, off: number, len: number, out: Uint8Array): number;
}

export interface ExtractOptions {
  /** Capture of a run. */
  readonly from: string;
  /** File to write. It appears when it is complete: until then it is called `NAME.partial`. */
  readonly to: string;
  /** Names of capture points (`LINK:NODE`). */
  readonly at: readonly string[];
  /** Only what it selects, at these points. */
  readonly filter?: Filter;
  /** Only packets with these ids (those of a flow). */
  readonly packets?: ReadonlySet<number>;
  /** Makes the decrypter of the run's SRTP keys. */
  readonly clear?: (keys: readonly SrtpKey[]) => ClearText;
}

export interface Extracted {
  /** Packets written. */
  readonly packets: number;
  /** What was wrong with the capture that was read. */
  readonly warnings: readonly LabError[];
}

/** Longest clear text: no frame is as long. */
const TWIN_BYTES = 1 << 17;

/** Errors: CAPTURE_POINT, CAPTURE_NOT_OURS, CAPTURE_FORMAT, CAPTURE_WRITE, FILE_NOT_FOUND, FILE_UNREADABLE. */
export function extract(options: ExtractOptions): Extracted {
  const source = new FileSource(options.from);
  try {
    const known = survey(source);
    const wanted = pointsNamed(known.points, options.at, options.from);
    return whole(options.to, (partial) => writeExtract(source, known, wanted, partial, options));
  } finally {
    source.close();
  }
}

export interface NodeExtract extends Extracted {
  readonly node: string;
  readonly path: string;
}

/**
 * One file per node with all its interfaces. Errors: as {@link extract}.
 * @param nodes names of nodes
 * @param path the file of a node
 */
export function extractNodes(from: string, nodes: readonly string[], path: (node: string) => string, clear?: ExtractOptions['clear']): readonly NodeExtract[] {
  const source = new FileSource(from);
  try {
    const known = survey(source);
    return nodes.map((node) => {
      const wanted = known.points.interfacesOf(node).map((point) => point.index);
      if (wanted.length === 0)
        throw unknownPoint(`no interface of ${node}`, from, [...new Set(known.points.all.flatMap((p) => (p.kind === 'link' ? [p.node] : [])))]);
      const to = path(node);
      const options: ExtractOptions = { from, to, at: [], ...(clear !== undefined && { clear }) };
      return { node, path: to, ...whole(to, (partial) => writeExtract(source, known, wanted, partial, options)) };
    });
  } finally {
    source.close();
  }
}

/** Writes under another name, and gives the file its own when it is complete. */
function whole<T>(to: string, write: (partial: string) => T): T {
  const partial = `${to}.partial`;
  try {
    const result = write(partial);
    renameSync(partial, to);
    return result;
  } catch (e) {
    rmSync(partial, { force: true });
    if (LabError.is(e) || !(e instanceof Error && 'syscall' in e)) throw e;
    throw new LabError('CAPTURE_WRITE', `cannot write ${to}: ${e.message}`, { cause: e });
  }
}

interface Survey {
  readonly section: SectionRead;
  readonly interfaces: readonly InterfaceRead[];
  readonly points: Points;
  readonly secrets: readonly string[];
  readonly srtp: readonly SrtpKey[];
}

/** First pass: the points, and all keys, which an extract has before its first packet. */
function survey(source: ByteSource): Survey {
  const decoder = new TextDecoder();
  const interfaces: InterfaceRead[] = [];
  const secrets: string[] = [];
  const srtp: SrtpKey[] = [];
  let section: SectionRead | null = null;
  readPcapng(source, {
    section: (s) => {
      section ??= s;
    },
    interface: (_, info) => {
      interfaces.push(info);
    },
    secrets: (type, data) => {
      if (type === SECRETS_TLS_KEY_LOG) secrets.push(decoder.decode(data));
    },
    packet: (packet) => {
      if (interfaces[packet.interface]?.name === 'lab') srtp.push(...keysOf(packet));
    },
  });
  const points = pointsFromInterfaces(interfaces);
  const first = section as SectionRead | null;
  if (first === null || points === null || parseRunInfo(first.comment) === null) {
    throw new LabError('CAPTURE_NOT_OURS', `${source.name} was not written by a run of the lab: it has no capture points`, {
      expected: 'the capture of a run',
      hint: 'an ordinary capture is filtered by tshark -Y ... -w',
    });
  }
  return { section: first, interfaces, points, secrets, srtp };
}

function keysOf(packet: PacketView): readonly SrtpKey[] {
  const keys: SrtpKey[] = [];
  for (let i = 0; i < packet.comments; i++) {
    const pairs = parseComment(packet.comment(i));
    const key = pairs?.['event'] === SRTP_KEY_EVENT ? parseSrtpKey(pairs) : null;
    if (key !== null) keys.push(key);
  }
  return keys;
}

function pointsNamed(points: Points, names: readonly string[], file: string): readonly number[] {
  return names.map((name) => {
    const point = points.named(name);
    if (point?.kind === 'link') return point.index;
    throw unknownPoint(
      `no capture point ${name}`,
      file,
      points.all.flatMap((p) => (p.kind === 'link' ? [p.name] : [])),
    );
  });
}

function unknownPoint(what: string, file: string, known: readonly string[]): LabError {
  return new LabError('CAPTURE_POINT', `${file} has ${what}`, { expected: `one of ${known.join(', ')}` });
}

function writeExtract(source: ByteSource, known: Survey, wanted: readonly number[], to: string, options: ExtractOptions): Extracted {
  const sink = new FileSink(to);
  try {
    return writeRecords(source, known, wanted, new PcapngWriter(sink), options);
  } finally {
    sink.close();
  }
}

function writeRecords(source: ByteSource, known: Survey, wanted: readonly number[], writer: PcapngWriter, options: ExtractOptions): Extracted {
  // A reader of the SDP would take the clear media for encrypted: with the media in the clear, the signalling stays shut.
  writeHead(writer, known, wanted, options.from, options.clear === undefined);
  const maker = new FrameMaker();
  const clear = options.clear?.(known.srtp) ?? null;
  const scratch = new Uint8Array(clear === null ? 0 : TWIN_BYTES);
  const scratchView = new DataView(scratch.buffer);
  let packets = 0;
  const { warnings } = readPcapng(source, {
    section: () => {
      maker.section();
    },
    interface: (_, info) => {
      maker.interface(info);
    },
    packet: (packet) => {
      // Without direction it is a verdict about a packet, no crossing.
      const point = wanted.indexOf(packet.interface);
      // The number of the first frame is what times are relative to: it is looked at even when it is not wanted.
      const frame = options.filter !== undefined && (point >= 0 || packet.number === 1) ? maker.frame(packet) : null;
      if (point < 0 || packet.direction === DIRECTION.NONE) return;
      if (options.packets?.has(packet.id) === false) return;
      if (frame !== null && options.filter?.(frame) === false) return;
      packets++;
      const twin = clear?.twin(packet.buf, packet.off, packet.captured, scratch) ?? 0;
      writer.time = packet.time;
      if (twin > 0) writer.packet(point, scratchView, 0, twin, packet.direction, packet.id, 0 as DropCode, null, 0, -1);
      else writer.packet(point, packet.view, packet.off, packet.captured, packet.direction, packet.id, 0 as DropCode, null, 0, -1);
    },
  });
  writer.close();
  if (writer.error !== null) throw writer.error;
  return { packets, warnings };
}

function writeHead(writer: PcapngWriter, known: Survey, wanted: readonly number[], from: string, secrets: boolean): void {
  writer.section({
    hardware: process.arch,
    os: process.platform,
    application: known.section.application,
    comment: formatComment({ extract: basename(from) }),
  });
  for (const index of wanted) {
    const info = known.interfaces[index];
    if (info !== undefined) writer.interface({ name: info.name, description: info.description, offsetSeconds: info.offsetSeconds });
  }
  if (secrets && known.secrets.length > 0) writer.secrets(known.secrets.join(''));
}
