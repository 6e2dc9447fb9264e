import { describe, expect, it } from 'vitest';
import { BundleDemux } from './bundle.js';
import { oneByteExtension } from './header-extension.js';
import * as rtp from './rtp.js';

const MID_ID = 3;

function packet(ssrc: number, payloadType: number, mid?: string): Uint8Array {
  const whole = mid === undefined ? null : oneByteExtension(MID_ID, new TextEncoder().encode(mid));
  const b = new Uint8Array(64);
  const n = rtp.emit(
    {
      marker: false,
      payloadType,
      sequenceNumber: 1,
      timestamp: 2,
      ssrc,
      csrcs: [],
      extension: whole === null ? null : { profile: 0xbede, data: whole.subarray(4) },
      padding: 0,
      payload: Uint8Array.of(1),
    },
    b,
    0,
  );
  return b.slice(0, n);
}

const make = (): BundleDemux =>
  new BundleDemux(
    [
      { mid: 'foo', payloadTypes: [0, 96] },
      { mid: 'bar', payloadTypes: [96, 97] },
      { mid: 'foobar', payloadTypes: [] },
    ],
    MID_ID,
  );

describe('RFC 9143 section 9.2', () => {
  it('by MID, which an SSRC is remembered by', () => {
    const demux = make();
    expect(demux.streamOf(packet(1, 96, 'bar'), 0)).toBe(1);
    expect(demux.streamOf(packet(2, 96, 'foobar'), 0)).toBe(2);
    // Packets that leave it out are those of their SSRC.
    expect([demux.streamOf(packet(1, 96), 0), demux.streamOf(packet(2, 0), 0)]).toEqual([1, 2]);
  });

  it('another MID moves the SSRC', () => {
    const demux = make();
    demux.streamOf(packet(1, 96, 'bar'), 0);
    expect(demux.streamOf(packet(1, 96, 'foo'), 0)).toBe(0);
    expect(demux.streamOf(packet(1, 96), 0)).toBe(0);
  });

  it('a MID that is in no table is dropped, whatever SSRC and payload type say', () => {
    const demux = make();
    demux.streamOf(packet(1, 97), 0);
    expect([demux.streamOf(packet(1, 97, 'baz'), 0), demux.streamOf(packet(1, 97, 'fo'), 0)]).toEqual([-1, -1]);
  });

  it('by payload type, if it is of one m-line; the SSRC then stays there', () => {
    const demux = make();
    expect([demux.streamOf(packet(1, 0), 0), demux.streamOf(packet(2, 97), 0)]).toEqual([0, 1]);
    expect(demux.streamOf(packet(2, 96), 0)).toBe(1);
    expect([demux.streamOf(packet(3, 96), 0), demux.streamOf(packet(4, 5), 0)]).toEqual([-1, -1]);
  });

  it('without an agreed extension a MID is not looked for', () => {
    const demux = new BundleDemux([{ mid: 'foo', payloadTypes: [0] }], 0);
    expect(demux.streamOf(packet(1, 0, 'bar'), 0)).toBe(0);
  });
});
