/**
 * Runs a filter over a capture.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { ZERO } from '../../base/time.js';
import { dissect } from '../../wire/frame.js';
import { isMalformed } from '../../wire/malformed.js';
import type { PacketView } from '../packet-view.js';
import { type InterfaceRead, readPcapng } from '../pcapng-reader.js';
import { type Points, pointsFromInterfaces } from '../points.js';
import type { ByteSource } from '../store/byte-store.js';
import type { Filter } from './compile.js';
import type { FilterFrame } from './field.js';

/** Makes frames of a file's packets, for filters. One for each pass over a file. */
export class FrameMaker {
  readonly #interfaces: InterfaceRead[] = [];
  #points: Points | null | undefined = undefined;
  #firstTime = ZERO;

  /** A new section: its interfaces are counted anew. */
  section(): void {
    this.#interfaces.length = 0;
    this.#points = undefined;
  }

  interface(info: InterfaceRead): void {
    this.#interfaces.push(info);
  }

  /** Null for a file that is not the lab's. */
  get points(): Points | null {
    if (this.#points === undefined) this.#points = pointsFromInterfaces(this.#interfaces);
    return this.#points;
  }

  /** Borrows the packet. */
  frame(packet: PacketView): FilterFrame {
    if (packet.number === 1) this.#firstTime = packet.time;
    const frame = packet.ethernet ? dissect(packet.buf, packet.off, packet.captured) : null;
    return {
      packet,
      frame: frame === null || isMalformed(frame) ? null : frame,
      firstTime: this.#firstTime,
      interfaceName: this.#interfaces[packet.interface]?.name ?? '',
      interfaceDescription: this.#interfaces[packet.interface]?.description ?? '',
      points: this.points,
    };
  }
}

export interface Selected {
  /** Numbers from 1, as Wireshark counts. */
  readonly frames: readonly number[];
  /** Ids of the packets that they are records of, in the order of first selection. */
  readonly packets: readonly number[];
  readonly warnings: readonly LabError[];
}

/** Frames of a capture that a filter selects. Errors: as `readPcapng`. */
export function selectFrames(source: ByteSource, filter: Filter): Selected {
  const maker = new FrameMaker();
  const frames: number[] = [];
  const packets = new Set<number>();
  const { warnings } = readPcapng(source, {
    section: () => {
      maker.section();
    },
    interface: (_, info) => {
      maker.interface(info);
    },
    packet: (packet) => {
      if (!filter(maker.frame(packet))) return;
      frames.push(packet.number);
      if (packet.id !== 0) packets.add(packet.id);
    },
  });
  return { frames, packets: [...packets], warnings };
}
