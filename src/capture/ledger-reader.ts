/**
 * Reads the ledger of a run back from its capture file.
 * @module
 */
import { must } from '../base/assert.js';
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { dropCode } from '../base/drop.js';
import { commentKind, decisionText, type Pairs, parseComment } from './comment.js';
import { type Ledger, PacketLedger } from './ledger.js';
import { LedgerBuilder } from './ledger-builder.js';
import type { PacketView } from './packet-view.js';
import { DIRECTION, SECRETS_TLS_KEY_LOG } from './pcapng-format.js';
import { type InterfaceRead, readPcapng } from './pcapng-reader.js';
import { type Points, pointsFromInterfaces } from './points.js';
import { RecordBytes } from './record-bytes.js';
import { parseRunInfo, type RunInfo } from './run-info.js';
import { type ByteSource, FileSource } from './store/byte-store.js';
import { FileIndex } from './store/file-index.js';
import { STEP, type StepCode } from './store/trail-table.js';

export interface LedgerRead {
  readonly ledger: Ledger;
  /** The run was cut off while it recorded: what is missing at the end is not known. */
  readonly partial: boolean;
  /** Lines of NSS SSLKEYLOGFILE that the file holds. */
  readonly secrets: readonly string[];
  /** Why not everything was read: CAPTURE_TRUNCATED or CAPTURE_FORMAT; empty when all is well. */
  readonly warnings: readonly LabError[];
}

/** Errors: CAPTURE_FORMAT (no pcapng), CAPTURE_NOT_OURS (not of a run of the lab), FILE_NOT_FOUND, FILE_UNREADABLE. */
export function readLedgerFile(path: string): LedgerRead {
  return readLedger(new FileSource(path));
}

/** The ledger takes the source over, and closes it when it is closed; on an error it is closed here. */
export function readLedger(source: ByteSource): LedgerRead {
  try {
    return new LedgerReading(source).run();
  } catch (e) {
    source.close();
    throw e;
  }
}

/** What a record's comment says, kept by its bytes: there are few different ones. */
interface Said {
  readonly decision: string;
  readonly cause: readonly number[];
  readonly drop: number;
  /** Set for an event. */
  readonly event: Pairs | null;
}

const NOTHING: Said = { decision: '', cause: [], drop: 0, event: null };
/** Comments that are kept; those that count (`cause=N`) are all different. */
const KEPT = 4096;

class LedgerReading {
  readonly #source: ByteSource;
  readonly #index = new FileIndex();
  readonly #interfaces: InterfaceRead[] = [];
  #run: RunInfo | null = null;
  #sections = 0;
  /** The statistics with which a recorder ends its file were met. */
  #ended = false;
  #builder: LedgerBuilder | null = null;
  #littleEndian = true;
  readonly #secrets: string[] = [];
  readonly #said = new Map<string, Said>();
  readonly #warnings: LabError[] = [];

  constructor(source: ByteSource) {
    this.#source = source;
  }

  run(): LedgerRead {
    const decoder = new TextDecoder();
    const result = readPcapng(this.#source, {
      section: (section) => {
        this.#sections++;
        if (this.#sections > 1) return;
        this.#run = parseRunInfo(section.comment);
        this.#littleEndian = section.littleEndian;
        if (this.#run === null) throw this.#notOurs('its section header does not name a run of the lab');
      },
      interface: (_, info) => {
        if (this.#sections === 1) this.#interfaces.push(info);
      },
      packet: (packet) => {
        if (this.#sections === 1) this.#packet(packet);
      },
      secrets: (type, data) => {
        if (type === SECRETS_TLS_KEY_LOG)
          this.#secrets.push(
            ...decoder
              .decode(data)
              .split('\n')
              .filter((line) => line !== ''),
          );
      },
      statistics: () => {
        this.#ended = true;
      },
    });
    if (this.#sections > 1) {
      this.#warnings.push(
        new LabError('CAPTURE_FORMAT', `${this.#source.name} holds ${this.#sections} sections; only the first was read`, {
          hint: 'files of several runs cannot be read as one',
        }),
      );
    }
    const builder = this.#ready();
    builder.finish();
    if (builder.ignored > 0) {
      this.#warnings.push(new LabError('CAPTURE_FORMAT', `${this.#source.name} holds ${builder.ignored} records too many of one packet; they were left out`));
    }
    const run = must(this.#run, 'run of the first section');
    // A block that was cut, or damage, is told already.
    if (!this.#ended && result.warnings.length === 0) this.#warnings.push(this.#cutOff());
    const ledger = new PacketLedger(builder, run, new RecordBytes(this.#source, this.#index, this.#littleEndian));
    return { ledger, partial: !this.#ended, secrets: this.#secrets, warnings: [...result.warnings, ...this.#warnings] };
  }

  #cutOff(): LabError {
    return new LabError('CAPTURE_TRUNCATED', `${this.#source.name} is partial: it ends without the statistics of its points`, {
      hint: 'the run was cut off while it wrote (killed, or no space was left); all packets before were read',
    });
  }

  #notOurs(why: string): LabError {
    return new LabError('CAPTURE_NOT_OURS', `${this.#source.name} was not written by a run of the lab: ${why}`, {
      expected: 'a capture that callpath wrote',
      hint: 'tshark and Wireshark read it; the lab needs its own points and packet ids',
    });
  }

  /** Points are known once all interfaces were described: before the first packet. */
  #ready(): LedgerBuilder {
    if (this.#builder !== null) return this.#builder;
    const points: Points | null = pointsFromInterfaces(this.#interfaces);
    if (points === null) throw this.#notOurs('its interfaces are not the capture points of a lab');
    if (this.#interfaces.some((i) => i.resolution !== 9)) throw this.#notOurs('its times are not in nanoseconds');
    return (this.#builder = new LedgerBuilder(points));
  }

  #packet(packet: PacketView): void {
    const builder = this.#ready();
    this.#index.time = packet.time;
    this.#index.offset = packet.block;
    this.#index.note(packet.blockLength);
    const point = packet.interface;
    const said = this.#comments(packet);
    if (point === builder.points.lab) {
      if (said.event !== null) this.#event(said.event, packet.time);
      else if (packet.id !== 0 && said.cause.length > 0) builder.causes(packet.id, said.cause);
      return;
    }
    if (packet.id === 0 || point > builder.points.lab) return;
    const kind = kindOf(packet, point < builder.points.links * 2);
    const drop = packet.drop !== 0 ? packet.drop : said.drop;
    const cause = said.cause[0] ?? 0;
    builder.time = packet.time;
    builder.record(kind, point, packet.id, 0, packet.buf, packet.off, packet.captured, drop as typeof packet.drop, builder.decision(said.decision), cause);
    if (said.cause.length > 0) builder.causes(packet.id, said.cause);
  }

  #event(pairs: Pairs, at: Nanos): void {
    const { at: node = '', event: name = '', ...fields } = pairs;
    this.#builder?.event({ at, node, name, fields });
  }

  #comments(packet: PacketView): Said {
    if (packet.comments === 0) return NOTHING;
    let said = NOTHING;
    for (let i = 0; i < packet.comments; i++) {
      const one = this.#parsed(packet.comment(i));
      said =
        said === NOTHING
          ? one
          : {
              decision: said.decision === '' ? one.decision : said.decision,
              cause: said.cause.length === 0 ? one.cause : said.cause,
              drop: said.drop === 0 ? one.drop : said.drop,
              event: said.event ?? one.event,
            };
    }
    return said;
  }

  #parsed(text: string): Said {
    const known = this.#said.get(text);
    if (known !== undefined) return known;
    const said = saidBy(text);
    if (this.#said.size === KEPT) this.#said.clear();
    this.#said.set(text, said);
    return said;
  }
}

/** A comment that is not in the grammar is somebody's remark: it says nothing here. */
function saidBy(text: string): Said {
  const pairs = parseComment(text);
  if (pairs === null) return NOTHING;
  const kind = commentKind(pairs);
  if (kind === 'event') return { ...NOTHING, event: pairs };
  if (kind === 'other') return NOTHING;
  const cause = (pairs['cause'] ?? '')
    .split(',')
    .map(Number)
    .filter((id) => Number.isInteger(id) && id > 0 && id <= 0xffffffff);
  return { decision: decisionText(pairs), cause, drop: dropCode(pairs['drop'] ?? '') ?? 0, event: null };
}

function kindOf(packet: PacketView, onLink: boolean): StepCode {
  if (!onLink) return STEP.DROP;
  if (packet.direction === DIRECTION.OUTBOUND) return STEP.OUT;
  return packet.direction === DIRECTION.INBOUND ? STEP.IN : STEP.LOST;
}
