import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { agree, makeAnswer, makeOffer } from '../../protocol/sdp/offer-answer.js';
import { TestHost, Wire } from '../media/hosts.testkit.js';
import { origin } from '../media/session.testkit.js';
import { CallMedia, Voice } from './call-media.js';
import { clientConfig } from './config.js';

async function open(wire: Wire, name: string, config: object = {}, host = new TestHost(wire, name, [name === 'alice' ? '192.0.2.1' : '192.0.2.2'])) {
  return wire.finish(CallMedia.open({ host, config: clientConfig.parse(config), stunServers: [], voice: new Voice(host), controlling: name === 'alice' }));
}

async function connected(config: object = {}): Promise<{ readonly wire: Wire; readonly a: CallMedia; readonly b: CallMedia }> {
  const wire = new Wire();
  const [a, b] = [await open(wire, 'alice', config), await open(wire, 'bob', config)];
  const offer = makeOffer(origin, a.localMedia());
  const answer = makeAnswer(origin, offer, (_, i) => b.localMedia()[i] ?? null).session;
  const both = Promise.all([a.connect(agree(offer, answer, 'offerer')), b.connect(agree(offer, answer, 'answerer'))]);
  expect(await wire.finish(both)).toEqual([{ ok: true }, { ok: true }]);
  return { wire, a, b };
}

describe('media of a call', () => {
  it('is one audio stream of G.711, within the ports of the node, with keys for SRTP', async () => {
    const [line, ...others] = (await open(new Wire(), 'alice', { audioPorts: { from: 40_000, to: 40_001 } })).localMedia();
    expect(others).toEqual([]);
    expect(line).toMatchObject({ kind: 'audio', port: 40_000, rtcpMux: true, ptime: 20, protocol: 'RTP/SAVP' });
    expect(line?.codecs.map(({ name }) => name)).toEqual(['PCMU', 'PCMA']);
    expect(line?.keys).not.toEqual([]);
  });

  it('without SRTP it has no keys; without rtcp-mux RTCP has a port of its own', async () => {
    const [line] = (await open(new Wire(), 'alice', { srtp: false, rtcpMux: false })).localMedia();
    expect(line).toMatchObject({ protocol: 'RTP/AVP', keys: [], rtcpMux: false, rtcp: { port: must(line, 'a line').port + 1 } });
  });

  it('is heard on both sides; a muted side sends nothing and still listens', async () => {
    const { wire, a, b } = await connected();
    await wire.run(1000);
    a.mute(true);
    const before = [a, b].map((one) => must(one.stats()[0], 'statistics'));
    await wire.run(1000);
    const after = [a, b].map((one) => must(one.stats()[0], 'statistics'));
    expect(after[0]?.sent.packets).toBe(before[0]?.sent.packets);
    expect(after[0]?.received[0]?.packets).toBeGreaterThan((before[0]?.received[0]?.packets ?? 0) + 40);
    a.mute(false);
    await wire.run(1000);
    expect(a.stats()[0]?.sent.packets).toBeGreaterThan((after[0]?.sent.packets ?? 0) + 40);
  });

  it('a stream that was refused ends: no statistics, no port', async () => {
    const wire = new Wire();
    const media = await open(wire, 'alice');
    expect(await wire.finish(media.connect([null]))).toMatchObject({ ok: false });
    expect([media.stats(), wire.open.size]).toEqual([[], 0]);
  });

  it('stopped, it has no port and no timer any more, however often', async () => {
    const { wire, a, b } = await connected();
    for (const media of [a, a, b]) media.stop();
    await wire.run(1000);
    expect([wire.open.size, wire.timers]).toEqual([0, 0]);
  });

  it('without a free port it is refused', async () => {
    const wire = new Wire();
    const host = new TestHost(wire, 'alice', ['192.0.2.1']);
    const config = { audioPorts: { from: 40_000, to: 40_000 } };
    await open(wire, 'alice', config, host);
    await expect(open(wire, 'alice', config, host)).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
  });
});

describe('the voice of a client', () => {
  const samples = (voice: Voice) => {
    const out = new Int16Array(800);
    voice.speak().fill(out);
    return [...out];
  };

  it('draws no random numbers before it speaks', () => {
    const [one, other] = [new TestHost(new Wire(), 'alice', []), new TestHost(new Wire(), 'alice', [])];
    new Voice(one);
    expect(one.random.below(2 ** 31)).toBe(other.random.below(2 ** 31));
  });

  it('begins somewhere else at each call, at the same places for the same seed', () => {
    const voice = (seed: number) => new Voice(new TestHost(new Wire(), 'alice', [], seed));
    const [one, again, other] = [voice(1), voice(1), voice(2)];
    const first = samples(one);
    expect(samples(again)).toEqual(first);
    expect(samples(one)).not.toEqual(first);
    expect(samples(other)).not.toEqual(first);
  });
});
