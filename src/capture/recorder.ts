/**
 * The recorder: what happens on the links and in the nodes goes to the capture file and, record by record, to the
 * ledger. It knows frames, points, ids and interned decisions; no protocol.
 *
 * Records (each an Enhanced Packet Block):
 *
 * | of            | at            | epb_flags | verdict, `drop=`  | comment                                    |
 * |---------------|---------------|-----------|-------------------|--------------------------------------------|
 * | `sent`        | `LINK:NODE`   | outbound  | if the link lost it | decision of the sending node; `cause=` on the packet's first record |
 * | `received`    | `LINK:NODE`   | inbound   | -                 | -                                          |
 * | `lost`        | `LINK:NODE`   | -         | yes               | `since=` when the link took it             |
 * | `dropped`     | `node:NAME`   | -         | yes               | the node's decision                        |
 * | `event`       | `lab`         | -         | -                 | `at=NODE event=NAME` and free pairs        |
 * | `caused`      | `lab`         | -         | -                 | `at=NODE cause=`: causes that came late, or of a packet without records |
 *
 * A record without direction is a verdict about a packet, no crossing.
 * @module
 */
import { assertInvariant, must } from '../base/assert.js';
import { type DecisionId, NO_DECISION, type NodeId, type PacketId } from '../base/brand.js';
import { CauseSets } from '../base/cause-sets.js';
import type { DropCode } from '../base/drop.js';
import type { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import type { LinkEnd, Tap } from '../fabric/link.js';
import type { Packet } from '../fabric/packet.js';
import { ETHERTYPE } from '../wire/ethernet.js';
import { formatComment, type Pairs } from './comment.js';
import type { DecisionTable } from './decision-table.js';
import { type Ledger, PacketLedger } from './ledger.js';
import { LedgerBuilder } from './ledger-builder.js';
import { commentOption, type Direction, DIRECTION } from './pcapng-format.js';
import { PcapngWriter } from './pcapng-writer.js';
import { describePoint, type Points } from './points.js';
import { RecordBytes } from './record-bytes.js';
import { formatRunInfo, type RunInfo } from './run-info.js';
import { formatSrtpKey, SRTP_KEY_EVENT, type SrtpKey } from './srtp-key.js';
import type { ByteSink } from './store/byte-store.js';
import { STEP, type StepCode } from './store/trail-table.js';

export interface RecorderOptions {
  readonly points: Points;
  readonly decisions: DecisionTable;
  /** Where the file goes; null = the ledger only. */
  readonly sink: ByteSink | null;
  readonly run: RunInfo;
  /** Epoch second of lab time 0. */
  readonly originSeconds: number;
  /** Called once when the file cannot be written any more (CAPTURE_WRITE). The ledger goes on. */
  readonly onError?: (error: LabError) => void;
}

/** A frame of the lab's own EtherType (IEEE Std 802, local experimental 1), with nothing in it: the comment says all. */
const EVENT_FRAME = eventFrame();

function eventFrame(): DataView {
  const frame = new Uint8Array(16);
  frame[6] = 0x02; // source: a locally administered address
  frame[12] = ETHERTYPE.EVENT >>> 8;
  frame[13] = ETHERTYPE.EVENT & 0xff;
  return new DataView(frame.buffer);
}
const EVENT_LENGTH = 14;

export class Recorder implements Tap {
  /** What packets with several causes carry. */
  readonly causes = new CauseSets();
  readonly #points: Points;
  readonly #decisions: DecisionTable;
  readonly #builder: LedgerBuilder;
  readonly #writer: PcapngWriter | null;
  readonly #sink: ByteSink | null;
  readonly #run: RunInfo;
  readonly #bothEnds: boolean;
  /** Ledger's number of a decision, by DecisionId; -1 = not met yet. */
  #numbers = new Int32Array(256).fill(-1);
  #firstTimes: Float64Array;
  readonly #records: Float64Array;
  readonly #drops: Float64Array;
  readonly #secrets = new Set<string>();
  #pendingSecrets = '';
  #holds = 0;
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#points = options.points;
    this.#decisions = options.decisions;
    this.#run = options.run;
    this.#bothEnds = options.run.records === 'both';
    this.#builder = new LedgerBuilder(options.points);
    this.#sink = options.sink;
    this.#firstTimes = new Float64Array(options.points.length).fill(-1);
    this.#records = new Float64Array(options.points.length);
    this.#drops = new Float64Array(options.points.length);
    this.#writer = options.sink === null ? null : new PcapngWriter(options.sink, options.onError);
    if (this.#writer !== null) writeHead(this.#writer, options);
  }

  /** What the file failed with, or null. */
  get error(): LabError | null {
    return this.#writer?.error ?? null;
  }

  // ---- Tap ----

  /** hot */
  sent(p: Packet, end: LinkEnd, drop: DropCode): void {
    if (this.#closed) return;
    const point = end.link * 2 + end.side;
    const decision = p.decision;
    this.#record(STEP.OUT, point, p, drop, decision);
    if (this.#writer === null) return;
    const comment = decision === 0 && drop === 0 ? null : this.#decisions.option(decision, drop);
    this.#write(point, p, DIRECTION.OUTBOUND, drop, comment, -1);
  }

  /** hot */
  received(p: Packet, end: LinkEnd): void {
    if (!this.#bothEnds || this.#closed) return;
    const point = end.link * 2 + end.side;
    this.#record(STEP.IN, point, p, 0 as DropCode, NO_DECISION);
    this.#write(point, p, DIRECTION.INBOUND, 0 as DropCode, null, -1);
  }

  lost(p: Packet, end: LinkEnd, drop: DropCode): void {
    if (this.#closed) return;
    const point = end.link * 2 + end.side;
    this.#record(STEP.LOST, point, p, drop, NO_DECISION);
    this.#write(point, p, DIRECTION.NONE, drop, this.#decisions.option(NO_DECISION, drop), p.sentAt);
  }

  dropped(p: Packet, node: NodeId, drop: DropCode, why: DecisionId): void {
    if (this.#closed) return;
    const point = this.#points.ofNode(node);
    this.#record(STEP.DROP, point, p, drop, why);
    this.#write(point, p, DIRECTION.NONE, drop, this.#decisions.option(why, drop), -1);
  }

  /** hot */
  ended(p: Packet): void {
    if (this.#closed) return;
    if (p.slot === 0 && p.cause !== 0) this.#unseen(p);
    this.#builder.ended(p.id, p.slot);
  }

  // ---- what nodes tell ----

  /** An intention that bytes do not show. `fields` may have any key of the grammar but `at` and `event`. */
  event(node: NodeId | null, now: Nanos, name: string, fields: Pairs = {}): void {
    if (this.#closed) return;
    const at = node === null ? '' : this.#points.nodeName(node);
    assertInvariant(!Object.hasOwn(fields, 'at') && !Object.hasOwn(fields, 'event'), 'fields of an event beside at and event');
    this.#builder.event({ at: now, node: at, name, fields: { ...fields } });
    const point = this.#points.lab;
    if (this.#records[point] === 0) this.#firstTimes[point] = now;
    this.#count(point, 0 as DropCode);
    const writer = this.#writer;
    if (writer === null) return;
    const text = formatComment({ ...(at !== '' && { at }), event: name, ...fields });
    writer.time = now;
    writer.packet(point, EVENT_FRAME, 0, EVENT_LENGTH, DIRECTION.NONE, 0, 0 as DropCode, commentOption(text), 0, -1);
  }

  /**
   * Causes that were not known at the packet's first record: a node whose inside is a kernel's tells them late.
   * @param node that sent the packet because of them; null = not known
   */
  caused(node: NodeId | null, now: Nanos, id: PacketId, causes: readonly number[]): void {
    if (this.#closed || causes.length === 0) return;
    this.#builder.causes(id, causes);
    const point = this.#points.lab;
    if (this.#records[point] === 0) this.#firstTimes[point] = now;
    this.#count(point, 0 as DropCode);
    const writer = this.#writer;
    if (writer === null) return;
    const at = node === null ? '' : this.#points.nodeName(node);
    const text = formatComment({ ...(at !== '' && { at }), cause: causes.join() });
    writer.time = now;
    writer.packet(point, EVENT_FRAME, 0, EVENT_LENGTH, DIRECTION.NONE, id, 0 as DropCode, commentOption(text), 0, -1);
  }

  /** One line of NSS SSLKEYLOGFILE. Lines that were told before (both ends of a session know them) are not repeated. */
  secret(line: string): void {
    const text = line.trim();
    if (this.#closed || text === '' || this.#secrets.has(text)) return;
    this.#secrets.add(text);
    this.#pendingSecrets += `${text}\n`;
    if (this.#holds === 0) this.#writeSecrets();
  }

  /** Keys of one SRTP stream, as an event: an analysis of the file alone can then decrypt it. */
  srtpKey(node: NodeId, now: Nanos, key: SrtpKey): void {
    this.event(node, now, SRTP_KEY_EVENT, formatSrtpKey(key));
  }

  // ---- the file ----

  /**
   * Packets from here on may be encrypted under keys that come later: they are kept back until every hold is
   * released, so that the keys stand before them in the file. Bounded: after 32 MiB they are written all the same.
   */
  hold(): void {
    if (this.#closed) return;
    this.#holds++;
    this.#writer?.hold();
  }

  release(): void {
    if (this.#holds === 0 || --this.#holds > 0) return;
    this.#writeSecrets();
    this.#writer?.release();
  }

  /** Everything told so far is in the file and makes it a complete one. */
  flush(): void {
    if (this.#closed) return;
    this.#writeSecrets();
    this.#writer?.release();
    this.#writer?.flush();
    if (this.#holds > 0) this.#writer?.hold();
  }

  /** As {@link flush}, but for what was told since the checkpoint before: keys that open it may still come. */
  checkpoint(): void {
    if (this.#closed) return;
    this.#writeSecrets();
    this.#writer?.releaseOlder();
  }

  /** Ends the file with its statistics. Idempotent. What nodes still do while they are torn down is not recorded. */
  close(now: Nanos): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#holds = 0;
    this.#writeSecrets();
    this.#builder.finish();
    const writer = this.#writer;
    if (writer === null) return;
    writer.release();
    for (const point of this.#points.all) {
      const first = this.#firstTimes[point.index] as number;
      writer.statistics(point.index, {
        start: (first < 0 ? 0 : first) as Nanos,
        end: now,
        received: this.#records[point.index] as number,
        dropped: this.#drops[point.index] as number,
      });
    }
    writer.close();
  }

  /** The run's ledger, after {@link close}. Its `bytes` read the file that was written; the caller closes the ledger. */
  ledger(): Ledger {
    must(this.#closed ? true : null, 'a closed recorder');
    const writer = this.#writer;
    const usable = writer !== null && writer.error === null && this.#sink !== null;
    return new PacketLedger(this.#builder, this.#run, usable ? new RecordBytes(this.#sink.source(), writer.index, true) : null);
  }

  #writeSecrets(): void {
    if (this.#pendingSecrets === '') return;
    this.#writer?.secrets(this.#pendingSecrets);
    this.#pendingSecrets = '';
  }

  /**
   * What was sent because of something and never was on a link: a datagram that its sender cut into fragments, or one to
   * itself. Without a record of its own the fragments would have no ancestors. (Put together from fragments it is none.)
   */
  #unseen(p: Packet): void {
    if (p.fragmented === 0) this.caused(null, p.time, p.id, this.causes.ids(p.cause));
  }

  /** hot. To the ledger, and to the point's statistics. */
  #record(kind: StepCode, point: number, p: Packet, drop: DropCode, decision: DecisionId): void {
    const builder = this.#builder;
    builder.time = p.time;
    const cause = p.cause;
    p.trail = builder.record(kind, point, p.id, p.slot, p.buf, p.off, p.len, drop, this.#number(decision), cause < 0 ? this.#first(cause) : cause);
    p.slot = builder.slot;
    if (cause < 0 && builder.opened) builder.causes(p.id, this.causes.ids(cause));
    if (this.#records[point] === 0) this.#firstTimes[point] = p.time;
    this.#count(point, drop);
  }

  /** hot. To the file, if there is one; the packet's first record names what caused it. */
  #write(point: number, p: Packet, direction: Direction, drop: DropCode, comment: Int32Array | null, since: number): void {
    const writer = this.#writer;
    if (writer === null) return;
    writer.time = p.time;
    const cause = this.#builder.opened ? p.cause : 0;
    if (cause < 0) writer.causes = this.causes.ids(cause);
    writer.packet(point, p.view, p.off, p.len, direction, p.id, drop, comment, cause < 0 ? this.#first(cause) : cause, since);
  }

  #first(set: number): number {
    return this.causes.ids(set)[0] ?? 0;
  }

  /** hot */
  #count(point: number, drop: DropCode): void {
    this.#records[point] = (this.#records[point] as number) + 1;
    if (drop !== 0) this.#drops[point] = (this.#drops[point] as number) + 1;
  }

  /** hot. The ledger's number of a decision. */
  #number(decision: number): number {
    if (decision === 0) return 0;
    const known = decision < this.#numbers.length ? (this.#numbers[decision] as number) : -1;
    return known >= 0 ? known : this.#meet(decision);
  }

  #meet(decision: number): number {
    if (decision >= this.#numbers.length) {
      const grown = new Int32Array(Math.max(this.#numbers.length * 2, decision + 1)).fill(-1);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    const number = this.#builder.decision(this.#decisions.text(decision as DecisionId));
    this.#numbers[decision] = number;
    return number;
  }
}

function writeHead(writer: PcapngWriter, options: RecorderOptions): void {
  writer.section({
    hardware: process.arch,
    os: process.platform,
    // What TLS messages look like hangs on these two.
    application: `callpath ${options.run.version}, Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    comment: formatRunInfo(options.run),
  });
  for (const point of options.points.all) {
    writer.interface({ name: point.name, description: describePoint(point), offsetSeconds: options.originSeconds });
  }
}
