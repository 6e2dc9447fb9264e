import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import { demux, KIND } from '../../protocol/demux.js';
import * as rtcp from '../../protocol/rtp/rtcp.js';
import * as rtp from '../../protocol/rtp/rtp.js';
import { SrtpContext } from '../../protocol/rtp/srtp.js';
import { agree, makeOffer } from '../../protocol/sdp/offer-answer.js';
import { parseSdp } from '../../protocol/sdp/parse.js';
import { setU16 } from '../../wire/bytes.js';
import { isMalformed } from '../../wire/malformed.js';
import { start } from '../stun/server.js';
import type { RoleContext } from '../role.js';
import { TestHost, Wire, type Crossing } from './hosts.testkit.js';
import { MediaSession, type MediaSessionOptions } from './media-session.js';
import { audio, connect, line, open, origin, ssrc, stats, type Call } from './session.testkit.js';

async function call(more: Partial<MediaSessionOptions> = {}, wire = new Wire()): Promise<Call> {
  const a = await open(wire, 'alice', ['192.0.2.1', '2001:db8:1::1'], true, more);
  const b = await open(wire, 'bob', ['192.0.2.2', '2001:db8:2::1'], false, more);
  return { wire, a, b, results: await connect(wire, a, b) };
}

const media = (c: Crossing): boolean => demux(c.bytes, 0, c.bytes.length) === KIND.RTP;
const control = (c: Crossing): boolean => demux(c.bytes, 0, c.bytes.length) === KIND.RTCP;

describe('a call', () => {
  it('plain RTP: 50 packets a second each way, RTCP, and a BYE at the end', async () => {
    const { wire, a, b, results } = await call({ suite: null });
    expect(results).toEqual([{ ok: true }, { ok: true }]);
    await wire.run(20_000);
    const heard = stats(b);
    expect(must(heard.received[0], 'source')).toMatchObject({ ssrc: ssrc(a), lost: 0, duplicates: 0, reordered: 0, jitter: 0 });
    expect(heard.received[0]?.packets).toBeGreaterThan(990);
    expect(must(heard.remote, 'report')).toMatchObject({ lost: 0, fractionLost: 0 });
    // The wire delays by 10 ms each way; NTP's short form counts in 15 microseconds.
    expect(must(heard.remote?.roundTrip ?? null, 'round trip') / 1e6).toBeCloseTo(20, 0);
    const sent = wire.crossings.filter((c) => media(c) && c.from.startsWith('2001:db8:1::1'));
    expect(sent.slice(1, 50).every((c, i) => c.at - must(sent[i], 'packet').at === 20_000_000)).toBe(true);
    expect(rtp.parse(must(sent[0], 'packet').bytes, 0, 172)).toMatchObject({ payloadType: 0, marker: true, ssrc: ssrc(a) });
    a.stop('normal');
    await wire.run(50);
    expect(stats(b).bye).toBe('normal');
    const last = must(wire.crossings.filter(control).at(-1), 'RTCP');
    const parsed = rtcp.parse(last.bytes, 0, last.bytes.length);
    expect(!isMalformed(parsed) && parsed.map((p) => p.type)).toEqual(['sr', 'sdes', 'bye']);
    b.stop();
    expect([wire.open.size, wire.pending.size]).toEqual([0, 0]);
    const before = wire.crossings.length;
    await wire.run(60_000);
    expect(wire.crossings).toHaveLength(before);
  });

  it('SRTP by SDES keys: both directions decipher, and the keys revealed open the packets on the wire', async () => {
    const { wire, a, b, results } = await call();
    expect(results).toEqual([{ ok: true }, { ok: true }]);
    await wire.run(2000);
    expect(stats(a).received[0]).toMatchObject({ ssrc: ssrc(b), lost: 0 });
    expect(stats(b).received[0]).toMatchObject({ ssrc: ssrc(a), lost: 0 });
    const packet = must(
      wire.crossings.find((c) => media(c) && c.from.startsWith('2001:db8:1::1')),
      'packet',
    );
    expect(packet.bytes).toHaveLength(12 + 160 + 10);
    const told = wire.secrets.filter((s) => s.secret.kind === 'srtp' && s.secret.ssrc === ssrc(a));
    // By the sender when its way is known, by the receiver when it hears it.
    expect(told.map((s) => s.host)).toEqual(['alice', 'bob']);
    for (const { secret } of told) {
      if (secret.kind !== 'srtp') continue;
      const context = new SrtpContext('AES_CM_128_HMAC_SHA1_80', secret.key, { replayWindow: 0 });
      expect(context.unprotectRtp(packet.bytes, 0, packet.bytes.length, new Uint8Array(2048), 0)).toBe(172);
    }
  });

  it('says in events which way was selected and when media began', async () => {
    const { wire, a } = await call({ label: 'call-7' });
    expect(wire.named('ice-selected', 'alice').map((e) => e.fields)).toEqual([
      expect.objectContaining({ component: 1, 'local-type': 'host', 'remote-type': 'host', local: expect.stringMatching(/^\[2001:db8:1::1\]:500\d\d$/) }),
    ]);
    expect(must(wire.named('media-started', 'alice')[0], 'event').fields).toMatchObject({
      label: 'call-7',
      ssrc: ssrc(a),
      codec: 'PCMU',
      mid: '0',
      kind: 'audio',
      workload: 'audio',
      'payload-type': 0,
      'clock-rate': 8000,
      protection: 'AES_CM_128_HMAC_SHA1_80',
    });
    await wire.run(50);
    expect(must(wire.named('media-heard', 'bob')[0], 'event').fields).toMatchObject({
      label: 'call-7',
      ssrc: ssrc(a),
      mid: '0',
      kind: 'audio',
      workload: 'audio',
      'payload-type': 0,
      'clock-rate': 8000,
    });
    expect(wire.named('ice-pair').length).toBeGreaterThan(4);
    // The recorder holds back encrypted packets until their keys are told: none before the first packet.
    const first = must(wire.crossings.find(media), 'packet').at;
    expect(wire.secrets.length).toBeGreaterThan(0);
    expect(must(wire.named('media-started')[0], 'event').at).toBeLessThanOrEqual(first);
  });

  it('without rtcp-mux RTCP goes from the next port, and both components are selected', async () => {
    const { wire, a, results } = await call({ rtcpMux: false });
    expect(results).toEqual([{ ok: true }, { ok: true }]);
    await wire.run(10_000);
    expect(
      wire
        .named('ice-selected', 'alice')
        .map((e) => e.fields['component'])
        .sort(),
    ).toEqual([1, 2]);
    const port = (c: Crossing): number => Number(c.from.split('|')[1]);
    expect(wire.crossings.filter(control).every((c) => port(c) % 2 === 1)).toBe(true);
    expect(wire.crossings.filter(media).every((c) => port(c) % 2 === 0)).toBe(true);
    expect(line(a).rtcp?.port).toBe(line(a).port + 1);
    expect(must(stats(a).remote, 'report').lost).toBe(0);
  });

  it('the answer to a check names the request as its cause, and a triggered check does too', async () => {
    const { wire } = await call();
    const answer = must(
      wire.crossings.find((c) => c.bytes[0] === 1 && c.bytes[1] === 1),
      'answer',
    );
    const request = must(
      wire.crossings.find((c) => c.id === answer.cause),
      'request',
    );
    expect([request.bytes[0], request.bytes[1]]).toEqual([0, 1]);
    expect(request.bytes.slice(8, 20)).toEqual(answer.bytes.slice(8, 20));
  });

  it('hold and resume by direction: silence without an end, then the same SSRC again', async () => {
    const { wire, a, b } = await call({ suite: null });
    await wire.run(1000);
    a.setDirection('recvonly');
    await wire.run(100);
    const held = stats(b).received[0]?.packets;
    await wire.run(2000);
    expect(stats(b).received[0]?.packets).toBe(held);
    a.setDirection('sendrecv');
    await wire.run(1000);
    expect(stats(b).received).toHaveLength(1);
    expect(stats(b).received[0]?.packets).toBeGreaterThan(must(held, 'packets') + 40);
    expect(stats(b).received[0]?.lost).toBe(0);
  });
});

describe('descriptions', () => {
  it('after ICE has completed the controlling side offers the selected pair with a=remote-candidates (RFC 8839 4.4.1.2.2)', async () => {
    const { a, b } = await call();
    const own = line(a);
    expect(own.address).toBe('2001:db8:1::1');
    expect(own.remoteCandidates).toEqual([{ component: 1, address: '2001:db8:2::1', port: line(b).port }]);
    expect(line(b).remoteCandidates).toBeUndefined();
  });

  it('the default destination before that is reflexive before host, IPv4 first (RFC 8839 4.2.1.2)', async () => {
    const wire = new Wire();
    const a = await open(wire, 'alice', ['192.0.2.1', '2001:db8:1::1'], true);
    expect(line(a).address).toBe('192.0.2.1');
    expect(line(a).protocol).toBe('RTP/SAVP');
  });

  it('ports come out of the range, and a full range is an error that says so', async () => {
    const wire = new Wire();
    const host = new TestHost(wire, 'alice', ['192.0.2.1']);
    const options = { host, controlling: true, streams: [audio({ ports: { from: 50001, to: 50003 } })], stunServers: [] };
    const ports = [];
    for (let i = 0; i < 3; i++) ports.push(line(await MediaSession.open(options)).port);
    expect(ports.sort()).toEqual([50001, 50002, 50003]);
    await expect(MediaSession.open(options)).rejects.toSatisfy((e) => LabError.is(e) && e.code === 'MEDIA_FAILED' && e.message.includes('50001-50003'));
    // A port that is taken on one address is left alone on all.
    const dual = new TestHost(wire, 'carol', ['192.0.2.3', '2001:db8:3::1']);
    await dual.udp({ address: '2001:db8:3::1', port: 50001 }, () => undefined);
    const other = await MediaSession.open({ ...options, host: dual, streams: [audio({ ports: { from: 50001, to: 50002 } })] });
    expect(line(other).port).toBe(50002);
    expect(wire.open.has('192.0.2.3|50001')).toBe(false);
    const even = new TestHost(wire, 'bob', ['192.0.2.2']);
    const two = await MediaSession.open({ ...options, host: even, rtcpMux: false });
    expect(line(two)).toMatchObject({ port: 50002, rtcp: { port: 50003 } });
    await expect(MediaSession.open({ ...options, host: even, rtcpMux: false })).rejects.toSatisfy((e) => LabError.is(e) && e.code === 'MEDIA_FAILED');
  });

  it('a peer of the other mind about rtcp-mux is refused with a hint', async () => {
    const wire = new Wire();
    const a = await open(wire, 'alice', ['192.0.2.1'], true);
    const b = await open(wire, 'bob', ['192.0.2.2'], false, { rtcpMux: false });
    await expect(connect(wire, a, b)).rejects.toSatisfy((e) => LabError.is(e) && e.code === 'MEDIA_FAILED' && e.hint !== undefined);
  });
});

describe('trouble', () => {
  it('no way at all: a result after the PAC timer and an event, no rejection', async () => {
    const wire = new Wire();
    wire.blocked = () => true;
    const { results, a, b } = await call({}, wire);
    expect(results.map((r) => (r.ok ? '' : `${r.code}: ${r.why}`))).toEqual(Array(2).fill('ICE_FAILED: component 1: no pair succeeded'));
    expect(
      wire
        .named('ice-failed')
        .map((e) => e.host)
        .sort(),
    ).toEqual(['alice', 'bob']);
    expect(a.ice[0]!.lists[0]?.pairs.every((p) => p.state === 'failed' && p.why.startsWith('no answer to'))).toBe(true);
    // The same description again is the same failure, at once.
    const before = wire.now;
    expect((await connect(wire, a, b)).map((r) => r.ok)).toEqual([false, false]);
    expect(wire.now - before).toBeLessThan(1e9);
    a.stop();
    b.stop();
    expect([wire.open.size, wire.pending.size]).toEqual([0, 0]);
  });

  it('stopped while it connects: the promise ends', async () => {
    const wire = new Wire();
    wire.blocked = () => true;
    const a = await open(wire, 'alice', ['192.0.2.1'], true);
    const b = await open(wire, 'bob', ['192.0.2.2'], false);
    const both = connect(wire, a, b);
    await wire.run(100);
    a.stop();
    b.stop();
    expect((await both).map((r) => r.ok)).toEqual([false, false]);
  });

  it('the way dies in the middle: consent expires after 30 s and nothing is sent any more', async () => {
    const { wire, a, b } = await call();
    await wire.run(10_000);
    wire.blocked = () => true;
    await wire.run(40_000);
    expect(
      wire
        .named('ice-consent-expired')
        .map((e) => e.host)
        .sort(),
    ).toEqual(['alice', 'bob']);
    const [before, made] = [wire.crossings.length, stats(a).sent.packets];
    await wire.run(20_000);
    expect(wire.crossings.slice(before).filter((c) => media(c) || control(c))).toEqual([]);
    expect(stats(a).sent.packets).toBe(made);
    // Only a restart opens it again.
    wire.blocked = () => false;
    await wire.finish(Promise.all([a.restart(), b.restart()]));
    expect(await connect(wire, a, b)).toEqual([{ ok: true }, { ok: true }]);
    await wire.run(1000);
    expect(stats(a).sent.packets).toBeGreaterThan(made + 40);
    expect(stats(b).received).toHaveLength(1);
  });

  it('an ICE restart finds the other family, media goes on with the same SSRC', async () => {
    const { wire, a, b } = await call();
    await wire.run(3000);
    const before = ssrc(a);
    wire.blocked = (from) => from.includes(':');
    await wire.finish(Promise.all([a.restart(), b.restart()]));
    await connect(wire, a, b);
    await wire.run(10_000);
    expect(wire.named('ice-selected', 'alice').map((e) => String(e.fields['remote']).startsWith('['))).toEqual([true, false]);
    expect(ssrc(a)).toBe(before);
    const count = must(stats(b).received[0], 'source').packets;
    await wire.run(1000);
    expect(stats(b).received).toHaveLength(1);
    expect(must(stats(b).received[0], 'source').packets - count).toBe(50);
    expect(stats(b).refused.authentication).toBe(0);
    // The keys stayed, so the contexts did: what was received before the restart is a replay after it.
    const old = must(wire.crossings.filter((c) => media(c) && c.from.startsWith('192.0.2.1|')).at(-60), 'packet');
    const socket = must(wire.open.get(old.to), 'socket');
    await connect(wire, a, b);
    socket.deliver(old.bytes, 0, old.bytes.length, socket.host.endpoint('192.0.2.1', 50000), 0 as never);
    expect(stats(b).refused.replayed).toBe(1);
  });

  it('forged, replayed and foreign packets are refused, counted and discarded with their reason', async () => {
    const { wire, b } = await call();
    await wire.run(1000);
    const packet = must(wire.crossings.filter((c) => media(c) && c.from.startsWith('2001:db8:1::1')).at(-10), 'packet');
    const [address, port] = packet.to.split('|');
    const socket = must(wire.open.get(`${address ?? ''}|${port ?? ''}`), 'socket');
    const inject = (bytes: Uint8Array): void => socket.deliver(bytes, 0, bytes.length, socket.host.endpoint('192.0.2.66', 9), 0 as never);
    inject(packet.bytes);
    const bent = packet.bytes.slice();
    // Of a number that is yet to come: else it is a replay before it is a forgery.
    setU16(bent, 2, (rtp.sequenceNumber(bent, 0) + 1000) & 0xffff);
    inject(bent);
    inject(Uint8Array.of(20, 1, 2, 3));
    inject(Uint8Array.of(1, 2, 3));
    expect(stats(b).refused).toMatchObject({ replayed: 1, authentication: 1, noise: 1 });
    expect(
      wire.discards
        .filter((d) => d.host === 'bob')
        .map((d) => d.reason)
        .slice(-4),
    ).toEqual(['srtp-replayed', 'srtp-authentication', 'not-media', 'not-stun']);
  });
});

describe('with a STUN server and a peer without ICE', () => {
  it('gathers through the stun role', async () => {
    const wire = new Wire();
    const server = await start(new TestHost(wire, 'stun', ['203.0.113.1', '2001:db8:ff::1']), { node: { config: { port: 3478 } } } as unknown as RoleContext);
    const a = await open(wire, 'alice', ['192.0.2.1', '2001:db8:1::1'], true, {
      stunServers: [
        { address: '203.0.113.1', port: 3478 },
        { address: '2001:db8:ff::1', port: 3478 },
      ],
    });
    const notes = a.ice[0]!.gatherers.map((g) => [g.done, g.notes.map((n) => n.what)]);
    expect(notes).toEqual([
      [true, [expect.stringMatching(/^mapped to 192\.0\.2\.1:/)]],
      [true, [expect.stringMatching(/^mapped to \[2001:db8:1::1\]:/)]],
    ]);
    const answers = wire.crossings.filter((c) => c.from.endsWith('|3478'));
    expect(
      answers.map(
        (c) =>
          must(
            wire.crossings.find((r) => r.id === c.cause),
            'request',
          ).to,
      ),
    ).toEqual(['203.0.113.1|3478', '2001:db8:ff::1|3478']);
    await server.stop();
    expect([...wire.open.keys()].some((k) => k.endsWith('|3478'))).toBe(false);
    await expect(server.call('ring', null)).rejects.toMatchObject({ code: 'ROLE_COMMAND' });
  });

  it('a silent STUN server holds the call up for 5 s, no longer', async () => {
    const wire = new Wire();
    await open(wire, 'alice', ['192.0.2.1'], true, { stunServers: [{ address: '203.0.113.1', port: 3478 }] });
    expect(wire.now / 1e9).toBeCloseTo(5, 1);
    expect(wire.named('ice-gathering-limit')).toHaveLength(1);
  });

  it('a description without ICE is taken at its word: media to the m-line', async () => {
    const wire = new Wire();
    const a = await open(wire, 'alice', ['192.0.2.1'], true, { suite: null, rtcpMux: false });
    const heard: Uint8Array[] = [];
    await new TestHost(wire, 'gateway', ['192.0.2.9']).udp({ address: '192.0.2.9', port: 6000 }, (b, o, n) => heard.push(b.slice(o, o + n)));
    const offer = makeOffer(origin, a.localMedia());
    const text = 'v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n';
    const agreed = agree(offer, parseSdp(text), 'offerer');
    expect(await wire.finish(a.connect(agreed))).toEqual({ ok: true });
    await wire.run(1000);
    expect(heard.length).toBeGreaterThanOrEqual(50);
  });
});
