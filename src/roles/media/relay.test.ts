import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { demux, KIND } from '../../protocol/demux.js';
import * as rtp from '../../protocol/rtp/rtp.js';
import { looksLikeStun } from '../../protocol/stun/framing.js';
import { TestHost, Wire, type Crossing } from './hosts.testkit.js';
import type { MediaSession } from './media-session.js';
import { RelayServer, relayTo, type TestRelay } from './relay.testkit.js';
import { audio, connect, open, ssrc, stats } from './session.testkit.js';

const [ALICE, BOB, RELAY] = ['192.0.2.1', '192.0.2.2', '203.0.113.5'];
const RELAYED = `${RELAY}|49152`;

interface RelayedCall {
  readonly wire: Wire;
  readonly a: MediaSession;
  readonly b: MediaSession;
  readonly relays: readonly TestRelay[];
  /** Causes of the packets that bob accepted. */
  readonly heard: readonly number[];
}

/** Alice has a relay; `direct` says whether she reaches bob without it. */
async function call(direct: boolean): Promise<RelayedCall> {
  const wire = new Wire();
  const pair = new Set([ALICE, BOB]);
  wire.blocked = (from, to) => !direct && pair.has(from) && pair.has(to);
  const relays: TestRelay[] = [];
  const heard: number[] = [];
  const server = await RelayServer.open(new TestHost(wire, 'relay', [RELAY]));
  const a = await open(wire, 'alice', [ALICE], true, { relays: [relayTo(server, relays)], suite: null });
  const b = await open(wire, 'bob', [BOB], false, { streams: [audio({ onPacket: (_b, _o, _n, cause) => heard.push(cause) })], suite: null });
  expect(await connect(wire, a, b)).toEqual([{ ok: true }, { ok: true }]);
  await wire.run(6000);
  return { wire, a, b, relays, heard };
}

const kind = (c: Crossing, skip = 0): number => demux(c.bytes, skip, c.bytes.length - skip);
const between = (wire: Wire, from: string, to: string): Crossing[] => wire.crossings.filter((c) => c.from.startsWith(from) && c.to.startsWith(to));

describe('a relayed candidate, whose base is an allocation', () => {
  it('is described, checked through the relay, selected, and carries media both ways', async () => {
    const { wire, a, b } = await call(false);
    const relayed = must(
      a.localMedia()[0]?.candidates.find((c) => c.type === 'relay'),
      'relayed candidate',
    );
    expect(relayed.address).toEqual({ address: RELAY, port: 49_152, family: 4 });
    expect(must(wire.named('ice-selected', 'alice')[0], 'selected').fields).toMatchObject({
      base: `${RELAY}:49152`,
      local: `${RELAY}:49152`,
      'local-type': 'relay',
      remote: expect.stringMatching(/^192\.0\.2\.2:/),
    });
    expect(must(wire.named('media-started', 'alice')[0], 'started').fields['local']).toBe(`${RELAY}:49152`);
    for (const [own, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(stats(own).received).toEqual([expect.objectContaining({ ssrc: ssrc(peer), lost: 0, duplicates: 0 })]);
      expect(stats(own).received[0]?.packets).toBeGreaterThan(45);
    }
    // Between alice and the relay all of it is ChannelData; checks are in it as media is.
    const wrapped = between(wire, `${ALICE}|`, `${RELAY}|3478`);
    expect(wrapped.every((c) => kind(c) === KIND.TURN_CHANNEL)).toBe(true);
    expect(new Set(wrapped.map((c) => kind(c, 4)))).toEqual(new Set([KIND.STUN, KIND.RTP, KIND.RTCP]));
    expect(wrapped.filter((c) => kind(c, 4) === KIND.STUN).every((c) => looksLikeStun(c.bytes, 4, c.bytes.length - 4))).toBe(true);
    expect(between(wire, RELAYED, BOB).every((c) => kind(c) !== KIND.TURN_CHANNEL)).toBe(true);
  });

  it('what comes out of the relay goes into the agent: its answer has the packet of the relay for its cause', async () => {
    const { wire } = await call(false);
    const out = between(wire, `${RELAY}|3478`, ALICE);
    const answers = between(wire, `${ALICE}|`, `${RELAY}|3478`).filter((c) => c.bytes[4] === 1 && c.bytes[5] === 1);
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) {
      const request = must(
        out.find((c) => c.id === answer.cause),
        'the request',
      );
      expect([request.bytes[4], request.bytes[5]]).toEqual([0, 1]);
      expect(request.bytes.slice(12, 24)).toEqual(answer.bytes.slice(12, 24));
    }
  });

  it('what bob hears has a cause at every step back to alice', async () => {
    const { wire, a, heard } = await call(false);
    const byId = new Map(wire.crossings.map((c) => [c.id, c]));
    expect(heard.length).toBeGreaterThan(40);
    for (const id of heard) {
      const last = must(byId.get(id), 'the relayed packet');
      expect([last.from, rtp.ssrc(last.bytes, 0)]).toEqual([RELAYED, ssrc(a)]);
      const first = must(byId.get(last.cause), 'the packet into the relay');
      expect(first.from.startsWith(`${ALICE}|`)).toBe(true);
      expect(first.bytes.subarray(4)).toEqual(last.bytes);
      expect(first.cause).toBe(0);
    }
  });

  it('is not used where there is a straight way, and its gatherer is told so', async () => {
    const { wire, a, relays } = await call(true);
    expect(must(wire.named('ice-selected', 'alice')[0], 'selected').fields).toMatchObject({ 'local-type': 'host' });
    expect(must(relays[0], 'relay').released?.map((base) => base.address.address)).toEqual([ALICE]);
    expect(between(wire, RELAYED, BOB).filter((c) => kind(c) === KIND.RTP)).toEqual([]);
    expect(relays[0]?.closed).toBe(false);
    a.stop();
    expect(relays[0]?.closed).toBe(true);
  });

  it('ChannelData of anybody but the relay is refused', async () => {
    const { wire, a } = await call(false);
    const before = stats(a).refused.noise;
    const [to, socket] = must(
      [...wire.open].find(([name]) => name.startsWith(`${ALICE}|`)),
      'a socket of alice',
    );
    const forged = Uint8Array.of(0x40, 0, 0, 4, 0x80, 0, 0, 0);
    socket.deliver(forged, 0, forged.length, socket.host.endpoint('198.51.100.66', 3478), 99 as never);
    expect(to).toContain(ALICE);
    expect(stats(a).refused.noise).toBe(before + 1);
    expect(wire.discards.at(-1)).toEqual({ host: 'alice', cause: 99, reason: 'not-media' });
  });

  it('the way through it dies like any other: consent expires', async () => {
    const { wire, a } = await call(false);
    wire.blocked = () => true;
    await wire.run(40_000);
    expect(wire.named('ice-consent-expired', 'alice')).toHaveLength(1);
    const sent = stats(a).sent.packets;
    await wire.run(2000);
    expect(stats(a).sent.packets).toBe(sent);
  });
});
