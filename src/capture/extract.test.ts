import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NO_DECISION, type NodeId } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import { millis } from '../base/time.js';
import { type ClearText, extract, extractNodes } from './extract.js';
import { compileFilter } from './filter/compile.js';
import { CAPTURE_FIELD_TABLE } from './filter/fields.js';
import { selectFrames } from './filter/select.js';
import { readLedgerFile } from './ledger-reader.js';
import type { SrtpKey } from './srtp-key.js';
import { FileSink, FileSource } from './store/byte-store.js';
import { ipv4Frame, linkEnd, packetOf, playRandom, seenAt, smallLab, udpPayload } from './testing/small-lab.js';
import { describeWith, inFolder, judged } from './testing/tools.js';

/** An RTP packet (RFC 3550 5.1): version 2, PCMU, sequence number, 160 octets a packet, SSRC. */
function rtpFrame(sequence: number): Uint8Array {
  const rtp = new Uint8Array(172).fill(0xd5, 12);
  rtp.set([0x80, 0, sequence >> 8, sequence & 255, 0, 0, (sequence * 160) >> 8, (sequence * 160) & 255, 1, 2, 3, 4]);
  return ipv4Frame('10.0.0.5', '10.0.2.9', 17, udpPayload(50000, 50002, rtp));
}

const key: SrtpKey = {
  local: '10.0.0.5:50000',
  remote: '10.0.2.9:50002',
  ssrc: 0x01020304,
  suite: 'AES_CM_128_HMAC_SHA1_80',
  key: Uint8Array.from({ length: 30 }, (_, i) => i),
};

/** 100 RTP packets over three links; the secret comes at the end, the SRTP key after the first packet. */
function writeCall(path: string): void {
  const { recorder } = smallLab(new FileSink(path));
  for (let n = 1; n <= 100; n++) {
    const p = packetOf(rtpFrame(n), n);
    for (const link of [0, 1, 2]) {
      recorder.sent(seenAt(p, millis(n * 20 + link)), linkEnd(link, 0), DROP.NONE);
      recorder.received(seenAt(p, millis(n * 20 + link + 1)), linkEnd(link, 1));
    }
    recorder.ended(p);
    if (n === 1) recorder.srtpKey(0 as NodeId, millis(21), key);
  }
  const lost = packetOf(rtpFrame(101), 101);
  recorder.sent(seenAt(lost, millis(2020)), linkEnd(0, 0), DROP.LINK_LOSS);
  recorder.lost(seenAt(lost, millis(2030)), linkEnd(0, 0), DROP.LINK_DOWN);
  recorder.dropped(seenAt(lost, millis(2031)), 0 as NodeId, DROP.TTL, NO_DECISION);
  recorder.secret('CLIENT_RANDOM 00 11');
  recorder.close(millis(3000));
}

describeWith(describe, ['tshark', 'capinfos', 'tcpdump'], 'an extract, judged by stock tools', () => {
  test('RTP statistics see 100 packets and no loss at one point, where the whole file has 600', () => {
    inFolder((path) => {
      writeCall(path('run.pcapng'));
      expect(extract({ from: path('run.pcapng'), to: path('bob.pcapng'), at: ['l3:bob'] })).toEqual({ packets: 100, warnings: [] });
      const streams = judged('tshark', ['-r', path('bob.pcapng'), '-d', 'udp.port==50000,rtp', '-q', '-z', 'rtp,streams']);
      expect(streams).toMatch(/0x01020304\s+g711U\s+100\s+0 \(0\.0%\)/);
      const info = judged('capinfos', ['-M', path('bob.pcapng')]);
      expect(info).toMatch(/Number of packets:\s+100\b/);
      expect(info).toMatch(/Number of interfaces in file:\s+1\b/);
      expect(info).toMatch(/Number of decryption secrets in file:\s+1\b|decryption secrets:\s+1\b/i);
      expect(
        judged('tcpdump', ['-nr', path('bob.pcapng')], /^reading from file/)
          .trim()
          .split('\n'),
      ).toHaveLength(100);
      const times = judged('tshark', [
        '-r',
        path('bob.pcapng'),
        '-T',
        'fields',
        '-e',
        'frame.time_epoch',
        '-e',
        'frame.packet_id',
        '-e',
        'frame.comment',
        '-e',
        'frame.verdict.hw',
        '-c',
        '2',
      ]);
      expect(times).toBe('1767225600.023000000\t1\t\t\n1767225600.043000000\t2\t\t\n');
    });
  });
});

test('secrets stand before the packets, though they came last', () => {
  inFolder((path) => {
    writeCall(path('run.pcapng'));
    extract({ from: path('run.pcapng'), to: path('x.pcapng'), at: ['l1:alice'] });
    expect(() => readLedgerFile(path('x.pcapng'))).toThrow(expect.objectContaining({ code: 'CAPTURE_NOT_OURS' }) as Error);
    // Section, one interface, secrets, then packets: the frame that the link lost is on the sender's wire.
    expect(extract({ from: path('run.pcapng'), to: path('x.pcapng'), at: ['l1:alice'] }).packets).toBe(101);
  });
});

test('restricted to a flow, and by a filter', () => {
  inFolder((path) => {
    writeCall(path('run.pcapng'));
    const filter = compileFilter('frame.packet_id in {1..10} and lab.link == "l2"', CAPTURE_FIELD_TABLE);
    expect(extract({ from: path('run.pcapng'), to: path('x.pcapng'), at: ['l2:r1', 'l3:bob'], filter }).packets).toBe(10);
    expect(extract({ from: path('run.pcapng'), to: path('x.pcapng'), at: ['l2:r1'], packets: new Set([5, 7, 900]) }).packets).toBe(2);
    const { ledger } = readLedgerFile(path('run.pcapng'));
    const packets = new Set(ledger.packetsOf(ledger.flows()[0]!.id));
    expect(extract({ from: path('run.pcapng'), to: path('x.pcapng'), at: ['l2:fw1'], packets }).packets).toBe(100);
    ledger.close();
  });
});

test('clear text takes the place of what it was made of, by the keys of the file', () => {
  inFolder((path) => {
    writeCall(path('run.pcapng'));
    const seen: SrtpKey[] = [];
    const twin: ClearText['twin'] = (buf, off, len, out) => {
      if (buf[off + 42 + 3]! % 2 === 1) return 0; // odd sequence numbers stay
      out.set(buf.subarray(off, off + len - 10));
      return len - 10;
    };
    const clear = (keys: readonly SrtpKey[]): ClearText => {
      seen.push(...keys);
      return { twin };
    };
    expect(extract({ from: path('run.pcapng'), to: path('x.pcapng'), at: ['l3:bob'], clear }).packets).toBe(100);
    expect(seen).toEqual([key]);
    const lengths = new Map<number, number>();
    const { frames } = filtered(path('x.pcapng'), 'frame.len == 204');
    lengths.set(204, frames.length);
    lengths.set(214, filtered(path('x.pcapng'), 'frame.len == 214').frames.length);
    expect([...lengths]).toEqual([
      [204, 50],
      [214, 50],
    ]);
  });
});

test('one file per node, with all its interfaces', () => {
  inFolder((path) => {
    const lab = smallLab(new FileSink(path('run.pcapng')));
    lab.recorder.close(playRandom(lab, 200));
    const files = extractNodes(path('run.pcapng'), ['alice', 'r1'], (node) => path(`${node}.pcapng`));
    const { ledger } = readLedgerFile(path('run.pcapng'));
    const crossings = (...points: readonly number[]): number => {
      let n = 0;
      for (const c = ledger.cursor(); c.next(); )
        n += ledger.trail(c.trail).filter((s) => (s.kind === 'in' || s.kind === 'out') && points.includes(s.point)).length;
      return n;
    };
    expect(files).toEqual([
      { node: 'alice', path: path('alice.pcapng'), packets: crossings(0), warnings: [] },
      { node: 'r1', path: path('r1.pcapng'), packets: crossings(1, 2), warnings: [] },
    ]);
    ledger.close();
  });
});

test('what cannot be extracted leaves nothing behind', () => {
  inFolder((path) => {
    writeCall(path('run.pcapng'));
    const from = path('run.pcapng');
    expect(() => extract({ from, to: path('x.pcapng'), at: ['l9:bob'] })).toThrow(
      expect.objectContaining({ code: 'CAPTURE_POINT', expected: 'one of l1:alice, l1:r1, l2:r1, l2:fw1, l3:fw1, l3:bob' }) as Error,
    );
    expect(() => extract({ from, to: path('x.pcapng'), at: ['node:fw1'] })).toThrow(expect.objectContaining({ code: 'CAPTURE_POINT' }) as Error);
    expect(() => extractNodes(from, ['carol'], () => path('x.pcapng'))).toThrow(expect.objectContaining({ code: 'CAPTURE_POINT' }) as Error);
    expect(() => extract({ from: path('none'), to: path('x.pcapng'), at: [] })).toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }) as Error);
    expect(() => extract({ from, to: path('no/such/folder/x'), at: ['l3:bob'] })).toThrow(expect.objectContaining({ code: 'CAPTURE_WRITE' }) as Error);
    writeFileSync(path('text'), 'this is no capture at all, just a text file');
    expect(() => extract({ from: path('text'), to: path('x.pcapng'), at: ['l3:bob'] })).toThrow(expect.objectContaining({ code: 'CAPTURE_FORMAT' }) as Error);
    const failing = (): ClearText => ({
      twin: () => {
        throw new Error('broken');
      },
    });
    expect(() => extract({ from, to: path('x.pcapng'), at: ['l3:bob'], clear: failing })).toThrow('broken');
    expect(existsSync(path('x.pcapng'))).toBe(false);
    expect(readdirSync(dirname(from)).sort()).toEqual(['run.pcapng', 'text']);
  });
});

function filtered(path: string, filter: string): { readonly frames: readonly number[] } {
  const source = new FileSource(path);
  try {
    return selectFrames(source, compileFilter(filter, CAPTURE_FIELD_TABLE));
  } finally {
    source.close();
  }
}
