import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { PICTURES } from '../../protocol/rtp/pictures.testkit.js';
import { parseSdp } from '../../protocol/sdp/parse.js';
import type { Content } from '../../protocol/sip/body.js';
import { TestHost, Wire } from '../media/hosts.testkit.js';
import { MediaSession, type SessionStream } from '../media/media-session.js';
import { audio } from '../media/session.testkit.js';
import { ClientCall } from './call.js';
import { CallMedia } from './call-media.js';

const [ALICE, BOB] = ['192.0.2.1', '192.0.2.2'];
const AUDIO = audio({ ports: { from: 50000, to: 50000 } });
const AUDIO_2 = audio({ ports: { from: 50002, to: 50002 } });
const VIDEO: SessionStream = { kind: 'video', ports: { from: 51000, to: 51000 }, formats: [PICTURES] };

interface Side {
  readonly call: ClientCall;
  readonly media: CallMedia;
}

async function side(wire: Wire, address: string, controlling: boolean, streams: readonly SessionStream[]): Promise<Side> {
  const host = new TestHost(wire, address === ALICE ? 'alice' : 'bob', [address]);
  const opening = MediaSession.open({ host, controlling, streams, stunServers: [] });
  const media = new CallMedia(await wire.finish(opening));
  return { call: new ClientCall(host, 'peer@contoso.example', media), media };
}

/** Alice, who calls, and Bob. */
async function sides(mine: readonly SessionStream[], theirs = mine): Promise<{ readonly wire: Wire; readonly a: Side; readonly b: Side }> {
  const wire = new Wire();
  return { wire, a: await side(wire, ALICE, true, mine), b: await side(wire, BOB, false, theirs) };
}

const sdpOf = (content: Content) => parseSdp(new TextDecoder().decode(content.bytes));
const lines = (content: Content) => sdpOf(content).media.map(({ kind, port }) => `${kind} ${port}`);
const version = (content: Content) => sdpOf(content).origin.version;
const sdp = (text: string): Content => ({ type: 'application/sdp', bytes: new TextEncoder().encode(text) });

/** The description with its m-lines in another order, or with others among them. */
function edited(content: Content, edit: (sections: readonly string[]) => readonly string[]): Content {
  const [session = '', ...sections] = new TextDecoder().decode(content.bytes).split(/(?=^m=)/m);
  return sdp([session, ...edit(sections)].join(''));
}

const TEXT = 'm=text 7004 RTP/AVP 98\r\nc=IN IP4 192.0.2.1\r\na=rtpmap:98 t140/1000\r\n';
const G722 = 'v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 7000 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\n';

/** Offer, answer, and media of both. @param offered what becomes of the offer on its way */
async function connected(wire: Wire, a: Side, b: Side, offered = (content: Content) => content): Promise<{ readonly answer: Content }> {
  const answer = must(b.call.answer(offered(a.call.offer())), 'an answer');
  expect(await wire.finish(Promise.all([a.call.answered(answer.content), answer.connected]))).toEqual([{ ok: true }, { ok: true }]);
  await wire.run(1000);
  return { answer: answer.content };
}

/** What each stream heard of the peer in the second after the call was answered. */
const heard = ({ media }: Side) => media.stats().map(({ kind, received }) => [kind, received.map(({ packets, lost }) => [packets > 40, lost])]);
const BOTH = [
  ['audio', [[true, 0]]],
  ['video', [[true, 0]]],
];

describe('offers and answers of a call', () => {
  it('an offer has an m-line per stream, the answer leads each to its stream; versions go up (RFC 3264 section 8)', async () => {
    const { wire, a, b } = await sides([AUDIO, VIDEO]);
    const offer = a.call.offer();
    expect(lines(offer)).toEqual(['audio 50000', 'video 51000']);
    const { answer } = await connected(wire, a, b);
    expect(lines(answer)).toEqual(['audio 50000', 'video 51000']);
    expect([heard(a), heard(b)]).toEqual([BOTH, BOTH]);
    expect(version(a.call.offer())).toBe(version(offer) + 2);
    // Media goes on with what the second offer agreed on.
    const before = b.media.stats().map(({ received }) => received[0]?.packets ?? 0);
    await connected(wire, a, b);
    for (const [i, { received }] of b.media.stats().entries()) expect(received[0]?.packets).toBeGreaterThan((before[i] ?? 0) + 40);
  });

  it('streams are found by kind, whatever the order', async () => {
    const { wire, a, b } = await sides([VIDEO, AUDIO], [AUDIO, VIDEO]);
    const { answer } = await connected(wire, a, b);
    expect(lines(answer)).toEqual(['video 51000', 'audio 50000']);
    expect(heard(b)).toEqual(BOTH);
    expect(lines(b.call.offer())).toEqual(['video 51000', 'audio 50000']);
  });

  it('what nobody has is refused in its place and stays refused', async () => {
    const { a, b } = await sides([AUDIO, VIDEO]);
    const offer = edited(a.call.offer(), (sections) => [TEXT, ...sections]);
    expect(lines(must(b.call.answer(offer), 'an answer').content)).toEqual(['text 0', 'audio 50000', 'video 51000']);
    expect(lines(b.call.offer())).toEqual(['text 0', 'audio 50000', 'video 51000']);
    const again = edited(a.call.offer(), (sections) => [TEXT.replace('7004', '0'), ...sections]);
    expect(lines(must(b.call.answer(again), 'an answer').content)).toEqual(['text 0', 'audio 50000', 'video 51000']);
  });

  it('of two m-lines of a kind one stream serves the first; the caller stops the other', async () => {
    const { wire, a, b } = await sides([AUDIO, AUDIO_2], [AUDIO]);
    expect(lines(a.call.offer())).toEqual(['audio 50000', 'audio 50002']);
    const { answer } = await connected(wire, a, b);
    expect(lines(answer)).toEqual(['audio 50000', 'audio 0']);
    expect([heard(a), heard(b)]).toEqual([[['audio', [[true, 0]]]], [['audio', [[true, 0]]]]]);
  });

  it('a stream that the peer refused ends, and its m-line stays with port 0', async () => {
    const { wire, a, b } = await sides([AUDIO, VIDEO], [AUDIO]);
    const { answer } = await connected(wire, a, b);
    expect(lines(answer)).toEqual(['audio 50000', 'video 0']);
    expect(heard(a)).toEqual([['audio', [[true, 0]]]]);
    expect([...wire.open.keys()].filter((key) => key.includes('|51'))).toEqual([]);
    expect(lines(a.call.offer())).toEqual(['audio 50000', 'video 0']);
  });

  it('an offer of which nothing can be taken is refused whole (488), and no media is touched', async () => {
    const { wire, a, b } = await sides([AUDIO]);
    expect(b.call.answer(edited(a.call.offer(), () => [TEXT]))).toBeNull();
    expect(b.call.answer(sdp(G722))).toBeNull();
    await wire.run(1000);
    expect(b.media.stats()).toEqual([]);
    // Still to be had for an offer that fits.
    await connected(wire, a, b);
    expect(heard(b)).toEqual([['audio', [[true, 0]]]]);
  });

  it('no way to the peer: the result says so', async () => {
    const { wire, a, b } = await sides([AUDIO, VIDEO]);
    wire.blocked = () => true;
    const answer = must(b.call.answer(a.call.offer()), 'an answer');
    expect(await wire.finish(a.call.answered(answer.content))).toMatchObject({ ok: false, code: 'ICE_FAILED' });
  });

  it('a new offer that is answered without a description is an error of the peer, and what was agreed on before goes on', async () => {
    const { wire, a, b } = await sides([AUDIO]);
    await connected(wire, a, b);
    a.call.offer();
    expect(() => a.call.answered(null)).toThrow(expect.objectContaining({ code: 'SDP_MALFORMED' }) as Error);
    const before = a.media.stats()[0]?.received[0]?.packets ?? 0;
    await wire.run(1000);
    expect(a.media.stats()[0]?.received[0]?.packets).toBeGreaterThan(before + 40);
    // And the next one may be answered as it should.
    const answer = must(b.call.answer(a.call.offer()), 'an answer');
    expect(await wire.finish(a.call.answered(answer.content))).toEqual({ ok: true });
  });

  it('no description, another type, an answer that nobody asked for', async () => {
    const { a, b } = await sides([AUDIO]);
    const malformed = expect.objectContaining({ code: 'SDP_MALFORMED' }) as Error;
    expect(() => b.call.answer(null)).toThrow(malformed);
    expect(() => b.call.answer({ type: 'text/plain', bytes: new Uint8Array(0) })).toThrow(malformed);
    expect(() => b.call.answered(a.call.offer())).toThrow(malformed);
  });
});
