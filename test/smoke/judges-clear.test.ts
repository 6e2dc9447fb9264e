/**
 * `extract --clear`: the speech is there in the clear, and it is what the SRTP on the wire held, by the keys in the SDP
 * and an SRTP of Node's own ciphers. The RTCP beside it tells of the stream that is there.
 */
import { createCipheriv, createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { clearText } from '../../src/analysis/clear-text.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { PATIENCE, BY_LOOKS, SIP_ON_443, VERIFY, captures, outer, rows, sinceStart } from './judged.js';
import type { Captured, Row } from './judged.js';
import { judge } from './support.js';

const FIELDS = [
  'frame.packet_id',
  'frame.time_epoch',
  'frame.packet_flags_direction',
  '_ws.malformed',
  'ip.checksum.status',
  'udp.checksum.status',
  'udp.length',
  'udp.payload',
  'icmpv6.type',
  'rtp.p_type',
  'rtp.seq',
  'rtp.timestamp',
  'rtp.marker',
  'rtp.ssrc',
  'rtp.payload',
  'srtp.auth_tag',
  'srtp.enc_payload',
  'rtcp.pt',
  'rtcp.senderssrc',
  'rtcp.sender.packetcount',
  'rtcp.sender.octetcount',
  'rtcp.timestamp.ntp.msw',
  'rtcp.timestamp.ntp.lsw',
  'rtcp.timestamp.rtp',
  'rtcp.ssrc.identifier',
  'rtcp.ssrc.cum_nr',
  'rtcp.ssrc.ext_high',
  'sdp.media_attr',
] as const;
type Frame = Row<(typeof FIELDS)[number]>;

/** 20 ms of G.711 (RFC 3551 section 4.5.14). */
const SAMPLES = 160;
/** Octets of AES_CM_128_HMAC_SHA1_80's tag, master key, master salt and of an RTP header. */
const TAG = 10;
const KEY = 16;
const SALT = 14;
const RTP_HEADER = 12;
/** Seconds from 1900, NTP's era, to 1970. */
const NTP_OF_1970 = 2_208_988_800;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hexOf = (bytes: Uint8Array): string => [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join('');
const isSent = (frame: Frame): boolean => Number(frame['frame.packet_flags_direction']) === 2;
const isSpeech = (frame: Frame): boolean => frame['rtp.p_type'] !== '' && frame['icmpv6.type'] === '';

/** AES in counter mode over zeros or data: the only cipher that SRTP needs here. */
function counterMode(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return new Uint8Array(createCipheriv('aes-128-ctr', key, iv).update(data));
}

/** RFC 3711 section 4.3: the session key of a label, with a key derivation rate of zero. */
function derive(master: Uint8Array, salt: Uint8Array, label: number, length: number): Uint8Array {
  const iv = new Uint8Array(KEY);
  iv.set(salt);
  iv[7] = iv[7]! ^ label;
  return counterMode(master, iv, new Uint8Array(length));
}

/** RFC 3711 sections 4.1.1 and 4.2, before the sequence number has wrapped. Null when the tag is not right. */
function decrypt(inline: Uint8Array, packet: Uint8Array): Uint8Array | null {
  const [master, salt] = [inline.subarray(0, KEY), inline.subarray(KEY, KEY + SALT)];
  const end = packet.length - TAG;
  const rollOver = new Uint8Array(4);
  const tag = createHmac('sha1', derive(master, salt, 1, 20))
    .update(packet.subarray(0, end))
    .update(rollOver)
    .digest('hex');
  if (tag.slice(0, 2 * TAG) !== hexOf(packet.subarray(end))) return null;
  const iv = new Uint8Array(KEY);
  iv.set(derive(master, salt, 2, SALT));
  for (let i = 0; i < 4; i++) iv[4 + i] = iv[4 + i]! ^ packet[8 + i]!;
  for (let i = 0; i < 2; i++) iv[12 + i] = iv[12 + i]! ^ packet[2 + i]!;
  return counterMode(derive(master, salt, 0, KEY), iv, packet.subarray(RTP_HEADER, end));
}

/** The NTP timestamp of a report as nanoseconds since the run's start. */
function ntpTime(report: Frame): number {
  const seconds = Number(report['rtcp.timestamp.ntp.msw']) - NTP_OF_1970 - sim.originSeconds();
  return seconds * 1e9 + (Number(report['rtcp.timestamp.ntp.lsw']) / 2 ** 32) * 1e9;
}

/** ITU-T G.711 table 2a: sign, segment, interval of a mu-law octet, which is sent inverted. */
function linear(octet: number): number {
  const bits = ~octet & 0xff;
  const magnitude = (((bits & 0x0f) * 2 + 33) << ((bits >> 4) & 7)) - 33;
  return (bits & 0x80) === 0 ? magnitude : -magnitude;
}

/** Master key and salt of each side, from the SDP in the decrypted SIP of a client's file. */
function keysOf(frames: readonly Frame[]): { readonly own: Uint8Array; readonly peer: Uint8Array } {
  const key = (sent: boolean): Uint8Array => {
    const frame = frames.find((candidate) => candidate['sdp.media_attr'].includes('crypto:') && isSent(candidate) === sent)!;
    const [, text] = /AES_CM_128_HMAC_SHA1_80 inline:([A-Za-z0-9+/=]+)/.exec(frame['sdp.media_attr'])!;
    return Uint8Array.from(atob(text!), (letter) => letter.charCodeAt(0));
  };
  return { own: key(true), peer: key(false) };
}

describe.skipIf(!judge('tshark'))('media in the clear, as tshark reads it', () => {
  const capture = captures();
  const CLIENTS = ['alice', 'bob'] as const;
  const clear = new Map<string, readonly Frame[]>();
  const wire = new Map<string, readonly Frame[]>();
  let one: Captured;
  beforeAll(async () => {
    one = await capture('hybrid-p2p-mixed', 'talk');
    for (const client of CLIENTS) {
      wire.set(client, rows(one.at(client), FIELDS, ...SIP_ON_443, ...BY_LOOKS));
      clear.set(client, rows(one.at(client, clearText), FIELDS, ...VERIFY, ...BY_LOOKS));
    }
  }, PATIENCE);
  const speechOf = (client: string, sent: boolean): readonly Frame[] => clear.get(client)!.filter((frame) => isSpeech(frame) && isSent(frame) === sent);

  it.each(CLIENTS)('%s: speech is PCMU of 160 octets without a tag, in sequence', (client) => {
    for (const sent of [true, false]) {
      const speech = speechOf(client, sent);
      expect(speech.length).toBeGreaterThan(240);
      expect(
        new Set(
          speech.map((frame) =>
            [frame['rtp.p_type'], frame['rtp.payload'].length / 2, frame['udp.length'], frame['srtp.auth_tag'], frame['srtp.enc_payload']].join(),
          ),
        ),
      ).toEqual(new Set([`0,${SAMPLES},${8 + RTP_HEADER + SAMPLES},,`]));
      const steps = speech
        .slice(1)
        .map((frame, i) =>
          [
            (Number(frame['rtp.seq']) - Number(speech[i]!['rtp.seq'])) & 0xffff,
            (Number(frame['rtp.timestamp']) - Number(speech[i]!['rtp.timestamp'])) >>> 0,
          ].join(),
        );
      expect(new Set(steps)).toEqual(new Set([`1,${SAMPLES}`]));
      // RFC 3551 section 4.1: the marker is on the first packet of a talkspurt, and there is no silence suppression here.
      expect(speech.map((frame) => frame['rtp.marker'] === '1').lastIndexOf(true)).toBe(0);
    }
  });

  it.each(CLIENTS)('%s: nothing is malformed, all checksums are right', (client) => {
    const frames = clear.get(client)!;
    expect(frames.filter((frame) => frame['_ws.malformed'] !== '')).toEqual([]);
    for (const field of ['ip.checksum.status', 'udp.checksum.status'] as const) {
      const status = frames.map((frame) => outer(frame[field])).filter((value) => value !== '');
      expect(status.length).toBeGreaterThan(20);
      expect(new Set(status)).toEqual(new Set(['1']));
    }
  });

  it.each(CLIENTS)('%s: it is what the SRTP held, by the keys of the SDP', (client) => {
    const encrypted = new Map(wire.get(client)!.map((frame) => [frame['frame.packet_id'], frame['udp.payload']]));
    const { own, peer } = keysOf(wire.get(client)!);
    for (const sent of [true, false]) {
      for (const frame of speechOf(client, sent)) {
        const packet = bytesOf(encrypted.get(frame['frame.packet_id'])!);
        expect(packet).toHaveLength(RTP_HEADER + SAMPLES + TAG);
        expect(hexOf(decrypt(sent ? own : peer, packet)!)).toBe(frame['rtp.payload']);
      }
    }
    const [first] = speechOf(client, true);
    expect(decrypt(peer, bytesOf(encrypted.get(first!['frame.packet_id'])!))).toBeNull();
  });

  it('what one says the other hears, and the two say different things, with pauses', () => {
    const said = (client: string, sent: boolean): string =>
      speechOf(client, sent)
        .map((frame) => frame['rtp.payload'])
        .join('');
    expect(said('bob', false)).toBe(said('alice', true));
    expect(said('alice', false)).toBe(said('bob', true));
    const seconds = CLIENTS.map((client) => said(client, true).slice(0, 2 * 4 * 8000));
    expect(seconds[0]).not.toBe(seconds[1]);
    for (const text of seconds) {
      const samples = [...bytesOf(text)].map(linear);
      // 14 bits: full scale is 8159. Talk is some -24 dBov while it lasts, and a sine at 0 dBov has 0.707 of full scale.
      const level = (part: readonly number[]): number => Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length) / 8159;
      const pieces = Array.from({ length: samples.length / SAMPLES }, (_, i) => level(samples.slice(i * SAMPLES, (i + 1) * SAMPLES)));
      expect(pieces.filter((piece) => piece > 0.01).length).toBeGreaterThan(pieces.length / 4);
      expect(pieces.filter((piece) => piece === 0).length).toBeGreaterThan(2);
      expect(Math.abs(samples.reduce((sum, sample) => sum + sample, 0) / samples.length)).toBeLessThan(40);
      expect(Math.max(...pieces)).toBeLessThan(0.5);
    }
  });

  it.each(CLIENTS)('%s: the RTCP tells of the stream that is there (RFC 3550 section 6.4)', (client) => {
    const speech = speechOf(client, true);
    const [first] = speech as [Frame];
    const control = clear.get(client)!.filter((frame) => frame['rtcp.pt'] !== '' && isSent(frame));
    expect(control.length).toBeGreaterThanOrEqual(2);
    // Compound: a report first, then SDES (section 6.1); BYE ends it.
    expect(control.map((frame) => frame['rtcp.pt'].split(',').slice(0, 2).join())).toEqual(control.map(() => '200,202'));
    expect(control.map((frame) => frame['rtcp.pt'].endsWith('203'))).toEqual(control.map((_, i) => i === control.length - 1));
    for (const report of control) {
      const at = sinceStart(report['frame.time_epoch']);
      const packets = Number(report['rtcp.sender.packetcount']);
      expect(Number(outer(report['rtcp.senderssrc']))).toBe(Number(first['rtp.ssrc']));
      const before = speech.filter((frame) => sinceStart(frame['frame.time_epoch']) <= at).length;
      // A packet that goes out at the same instant may do so behind the report.
      expect([before, before - 1]).toContain(packets);
      expect(Number(report['rtcp.sender.octetcount'])).toBe(packets * SAMPLES);
      expect(Math.abs(ntpTime(report) - at)).toBeLessThan(2);
      // The media clock of the report's instant: 8 kHz since the first packet.
      const elapsed = (Number(report['rtcp.timestamp.rtp']) - Number(first['rtp.timestamp'])) >>> 0;
      expect(Math.abs(elapsed - ((at - sinceStart(first['frame.time_epoch'])) / 1e9) * 8000)).toBeLessThanOrEqual(1);
    }
  });

  it.each(CLIENTS)('%s: report blocks tell what was received', (client) => {
    const frames = clear.get(client)!.filter((frame) => frame['icmpv6.type'] === '');
    const heard = speechOf(client, false);
    const reports = frames.filter((frame) => frame['rtcp.pt'] !== '' && isSent(frame) && frame['rtcp.ssrc.cum_nr'] !== '');
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) {
      const at = sinceStart(report['frame.time_epoch']);
      const before = heard.filter((frame) => sinceStart(frame['frame.time_epoch']) <= at);
      expect(Number(outer(report['rtcp.ssrc.identifier']))).toBe(Number(heard[0]!['rtp.ssrc']));
      expect(report['rtcp.ssrc.cum_nr']).toBe('0');
      expect(Number(report['rtcp.ssrc.ext_high'])).toBe(Number(before.at(-1)!['rtp.seq']));
    }
  });

  it.each(CLIENTS)('%s: reports keep their distance (RFC 3550 section 6.3.1)', (client) => {
    const times = clear
      .get(client)!
      .filter((frame) => frame['rtcp.pt'] !== '' && !frame['rtcp.pt'].includes('203') && isSent(frame))
      .map((frame) => sinceStart(frame['frame.time_epoch']) / 1e9);
    const start = sinceStart(speechOf(client, true)[0]!['frame.time_epoch']) / 1e9;
    // Tmin is 5 s, and half of that at first; drawn from 0.5 to 1.5 of it, divided by e - 3/2.
    const [least, most] = [0.5 / 1.21828, 1.5 / 1.21828];
    const gaps = times.map((time, i) => time - (i === 0 ? start : times[i - 1]!));
    expect(gaps[0]).toBeGreaterThanOrEqual(2.5 * least);
    expect(gaps[0]).toBeLessThanOrEqual(2.5 * most + 0.02);
    for (const gap of gaps.slice(1)) expect(gap).toBeGreaterThanOrEqual(5 * least);
  });
});
