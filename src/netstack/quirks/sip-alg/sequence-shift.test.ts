import { expect, test } from 'vitest';
import { dissectIp } from '../../../wire/frame.js';
import { isMalformed } from '../../../wire/malformed.js';
import * as tcp from '../../../wire/tcp.js';
import { tcpPacket } from '../../../../test/support/router/frames.js';
import { SequenceShifts } from './sequence-shift.js';

const ends = { from: '10.0.1.1', to: '10.0.2.1' };

/** Sequence, acknowledgement and SACK of a segment after the shift; its checksum must hold. */
function shifted(shifts: SequenceShifts, direction: 0 | 1, seq: number, ack: number, sack: readonly (readonly [number, number])[] = []): unknown {
  const b = tcpPacket({ ...ends, flags: tcp.ACK_FLAG, seq, ack, options: sack.length > 0 ? { sack } : {} });
  shifts.apply(direction, b, 20);
  const ip = dissectIp(b, 0, b.length, { verifyChecksums: true });
  if (isMalformed(ip) || isMalformed(ip.transport) || ip.transport.kind !== 'tcp') throw new Error('no TCP');
  expect(ip.transport.checksumState).toBe('good');
  const { header } = ip.transport;
  return [header.seq, header.ack, ...(header.options.sack ?? []).flat()];
}

test('what follows a change is shifted, and what is acknowledged of it is shifted back', () => {
  const shifts = new SequenceShifts();
  expect(shifted(shifts, 0, 1000, 5000)).toEqual([1000, 5000]);
  shifts.changed(0, 1000, 7);
  expect(shifted(shifts, 0, 1000, 5000)).toEqual([1000, 5000]);
  expect(shifted(shifts, 0, 1100, 5000)).toEqual([1107, 5000]);
  expect(shifted(shifts, 1, 5000, 1107, [[1207, 1307]])).toEqual([5000, 1100, 1200, 1300]);
  expect(shifted(shifts, 1, 5000, 1000)).toEqual([5000, 1000]);
  // Sent again: counted once.
  shifts.changed(0, 1000, 7);
  expect(shifted(shifts, 0, 1100, 5000)).toEqual([1107, 5000]);
  shifts.changed(0, 1100, -3);
  expect(shifted(shifts, 0, 1200, 5000)).toEqual([1204, 5000]);
  expect(shifted(shifts, 1, 5000, 1204)).toEqual([5000, 1200]);
});

test('across the end of the numbers', () => {
  const shifts = new SequenceShifts();
  shifts.changed(1, 0xffff_fff0, 32);
  expect(shifted(shifts, 1, 0xffff_fff8, 1)).toEqual([24, 1]);
  expect(shifted(shifts, 0, 1, 24)).toEqual([1, 0xffff_fff8]);
});

test('SACK blocks at an odd offset', () => {
  const shifts = new SequenceShifts();
  shifts.changed(0, 1000, 7);
  const b = tcpPacket({ ...ends, flags: tcp.ACK_FLAG, seq: 5000, ack: 1107, options: { sack: [[0x01020304, 0x05060708]] } });
  // NOP, NOP, kind, length, two edges: one octet to the left, a NOP behind.
  b.copyWithin(20 + 21, 20 + 22, 20 + 32);
  b[20 + 31] = 1;
  tcp.fillChecksum(b, 20, b.length - 20, 0x0a00 + 0x0101 + 0x0a00 + 0x0201 + 6 + b.length - 20);
  shifts.apply(1, b, 20);
  const ip = dissectIp(b, 0, b.length, { verifyChecksums: true });
  expect(ip).toMatchObject({ transport: { checksumState: 'good', header: { ack: 1100, options: { sack: [[0x01020304 - 7, 0x05060708 - 7]] } } } });
});
