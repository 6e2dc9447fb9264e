/**
 * Fields of the capture itself (`frame.*`) and of the lab (`lab.*`).
 * @module
 */
import { dropName } from '../../base/drop.js';
import { decisionText, parseComment } from '../comment.js';
import type { Field, FieldValue, FilterFrame } from './field.js';

function comments(f: FilterFrame): readonly string[] {
  return Array.from({ length: f.packet.comments }, (_, i) => f.packet.comment(i));
}

function captured(f: FilterFrame): Uint8Array {
  const { buf, off, captured: n } = f.packet;
  return buf.subarray(off, off + n);
}

function some<T extends FieldValue>(value: T, when: boolean): readonly T[] {
  return when ? [value] : [];
}

export const FRAME_FIELDS: readonly Field[] = [
  { name: 'frame', type: 'protocol', summary: 'the whole frame', values: (f) => [captured(f)] },
  { name: 'frame.number', type: 'uint', summary: 'number in the file, from 1', values: (f) => [f.packet.number] },
  { name: 'frame.len', type: 'uint', summary: 'octets on the wire', values: (f) => [f.packet.length] },
  { name: 'frame.cap_len', type: 'uint', summary: 'octets captured', values: (f) => [f.packet.captured] },
  { name: 'frame.time_relative', type: 'seconds', summary: 'since the first frame', values: (f) => [f.packet.time - f.firstTime] },
  { name: 'frame.packet_id', type: 'uint', bits: 53, summary: 'identity of the packet across hops', values: (f) => some(f.packet.id, f.packet.id !== 0) },
  { name: 'frame.interface_id', type: 'uint', summary: 'number of the capture point', values: (f) => [f.packet.interface] },
  { name: 'frame.interface_name', type: 'string', summary: 'LINK:NODE, node:NAME or lab', values: (f) => some(f.interfaceName, f.interfaceName !== '') },
  {
    name: 'frame.interface_description',
    type: 'string',
    summary: 'description of the capture point',
    values: (f) => some(f.interfaceDescription, f.interfaceDescription !== ''),
  },
  { name: 'frame.comment', type: 'string', summary: 'what the record says', values: comments },
  { name: 'frame.packet_flags_direction', type: 'uint', summary: '1 inbound, 2 outbound', values: (f) => some(f.packet.direction, f.packet.direction !== 0) },
  { name: 'frame.verdict.hw', type: 'bytes', summary: 'drop code, one octet', values: (f) => (f.packet.drop === 0 ? [] : [Uint8Array.of(f.packet.drop)]) },
];

/** The first value that a record's comments give. */
function said(f: FilterFrame, read: (comment: string) => string): readonly string[] {
  for (const comment of comments(f)) {
    const value = read(comment);
    if (value !== '') return [value];
  }
  return [];
}

function pairOf(key: string): (comment: string) => string {
  return (comment) => parseComment(comment)?.[key] ?? '';
}

function linkPair(
  read: (point: { readonly linkName: string; readonly segment: string; readonly group: string }) => string,
): (f: FilterFrame) => readonly string[] {
  return (f) => {
    const point = f.points?.all[f.packet.interface];
    return point?.kind === 'link' ? [read(point)] : [];
  };
}

export const LAB_FIELDS: readonly Field[] = [
  { name: 'lab.link', type: 'string', summary: 'link that the record was made on', values: linkPair((p) => p.linkName) },
  { name: 'lab.segment', type: 'string', summary: 'its segment', values: linkPair((p) => p.segment) },
  { name: 'lab.group', type: 'string', summary: 'its group', values: linkPair((p) => p.group) },
  {
    name: 'lab.node',
    type: 'string',
    summary: 'node at which the record was made, or that the event is about',
    values: (f) => {
      const point = f.points?.all[f.packet.interface];
      if (point === undefined) return [];
      return point.kind === 'lab' ? said(f, pairOf('at')) : [point.node];
    },
  },
  {
    name: 'lab.drop',
    type: 'string',
    summary: 'why the packet ended: link-loss, firewall-rule ...',
    values: (f) => (f.packet.drop === 0 ? [] : [dropName(f.packet.drop)]),
  },
  {
    name: 'lab.decision',
    type: 'string',
    summary: 'decision of the node',
    values: (f) =>
      said(f, (comment) => {
        const pairs = parseComment(comment);
        return pairs === null || pairs['event'] !== undefined ? '' : decisionText(pairs);
      }),
  },
  {
    name: 'lab.event',
    type: 'string',
    summary: 'name of the event',
    values: (f) => (f.points?.all[f.packet.interface]?.kind === 'lab' ? said(f, pairOf('event')) : []),
  },
];
