/**
 * Media sessions of two hosts for tests: opened, described to each other in text, connected.
 * @module
 */
import { must } from '../../base/assert.js';
import { randomRoot } from '../../base/rng.js';
import { g711Formats } from '../../protocol/rtp/g711-payloader.js';
import { Speech } from '../../protocol/rtp/speech.js';
import { agree, makeAnswer, makeOffer, type Agreed, type LocalMedia } from '../../protocol/sdp/offer-answer.js';
import { formatSdp } from '../../protocol/sdp/format.js';
import { parseSdp } from '../../protocol/sdp/parse.js';
import { TestHost, type Wire } from './hosts.testkit.js';
import { MediaSession, type ConnectResult, type MediaSessionOptions, type SessionStream } from './media-session.js';
import type { MediaStats } from './media-stats.js';

export const PORTS = { from: 50000, to: 50019 };
export const origin = { username: '-', sessionId: '1', version: 1, address: '192.0.2.1' };

/** An m-line of G.711, said by a voice of its own. */
export function audio(change: Partial<SessionStream> = {}): SessionStream {
  return { kind: 'audio', ports: PORTS, formats: g711Formats(new Speech(randomRoot(1).stream('speech'))), packetTime: 20, ...change };
}

export const line = (m: MediaSession): LocalMedia => must(m.localMedia()[0], 'm-line');
export const stats = (m: MediaSession): MediaStats => must(m.stats()[0], 'statistics');
export const ssrc = (m: MediaSession, stream = 0): number => must(must(m.streams[stream], 'stream').ssrc, 'SSRC');

export interface Call {
  readonly wire: Wire;
  readonly a: MediaSession;
  readonly b: MediaSession;
  readonly results: readonly [ConnectResult, ConnectResult];
}

/** What both agree on, through the text of the descriptions. */
export function negotiate(a: MediaSession, b: MediaSession): readonly [(Agreed | null)[], (Agreed | null)[]] {
  const offer = parseSdp(formatSdp(makeOffer(origin, a.localMedia())));
  const answer = parseSdp(formatSdp(makeAnswer(origin, offer, (_, i) => b.localMedia()[i] ?? null).session));
  return [agree(offer, answer, 'offerer'), agree(offer, answer, 'answerer')];
}

/** Offer, answer, and both connected. */
export async function connect(wire: Wire, a: MediaSession, b: MediaSession): Promise<readonly [ConnectResult, ConnectResult]> {
  const [mine, theirs] = negotiate(a, b);
  return wire.finish(Promise.all([a.connect(mine), b.connect(theirs)]));
}

export async function open(
  wire: Wire,
  name: string,
  addresses: readonly string[],
  controlling: boolean,
  more: Partial<MediaSessionOptions> = {},
): Promise<MediaSession> {
  const host = new TestHost(wire, name, addresses);
  return wire.finish(MediaSession.open({ host, controlling, streams: [audio()], stunServers: [], ...more }));
}
