import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { demux, KIND } from '../../protocol/demux.js';
import { PICTURES } from '../../protocol/rtp/pictures.testkit.js';
import * as rtp from '../../protocol/rtp/rtp.js';
import { millis } from '../../base/time.js';
import { TestHost, Wire, type Crossing } from './hosts.testkit.js';
import { MediaSession, type MediaSessionOptions, type SessionStream } from './media-session.js';
import { audio, connect, negotiate, open, PORTS, ssrc } from './session.testkit.js';

const [ALICE, BOB] = ['192.0.2.1', '192.0.2.2'];
const video: SessionStream = { kind: 'video', workload: 'sharing', ports: { from: 51000, to: 51019 }, formats: [PICTURES] };

interface Call {
  readonly wire: Wire;
  readonly a: MediaSession;
  readonly b: MediaSession;
}

async function call(mine: Partial<MediaSessionOptions>, theirs: Partial<MediaSessionOptions> = mine): Promise<Call> {
  const wire = new Wire();
  const streams = [audio(), video];
  const a = await open(wire, 'alice', [ALICE], true, { streams, ...mine });
  const b = await open(wire, 'bob', [BOB], false, { streams, ...theirs });
  expect(await connect(wire, a, b)).toEqual([{ ok: true }, { ok: true }]);
  return { wire, a, b };
}

const media = (c: Crossing): boolean => demux(c.bytes, 0, c.bytes.length) === KIND.RTP;
const portsOf = (wire: Wire, from: string): Set<string> => new Set(wire.crossings.filter((c) => media(c) && c.from.startsWith(`${from}|`)).map((c) => c.from));
const heard = (m: MediaSession): unknown => m.stats().map((s) => [s.mid, s.kind, s.workload, s.received.map((r) => r.ssrc)]);

describe('two m-lines', () => {
  it('BUNDLE: one transport, each packet at its stream, one key for both', async () => {
    const { wire, a, b } = await call({ bundle: true });
    await wire.run(2000);
    expect([portsOf(wire, ALICE).size, portsOf(wire, BOB).size, a.ice.length]).toEqual([1, 1, 1]);
    expect(heard(b)).toEqual([
      ['0', 'audio', 'audio', [ssrc(a, 0)]],
      ['1', 'video', 'sharing', [ssrc(a, 1)]],
    ]);
    expect(heard(a)).toEqual([
      ['0', 'audio', 'audio', [ssrc(b, 0)]],
      ['1', 'video', 'sharing', [ssrc(b, 1)]],
    ]);
    // 25 pictures a second of three packets each; the receiver's probation takes one.
    expect(b.stats()[1]?.received[0]?.packets).toBeGreaterThan(145);
    expect(b.stats().map((s) => [s.received[0]?.lost, s.refused.payloadType, s.refused.noise, s.refused.authentication])).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    const said = wire
      .named('media-started', 'alice')
      .map(({ fields: f }) => [f['mid'], f['kind'], f['workload'], f['payload-type'], f['clock-rate'], f['codec']]);
    expect(said).toEqual([
      ['0', 'audio', 'audio', 0, 8000, 'PCMU'],
      ['1', 'video', 'sharing', 96, 90_000, 'x-pictures'],
    ]);
    const told = wire.named('media-heard', 'bob').map(({ fields: f }) => [f['ssrc'], f['mid'], f['payload-type'], f['clock-rate']]);
    expect(told).toEqual([
      [ssrc(a, 0), '0', 0, 8000],
      [ssrc(a, 1), '1', 96, 90_000],
    ]);
  });

  it('BUNDLE: every packet names its m-line (RFC 9143 section 15), though payload types would not tell them apart', async () => {
    const same = { ...PICTURES, payloadType: 0, name: 'PCMU', clockRate: 8000 };
    const { wire, a, b } = await call({ bundle: true, suite: null, streams: [audio(), { ...video, formats: [same] }] });
    await wire.run(500);
    const packets = wire.crossings.filter((c) => media(c) && c.from.startsWith(ALICE)).map((c) => rtp.parse(c.bytes, 0, c.bytes.length));
    expect(packets.length).toBeGreaterThan(50);
    // One-byte form, id 1, one octet: "0" or "1".
    const mids = packets.map((p) => 'ssrc' in p && [p.ssrc, p.extension?.profile, p.extension?.data[0], String.fromCharCode(p.extension?.data[1] ?? 0)]);
    expect(new Set(mids.map(String))).toEqual(new Set([[ssrc(a, 0), 0xbede, 0x10, '0'].join(), [ssrc(a, 1), 0xbede, 0x10, '1'].join()]));
    expect(b.stats().map((s) => s.received.map((r) => r.ssrc))).toEqual([[ssrc(a, 0)], [ssrc(a, 1)]]);
  });

  it('BUNDLE: a report and a BYE belong to the stream of their source', async () => {
    const { wire, a, b } = await call({ bundle: true });
    await wire.run(12_000);
    expect(a.stats().map((s) => s.remote?.lost)).toEqual([0, 0]);
    must(a.streams[1], 'video').stop('camera off');
    await wire.run(100);
    expect(b.stats().map((s) => s.bye)).toEqual([null, 'camera off']);
    const before = b.stats().map((s) => s.received[0]?.packets ?? 0);
    await wire.run(1000);
    expect(b.stats().map((s, i) => (s.received[0]?.packets ?? 0) - (before[i] ?? 0))).toEqual([50, 0]);
  });

  it('without BUNDLE each m-line has a transport of its own, out of its own ports', async () => {
    const { wire, a, b } = await call({});
    await wire.run(2000);
    const ports = [...portsOf(wire, ALICE)].map((name) => Number(name.split('|')[1])).sort();
    expect(ports).toEqual([expect.closeTo(50010, -2), expect.closeTo(51010, -2)]);
    expect(a.ice).toHaveLength(2);
    expect(heard(b)).toEqual([
      ['0', 'audio', 'audio', [ssrc(a, 0)]],
      ['1', 'video', 'sharing', [ssrc(a, 1)]],
    ]);
    const plain = wire.crossings.find((c) => media(c));
    expect((must(plain, 'RTP').bytes[0] ?? 0) & 0x10).toBe(0);
    expect(a.localMedia().every((m) => m.bundle === undefined)).toBe(true);
  });

  it('a peer that does not bundle takes the first m-line; the other ends, and nothing of it is sent', async () => {
    const { wire, a, b } = await call({ bundle: true }, {});
    await wire.run(1000);
    expect([a.stats().length, b.stats().length]).toEqual([1, 1]);
    expect(heard(a)).toEqual([['0', 'audio', 'audio', [ssrc(b, 0)]]]);
    expect(a.streams.map((s) => s.stopped)).toEqual([false, true]);
    // The socket that the refused m-line of bob's had is given back.
    expect([...wire.open.keys()].some((name) => name.startsWith(`${BOB}|51`))).toBe(false);
  });

  it('both are described again at one port when the bundle stands, and go on with their SSRCs', async () => {
    const { wire, a, b } = await call({ bundle: true });
    await wire.run(500);
    const before = [ssrc(a, 0), ssrc(a, 1)];
    const [again] = negotiate(a, b);
    expect(again.map((m) => [m?.bundled?.mid, m?.local.port])).toEqual([
      ['0', again[0]?.local.port],
      ['1', again[0]?.local.port],
    ]);
    expect(await connect(wire, a, b)).toEqual([{ ok: true }, { ok: true }]);
    await wire.run(500);
    expect([ssrc(a, 0), ssrc(a, 1)]).toEqual(before);
    expect(b.stats().map((s) => s.received.length)).toEqual([1, 1]);
  });

  it('with two ports each there is no bundle', async () => {
    const host = new TestHost(new Wire(), 'alice', [ALICE]);
    const options = { host, controlling: true, stunServers: [], streams: [audio(), { ...video, ports: PORTS }], bundle: true, rtcpMux: false };
    await expect(MediaSession.open(options)).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
  });
});

it('jitter is measured by the clock of the stream, and told by it', async () => {
  const { wire, a, b } = await call({ streams: [video] });
  await wire.run(1000);
  expect(b.stats()[0]?.received[0]?.jitter).toBe(0);
  // Every other picture is 10 ms late. The three packets of one arrive together, so that the mean is a third of that.
  for (let i = 0; i < 300; i++) {
    wire.delay = millis(i % 2 === 0 ? 20 : 10);
    await wire.run(40);
  }
  const third = 10 / 3;
  for (const jitter of [b.stats()[0]?.received[0]?.jitter, a.stats()[0]?.remote?.jitter]) expect((jitter ?? 0) / 1e6 / third).toBeCloseTo(1, 0.5);
});
