/**
 * What a field of the filter language is. Fields are handed in as tables, so floors above add their protocols.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import type { Frame } from '../../wire/frame.js';
import type { PacketView } from '../packet-view.js';
import type { Points } from '../points.js';

/**
 * How values are held: `uint`, `ipv4` and `ether` (48 bits) as numbers, `seconds` as nanoseconds, `bool` as boolean,
 * `ipv6` (16 octets) and `bytes` as Uint8Array; `protocol` is there or not, and `contains` looks into its bytes.
 */
export type FieldType = 'uint' | 'bool' | 'string' | 'ipv4' | 'ipv6' | 'ether' | 'bytes' | 'seconds' | 'protocol';

export type FieldValue = number | boolean | string | Uint8Array;

/** One packet under the filter. */
export interface FilterFrame {
  readonly packet: PacketView;
  /** Null when it is no Ethernet frame. */
  readonly frame: Frame | null;
  /** Time of the file's first packet. */
  readonly firstTime: Nanos;
  readonly interfaceName: string;
  readonly interfaceDescription: string;
  /** Null for a file that is not the lab's. */
  readonly points: Points | null;
}

export interface Field {
  /** As Wireshark names it. */
  readonly name: string;
  readonly type: FieldType;
  /** Of an unsigned integer; 32 when not given. */
  readonly bits?: number;
  /** One line for people. */
  readonly summary: string;
  /** All values in that packet, in their order; empty = the packet has no such field. */
  values(frame: FilterFrame): readonly FieldValue[];
}

export type FieldTable = ReadonlyMap<string, Field>;

/** Later fields replace earlier ones of the same name. */
export function fieldTable(...lists: readonly (readonly Field[])[]): FieldTable {
  return new Map(lists.flat().map((field) => [field.name, field]));
}
