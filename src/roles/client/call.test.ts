import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { randomRoot } from '../../base/rng.js';
import type { Agreed, LocalMedia } from '../../protocol/sdp/offer-answer.js';
import { parseSdp } from '../../protocol/sdp/session.js';
import type { Content } from '../../protocol/sip/user-agent/events.js';
import { TestHost, Wire } from '../media/hosts.testkit.js';
import { ClientCall, type Streams } from './call.js';

function line(kind: string, port: number): LocalMedia {
  return {
    kind,
    protocol: 'RTP/AVP',
    address: '192.0.2.1',
    port,
    codecs: [kind === 'audio' ? { payloadType: 0, name: 'PCMU', clockRate: 8000 } : { payloadType: 96, name: 'H264', clockRate: 90_000 }],
    direction: 'sendrecv',
    rtcpMux: true,
    ice: null,
    candidates: [],
    keys: [],
  };
}

/** Media that takes down what was agreed, per stream. */
class Noted implements Streams {
  readonly agreed: (readonly (Agreed | null)[])[] = [];
  readonly #lines: readonly LocalMedia[];

  constructor(...lines: readonly LocalMedia[]) {
    this.#lines = lines;
  }

  localMedia(): readonly LocalMedia[] {
    return this.#lines;
  }

  connect(agreed: readonly (Agreed | null)[]): Promise<{ readonly ok: true }> {
    this.agreed.push(agreed);
    return Promise.resolve({ ok: true });
  }

  /** Ports of the peer's m-lines, stream by stream. */
  get ports(): (number | null)[] {
    return (this.agreed.at(-1) ?? []).map((one) => one?.remote.port ?? null);
  }

  stats(): readonly never[] {
    return [];
  }

  mute(): void {
    // Nothing sounds.
  }

  stop(): void {
    // Nothing runs.
  }
}

function call(name: string, media: Streams): ClientCall {
  const host = new TestHost(new Wire(), name, ['192.0.2.1'], randomRoot(1).stream(name).below(100));
  return new ClientCall(host, 'peer@contoso.example', media);
}

const lines = (content: Content) => parseSdp(new TextDecoder().decode(content.bytes)).media.map(({ kind, port }) => `${kind} ${port}`);
const version = (content: Content) => parseSdp(new TextDecoder().decode(content.bytes)).origin.version;
const sdp = (text: string): Content => ({
  type: 'application/sdp',
  bytes: new TextEncoder().encode(`v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n${text}`),
});
const AUDIO = 'm=audio 7000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=rtcp-mux\r\n';
const VIDEO = 'm=video 7002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\na=rtcp-mux\r\n';
const TEXT = 'm=text 7004 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n';

describe('offers and answers of a call', () => {
  it('an offer has an m-line per stream, the answer leads each to its stream; versions go up (RFC 3264 section 8)', async () => {
    const [near, far] = [new Noted(line('audio', 5000), line('video', 5002)), new Noted(line('audio', 6000), line('video', 6002))];
    const [a, b] = [call('a', near), call('b', far)];
    const offer = a.offer();
    const answer = must(b.answer(offer), 'an answer');
    expect(lines(answer.content)).toEqual(['audio 6000', 'video 6002']);
    expect(await a.answered(answer.content)).toEqual({ ok: true });
    expect([near.ports, far.ports]).toEqual([
      [6000, 6002],
      [5000, 5002],
    ]);
    expect(version(a.offer())).toBe(version(offer) + 1);
  });

  it('streams are found by kind, whatever the order; what nobody has is refused in its place and stays refused', async () => {
    const media = new Noted(line('audio', 5000), line('video', 5002));
    const callee = call('c', media);
    const answer = must(callee.answer(sdp(TEXT + VIDEO + AUDIO)), 'an answer');
    expect(lines(answer.content)).toEqual(['text 0', 'video 5002', 'audio 5000']);
    expect(media.ports).toEqual([7000, 7002]);
    expect(lines(callee.offer())).toEqual(['text 0', 'video 5002', 'audio 5000']);
    await callee.answered(sdp('m=text 0 RTP/AVP 98\r\n' + VIDEO + AUDIO));
    expect(media.ports).toEqual([7000, 7002]);
  });

  it('of two m-lines of a kind one stream serves the first', () => {
    expect(lines(must(call('d', new Noted(line('audio', 5000))).answer(sdp(AUDIO + AUDIO)), 'an answer').content)).toEqual(['audio 5000', 'audio 0']);
  });

  it('a stream that the peer refused is told so, and its m-line stays with port 0', async () => {
    const media = new Noted(line('audio', 5000), line('video', 5002));
    const caller = call('e', media);
    caller.offer();
    await caller.answered(sdp(AUDIO + 'm=video 0 RTP/AVP 97\r\n'));
    expect(media.ports).toEqual([7000, null]);
    expect(lines(caller.offer())).toEqual(['audio 5000', 'video 0']);
  });

  it('an offer of which nothing can be taken is refused whole (488)', () => {
    const media = new Noted(line('audio', 5000));
    expect(call('f', media).answer(sdp(TEXT))).toBeNull();
    expect(call('f', media).answer(sdp('m=audio 7000 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\n'))).toBeNull();
    expect(media.agreed).toEqual([]);
  });

  it('no description, another type, an answer that nobody asked for', () => {
    const one = call('g', new Noted(line('audio', 5000)));
    const malformed = expect.objectContaining({ code: 'SDP_MALFORMED' }) as Error;
    expect(() => one.answer(null)).toThrow(malformed);
    expect(() => one.answer({ type: 'text/plain', bytes: new Uint8Array(0) })).toThrow(malformed);
    expect(() => one.answered(sdp(AUDIO))).toThrow(malformed);
  });
});
