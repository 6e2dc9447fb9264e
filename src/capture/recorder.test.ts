import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NO_DECISION, type NodeId, type PacketId } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import { LabError } from '../base/error.js';
import { millis, type Nanos } from '../base/time.js';
import { readLedger } from './ledger-reader.js';
import { BytesSource, FileSink, MemorySink } from './store/byte-store.js';
import { ipv4Frame, linkEnd, packetOf, playRandom, seenAt, smallLab, udpPayload } from './testing/small-lab.js';
import { describeWith, inFolder, judged } from './testing/tools.js';

const frame = ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, Uint8Array.of(1, 2, 3)));

describeWith(describe, ['tshark', 'tcpdump', 'capinfos'], 'the file of a run, judged by stock tools', () => {
  test('tshark, capinfos and tcpdump read it without complaint', () => {
    inFolder((path) => {
      const lab = smallLab(new FileSink(path('run.pcapng')));
      lab.recorder.close(playRandom(lab, 400));
      const records = judged('tshark', ['-r', path('run.pcapng'), '-T', 'fields', '-e', 'frame.number'])
        .trim()
        .split('\n').length;
      const info = judged('capinfos', ['-M', path('run.pcapng')]);
      expect(info).toMatch(new RegExp(`Number of packets:\\s+${records}\\b`));
      expect(info).toMatch(/File encapsulation:\s+ether$/im);
      expect(info).toMatch(/Capture application:\s+callpath 0\.1\.0, Node \d+\.\d+\.\d+, OpenSSL \d+\.\d+/);
      expect(info).toMatch(/First packet time:\s+2026-01-01 00:00:00\.\d{9}/);
      expect(info).toMatch(/Strict time order:\s+(True|False)/);
      expect(
        judged('tcpdump', ['-nr', path('run.pcapng')], /^reading from file/)
          .trim()
          .split('\n').length,
      ).toBeGreaterThanOrEqual(records);
    });
  });

  test('frame.packet_id prints the journey, with verdicts and comments where Wireshark shows them', () => {
    inFolder((path) => {
      const lab = smallLab(new FileSink(path('run.pcapng')));
      const { recorder, decisions } = lab;
      const rule = decisions.intern({
        node: 2 as NodeId,
        stage: 'forward',
        text: { ct: 'new' },
        reason: { at: 'firewall', kind: 'rule', chain: 'inet/filter/forward', rule: 7, src: { file: 'fw1.nft', line: 12, column: 1 } },
      });
      const p = packetOf(frame, 42, 41);
      recorder.sent(seenAt(p, millis(1)), linkEnd(0, 0), DROP.NONE);
      recorder.received(seenAt(p, millis(2)), linkEnd(0, 1));
      p.decision = decisions.intern({ node: 1 as NodeId, stage: 'route', text: { route: '203.0.113.0/24', via: '10.0.1.2' }, reason: null });
      recorder.sent(seenAt(p, millis(2)), linkEnd(1, 0), DROP.NONE);
      recorder.received(seenAt(p, millis(3)), linkEnd(1, 1));
      recorder.dropped(seenAt(p, millis(3)), 2 as NodeId, DROP.FIREWALL_RULE, rule);
      recorder.ended(p);
      const q = packetOf(frame, 43);
      recorder.sent(seenAt(q, millis(4)), linkEnd(0, 0), DROP.LINK_QUEUE);
      recorder.event(0 as NodeId, millis(5), 'signed-in', { user: 'alice@contoso.example', home: 'fe 1' });
      recorder.close(millis(6));
      const fields = ['frame.interface_name', 'frame.time_epoch', 'frame.packet_flags_direction', 'frame.verdict.hw', 'frame.comment'];
      const rows = (filter: string): readonly (readonly string[])[] =>
        judged('tshark', ['-r', path('run.pcapng'), '-Y', filter, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap((f) => ['-e', f])])
          .trimEnd()
          .split('\n')
          .map((line) => line.split('|').map((cell, i) => (i === 2 && cell !== '' ? String(Number(cell)) : cell)));
      expect(rows('frame.packet_id == 42')).toEqual([
        ['l1:alice', '1767225600.001000000', '2', '', 'cause=41'],
        ['l1:r1', '1767225600.002000000', '1', '', ''],
        ['l2:r1', '1767225600.002000000', '2', '', 'at=r1 stage=route route=203.0.113.0/24 via=10.0.1.2'],
        ['l2:fw1', '1767225600.003000000', '1', '', ''],
        ['node:fw1', '1767225600.003000000', '', '0e', 'drop=firewall-rule at=fw1 stage=forward ct=new chain=inet/filter/forward rule=7 src=fw1.nft:12'],
      ]);
      expect(rows('frame.packet_id == 43')).toEqual([['l1:alice', '1767225600.004000000', '2', '03', 'drop=link-queue-overflow']]);
      expect(rows('eth.type == 0x88b5')).toEqual([['lab', '1767225600.005000000', '', '', 'at=alice event=signed-in user=alice@contoso.example home="fe 1"']]);
    });
  });

  test('an interrupted run leaves a complete file', () => {
    inFolder((path) => {
      const lab = smallLab(new FileSink(path('run.pcapng')));
      playRandom(lab, 50);
      lab.recorder.flush();
      const flushed = judged('tshark', ['-r', path('run.pcapng'), '-T', 'fields', '-e', 'frame.number'])
        .trim()
        .split('\n').length;
      expect(flushed).toBeGreaterThan(100);
      playRandom(lab, 1, 9);
      expect(
        judged('tshark', ['-r', path('run.pcapng'), '-T', 'fields', '-e', 'frame.number'])
          .trim()
          .split('\n').length,
      ).toBe(flushed);
    });
  });
});

/** Block types and offsets of a little-endian file. */
function blocks(bytes: Uint8Array): readonly { readonly type: number; readonly at: number; readonly length: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
    found.push({ type: view.getUint32(at, true), at, length: view.getUint32(at + 4, true) });
  }
  return found;
}

test('packets that are held stand behind the secrets that came meanwhile', () => {
  const sink = new MemorySink();
  const { recorder } = smallLab(sink);
  const send = (id: number): void => recorder.sent(seenAt(packetOf(frame, id), millis(id)), linkEnd(0, 0), DROP.NONE);
  send(1);
  recorder.hold();
  recorder.hold();
  send(2);
  recorder.secret('CLIENT_RANDOM aa bb');
  recorder.secret('CLIENT_RANDOM aa bb');
  recorder.release();
  send(3);
  recorder.secret('CLIENT_RANDOM cc dd');
  recorder.release();
  send(4);
  recorder.close(millis(5));
  const types = blocks(sink.bytes).map((b) => b.type);
  const head = 1 + 11; // section, interfaces
  expect(types.slice(head, head + 5)).toEqual([6, 10, 6, 6, 6]);
  const { ledger, secrets } = readLedger(new BytesSource(sink.bytes));
  expect(secrets).toEqual(['CLIENT_RANDOM aa bb', 'CLIENT_RANDOM cc dd']);
  for (const id of [1, 2, 3, 4]) expect(ledger.firstBytes(id as PacketId)).toEqual(frame);
  expect([1, 2, 3, 4].map((id) => recorder.ledger().bytes(id as PacketId, 0))).toEqual([frame, frame, frame, frame]);
});

test('a hold that grows too large is written without waiting for secrets', () => {
  const sink = new MemorySink();
  const { recorder } = smallLab(sink);
  recorder.hold();
  const large = ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(1, 2, new Uint8Array(60000)));
  for (let id = 1; id <= 600; id++) recorder.sent(seenAt(packetOf(large, id), millis(id)), linkEnd(0, 0), DROP.NONE);
  expect(sink.bytes.length).toBeGreaterThan(30 << 20);
  recorder.close(millis(601));
  expect(blocks(sink.bytes).filter((b) => b.type === 6)).toHaveLength(600);
});

test('the frame is copied as it is, padded with zeros, at every length', () => {
  const sink = new MemorySink();
  const { recorder } = smallLab(sink);
  for (let n = 1; n < 70; n++) {
    recorder.sent(seenAt(packetOf(new Uint8Array(n).fill(n), n), n as Nanos), linkEnd(0, 0), DROP.NONE);
  }
  const long = new Uint8Array(1500).fill(7);
  recorder.sent(seenAt(packetOf(long, 70), 70 as Nanos), linkEnd(0, 0), DROP.NONE);
  recorder.close(millis(1));
  const bytes = sink.bytes;
  for (const { at, type } of blocks(bytes)) {
    if (type !== 6) continue;
    const n = bytes[at + 20]! + bytes[at + 21]! * 256;
    const padded = Math.ceil(n / 4) * 4;
    expect([...bytes.subarray(at + 28, at + 28 + padded)]).toEqual([
      ...new Array<number>(n).fill(n === 1500 ? 7 : n),
      ...new Array<number>(padded - n).fill(0),
    ]);
  }
});

test('a sink that fails is told once; the ledger goes on; the file keeps what it has', () => {
  class FullSink extends MemorySink {
    override write(chunk: Uint8Array, len: number): void {
      if (this.bytes.length + len > 40_000) throw new LabError('CAPTURE_WRITE', 'no space left on device');
      super.write(chunk, len);
    }
  }
  const sink = new FullSink();
  const errors: LabError[] = [];
  const lab = smallLab(sink, 'both', (error) => errors.push(error));
  lab.recorder.flush();
  playRandom(lab, 100);
  lab.recorder.flush();
  playRandom(lab, 1);
  lab.recorder.close(millis(9000));
  expect(lab.recorder.error?.code).toBe('CAPTURE_WRITE');
  expect(errors).toEqual([lab.recorder.error]);
  const ledger = lab.recorder.ledger();
  expect(ledger.packets).toBeGreaterThan(90);
  expect(ledger.firstBytes(1 as PacketId)).toBeNull();
  // Whole blocks, but not all of them: its statistics are missing.
  const read = readLedger(new BytesSource(sink.bytes));
  expect(read.partial).toBe(true);
  expect(read.warnings.map(({ code }) => code)).toEqual(['CAPTURE_TRUNCATED']);
});

test('a disk that is full is CAPTURE_WRITE', () => {
  const sink = new FileSink('/dev/full');
  expect(() => {
    sink.write(new Uint8Array(8), 8);
  }).toThrow(LabError);
  sink.close();
  expect(() => new FileSink('/nowhere/at/all')).toThrow(expect.objectContaining({ code: 'CAPTURE_WRITE' }) as Error);
});

test('the same run gives the same bytes', () => {
  const bytes = (seed: number): Uint8Array => {
    const sink = new MemorySink();
    const lab = smallLab(sink);
    lab.recorder.close(playRandom(lab, 100, seed));
    return sink.bytes;
  };
  expect(bytes(5)).toEqual(bytes(5));
  expect(bytes(5)).not.toEqual(bytes(6));
});

test('without a sink there is a ledger, and no bytes', () => {
  const lab = smallLab(null);
  lab.recorder.hold();
  lab.recorder.secret('CLIENT_RANDOM aa bb');
  lab.recorder.close(playRandom(lab, 20));
  const ledger = lab.recorder.ledger();
  expect(ledger.packets).toBe(20);
  expect(ledger.firstBytes(1 as PacketId)).toBeNull();
});

test('one record a hop halves the records and says that arrivals are not known', () => {
  const sink = new MemorySink();
  const lab = smallLab(sink, 'sent');
  const p = packetOf(frame, 1);
  lab.recorder.sent(seenAt(p, millis(1)), linkEnd(0, 0), DROP.NONE);
  lab.recorder.received(seenAt(p, millis(2)), linkEnd(0, 1));
  lab.recorder.ended(p);
  lab.recorder.close(millis(3));
  expect(blocks(sink.bytes).filter((b) => b.type === 6)).toHaveLength(1);
  expect(lab.recorder.ledger().journey(1 as PacketId)?.end).toEqual({ kind: 'unknown' });
  expect(readLedger(new BytesSource(sink.bytes)).ledger.journey(1 as PacketId)).toEqual(lab.recorder.ledger().journey(1 as PacketId));
});

test('a decision uses keys of the closed grammar only', () => {
  const { decisions } = smallLab(null);
  expect(() => decisions.intern({ node: 0 as NodeId, stage: 'route', text: { mood: 'bad' }, reason: null })).toThrow(/"mood" is no key/);
  expect(decisions.option(NO_DECISION, DROP.NONE)).toBeNull();
});

test('file sink writes where it says', () => {
  inFolder((path) => {
    const sink = new FileSink(path('a.pcapng'));
    sink.write(Uint8Array.of(1, 2, 3, 4), 4);
    sink.close();
    sink.close();
    expect([...readFileSync(path('a.pcapng'))]).toEqual([1, 2, 3, 4]);
  });
});
