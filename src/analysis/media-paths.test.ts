/**
 * Media paths on ledgers made by hand: who hears whom, over which legs, and what was lost on which of them.
 */
import { describe, expect, it } from 'vitest';
import { DROP } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { millis } from '../base/time.js';
import { readLedger } from '../capture/ledger-reader.js';
import { BytesSource } from '../capture/store/byte-store.js';
import { HandMade, PLAN, channelData, indication, rtp, udp } from './ledger.testkit.js';
import type { Sending } from './ledger.testkit.js';
import { observe } from './legs.js';
import type { MediaPath, Observation } from './legs.js';
import { observationJson } from './observation-json.js';
import { longestSilence } from './silence.js';
import { talkBetween } from './talk.js';

const at = (ms: number): Nanos => millis(ms);
const PACKETS = 10;

function observed(play: (lab: HandMade) => void): Observation {
  const lab = new HandMade();
  play(lab);
  return observe(lab.ledger(), PLAN);
}

function pathNamed({ media }: Observation, id: string): MediaPath {
  const found = media.find((path) => path.id === id);
  if (found === undefined) throw new Error(`no path ${id}; there are ${media.map((path) => path.id).join(', ')}`);
  return found;
}

/** Stage by stage: how it came onto which leg. */
const stagesOf = (path: MediaPath): readonly string[] => path.stages.map(({ by, leg, streams }) => `${by} ${leg.id} ${streams.map(({ ssrc }) => ssrc).join()}`);
const counts = ({ whole }: MediaPath): readonly number[] => [whole.packets, whole.delivered, whole.lost, whole.refused, whole.underWay];

type Extra = Partial<Pick<Sending, 'lost' | 'flying' | 'dropped' | 'delays'>>;

/** One packet; returns its id. */
interface Saying extends Extra {
  readonly ms: number;
  readonly bytes: Uint8Array;
  readonly causes?: readonly number[];
  /** Whom it is for, where it ends before. */
  readonly to?: string;
}

function say(lab: HandMade, way: string, { ms, bytes, causes, to, ...extra }: Saying): number {
  const nodes = way.split(' ');
  const frame = udp(nodes[0] ?? '', 50000, to ?? nodes.at(-1) ?? '', 50000, bytes);
  return lab.send({ way, at: at(ms), frame, ...extra, ...(causes !== undefined && { causes }) });
}

const TO_EDGE = 'alice lan rt ce msee ms-lan edge';
const FROM_EDGE = 'edge ms-lan msee ce rt lan bob';

describe('directly', () => {
  it('a path is the leg, with its numbers', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < PACKETS; k++) say(lab, 'alice lan bob', { ms: k * 20, bytes: rtp(7, k), ...(k === 3 && { lost: DROP.LINK_LOSS }) });
      for (let k = 0; k < PACKETS; k++) say(lab, 'bob lan alice', { ms: 5 + k * 20, bytes: rtp(8, k) });
    });
    const [leg] = observation.legs;
    const path = pathNamed(observation, 'audio/alice>bob');
    expect(path).toMatchObject({ from: 'alice', to: 'bob', workload: 'audio', label: 'local' });
    expect(stagesOf(path)).toEqual(['sent audio/alice-bob 7']);
    expect(path.whole).toEqual(leg?.there);
    expect(counts(path)).toEqual([10, 9, 1, 0, 0]);
    expect(pathNamed(observation, 'audio/bob>alice').whole).toEqual(leg?.back);
    expect(observation.media).toHaveLength(2);
    expect(talkBetween(observation, PLAN, 'bob', 'alice')).toMatchObject({ a: { name: 'alice' }, there: leg?.there, back: leg?.back, label: leg?.label });
    expect(talkBetween(observation, PLAN, 'alice', 'dave')).toBeNull();
  });

  it('two calls, one after the other, are one path with two streams', () => {
    const observation = observed((lab) => {
      for (const [ssrc, from] of [
        [7, 0],
        [9, 1000],
      ] as const)
        for (let k = 0; k < 2; k++) say(lab, 'alice lan bob', { ms: from + k * 20, bytes: rtp(ssrc, k) });
    });
    expect(observation.media.map((path) => [path.id, ...stagesOf(path), path.whole.packets])).toEqual([['audio/alice>bob', 'sent audio/alice-bob 7,9', 4]]);
  });
});

/** Alice speaks by way of the relay: ChannelData to it, plain RTP from it. */
function relayed(lab: HandMade, k: number, first: Extra = {}, second: Extra = {}): void {
  const ms = k * 20;
  const ended = first.lost !== undefined || first.dropped !== undefined || first.flying === true;
  const said = say(lab, TO_EDGE, { ms, bytes: channelData(rtp(7, k)), ...first });
  // Six links of a millisecond each.
  if (!ended) say(lab, FROM_EDGE, { ms: ms + 6, bytes: rtp(7, k), causes: [said], ...second });
}

describe('through a relay', () => {
  it('the listener hears what the sender sent: TURN is opened, and the second leg goes on from the first', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < PACKETS; k++) relayed(lab, k);
    });
    expect(observation.legs.map(({ id, medium }) => `${id} ${medium}`)).toEqual(['turn/alice-edge turn', 'audio/bob-edge rtp']);
    expect(observation.media.map(({ id }) => id)).toEqual(['audio/alice>edge>bob']);
    const path = pathNamed(observation, 'audio/alice>edge>bob');
    expect(stagesOf(path)).toEqual(['sent turn/alice-edge 7', 'relayed audio/bob-edge 7']);
    expect(counts(path)).toEqual([10, 10, 0, 0, 0]);
    // 6 ms there, 6 ms on.
    expect(path.whole.delay).toEqual({ min: 12e6, mean: 12e6, max: 12e6 });
    expect(path.label).toBe('ExpressRoute');
    expect(path.whole.paths.map(({ links }) => links.map((link) => PLAN.links[link]?.name).join(' '))).toEqual([
      'alice--lan rt--lan rt--ce er-primary msee--ms-lan edge--ms-lan edge--ms-lan msee--ms-lan er-primary rt--ce rt--lan bob--lan',
    ]);
    expect(path.whole.evidence[0]).toBe(1);
  });

  it('a loss is said where it was, on the second stage or the first', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < PACKETS; k++) {
        const secondly = k === 4 || k === 5 ? { lost: DROP.LINK_LOSS } : {};
        relayed(lab, k, k === 2 ? { lost: DROP.LINK_QUEUE } : {}, secondly);
      }
    });
    const path = pathNamed(observation, 'audio/alice>edge>bob');
    expect(counts(path)).toEqual([10, 7, 3, 0, 0]);
    expect(path.whole.endings.map(({ reason, where, packets }) => `${packets} ${reason} ${where}`)).toEqual([
      '2 link-loss bob--lan',
      '1 link-queue-overflow edge--ms-lan',
    ]);
    // The legs count what IP saw.
    expect(observation.legs.map(({ id, there, back }) => `${id} ${there.packets}/${there.lost} ${back.packets}/${back.lost}`)).toEqual([
      'turn/alice-edge 10/1 0/0',
      'audio/bob-edge 0/0 9/2',
    ]);
    expect(longestSilence([path])).toMatchObject({ from: 80e6, to: 100e6 });
  });

  it('what it received and did not pass on is lost there; of a packet that it dropped the reason is known', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < PACKETS; k++) {
        if (k === 3) say(lab, TO_EDGE, { ms: k * 20, bytes: channelData(rtp(7, k)) });
        else relayed(lab, k, k === 6 ? { dropped: DROP.ROLE } : {}, k === 9 ? { flying: true } : {});
      }
    });
    const path = pathNamed(observation, 'audio/alice>edge>bob');
    expect(counts(path)).toEqual([10, 7, 2, 0, 1]);
    expect(path.whole.endings.map(({ reason, where }) => `${reason} ${where}`)).toEqual(['not-passed-on edge', 'role edge', 'in-flight bob--lan']);
  });

  it('of one that passes nothing on the path ends there', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < 3; k++) say(lab, TO_EDGE, { ms: k * 20, bytes: channelData(rtp(7, k)) });
    });
    expect(observation.media.map(({ id }) => id)).toEqual(['audio/alice>edge']);
  });

  it('what a node sends for another reason is no way on', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < 3; k++) {
        const heard = say(lab, 'alice lan bob', { ms: k * 20, bytes: rtp(7, k) });
        // Caused by what was sent to somebody else.
        say(lab, 'dave branch rt lan bob', { ms: k * 20 + 3, bytes: rtp(8, k), causes: [heard] });
      }
    });
    expect(observation.media.map(({ id }) => id)).toEqual(['audio/alice>bob', 'audio/dave>bob']);
  });

  it('through two relays, the sender by indications, the listener by a channel', () => {
    const observation = observed((lab) => {
      lab.event('alice', at(0), 'media-started', { ssrc: '7', 'payload-type': '111', 'clock-rate': '48000', workload: 'audio' });
      for (let k = 0; k < PACKETS; k++) {
        const media = rtp(7, k, k * 960, 111);
        const one = say(lab, TO_EDGE, { ms: k * 20, bytes: indication(0x0016, media) });
        const two = say(lab, 'edge ms-lan msee ce rt edge2', { ms: k * 20 + 6, bytes: media, causes: [one] });
        say(lab, 'edge2 rt lan bob', { ms: k * 20 + 11, bytes: channelData(media), causes: [two] });
      }
    });
    expect(observation.media).toHaveLength(1);
    const path = pathNamed(observation, 'audio/alice>edge>edge2>bob');
    // What alice told of her stream holds behind the relays, too: they change neither SSRC nor payload type.
    expect(stagesOf(path)).toEqual(['sent turn/alice-edge 7', 'relayed audio/edge-edge2 7', 'relayed turn/bob-edge2 7']);
    expect(path.stages.map(({ streams }) => streams[0]?.clockRate)).toEqual([48000, 48000, 48000]);
    expect(counts(path)).toEqual([10, 10, 0, 0, 0]);
    expect(path.whole.delay).toMatchObject({ mean: 14e6 });
  });

  it('one direction by a relay, the other directly', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < PACKETS; k++) {
        relayed(lab, k);
        say(lab, 'bob lan alice', { ms: k * 20 + 1, bytes: rtp(8, k) });
      }
    });
    expect(observation.media.map(({ id, label }) => `${id} ${label}`)).toEqual(['audio/alice>edge>bob ExpressRoute', 'audio/bob>alice local']);
    const talk = talkBetween(observation, PLAN, 'alice', 'bob');
    expect([talk?.there.packets, talk?.back.packets, talk?.label]).toEqual([10, 10, 'ExpressRoute']);
  });

  it('first by a relay, then directly: two paths of one talk, and no silence between them', () => {
    const observation = observed((lab) => {
      for (let k = 0; k < 5; k++) relayed(lab, k, {}, k === 4 ? { lost: DROP.LINK_LOSS } : {});
      for (let k = 5; k < PACKETS; k++) say(lab, 'alice lan bob', { ms: k * 20, bytes: rtp(7, k) });
    });
    const talk = talkBetween(observation, PLAN, 'alice', 'bob');
    expect(talk?.pathsThere.map(({ id }) => id)).toEqual(['audio/alice>edge>bob', 'audio/alice>bob']);
    expect(talk?.there).toMatchObject({ packets: 10, delivered: 9, lost: 1, delay: { min: 2e6, max: 12e6 } });
    // (4 * 12 + 5 * 2) / 9 ms.
    expect(talk?.there.delay?.mean).toBe(Math.round(58e6 / 9));
    expect(longestSilence(talk?.pathsThere ?? [])).toMatchObject({ from: 80e6, to: 80e6 });
  });
});

/** Alice, bob and dave speak to the mixer, which sends each of them the other two. */
function conference(lab: HandMade, rounds: number, mutes: (k: number, speaker: string, listener: string) => boolean = () => false): void {
  const ways = { alice: 'alice lan rt ce msee ms-lan mcu', bob: 'bob lan rt ce msee ms-lan mcu', dave: 'dave branch rt ce msee ms-lan mcu' } as const;
  const names = ['alice', 'bob', 'dave'] as const;
  for (let k = 0; k < rounds; k++) {
    const ids = names.map((name, i) => say(lab, ways[name], { ms: k * 20, bytes: rtp(10 + i, k) }));
    for (const [i, listener] of names.entries()) {
      const causes = ids.filter((_, j) => j !== i && !mutes(k, names[j] ?? '', listener));
      const way = ways[listener].split(' ').reverse().join(' ');
      say(lab, way, { ms: k * 20 + 10, bytes: rtp(20 + i, k), causes });
    }
  }
}

describe('through a mixer', () => {
  it('each hears the other two in one stream of another SSRC', () => {
    const observation = observed((lab) => conference(lab, PACKETS));
    expect(observation.media.map(({ id }) => id).sort()).toEqual([
      'audio/alice>mcu>bob',
      'audio/alice>mcu>dave',
      'audio/bob>mcu>alice',
      'audio/bob>mcu>dave',
      'audio/dave>mcu>alice',
      'audio/dave>mcu>bob',
    ]);
    expect(stagesOf(pathNamed(observation, 'audio/alice>mcu>bob'))).toEqual(['sent audio/alice-mcu 10', 'mixed audio/bob-mcu 21']);
    expect(stagesOf(pathNamed(observation, 'audio/dave>mcu>bob'))).toEqual(['sent audio/dave-mcu 12', 'mixed audio/bob-mcu 21']);
    for (const path of observation.media) {
      expect(counts(path)).toEqual([10, 10, 0, 0, 0]);
      // 10 ms until the mixer sends, and its six links.
      expect(path.whole.delay).toEqual({ min: 16e6, mean: 16e6, max: 16e6 });
    }
  });

  it('that goes silent for one: the others still hear everything', () => {
    const observation = observed((lab) => conference(lab, PACKETS, (k, speaker, listener) => k >= 6 && speaker === 'alice' && listener === 'bob'));
    const silent = pathNamed(observation, 'audio/alice>mcu>bob');
    expect(counts(silent)).toEqual([10, 6, 4, 0, 0]);
    expect(silent.whole.endings).toMatchObject([{ reason: 'not-passed-on', where: 'mcu', packets: 4 }]);
    expect(longestSilence([silent])).toMatchObject({ from: 120e6, to: 180e6 });
    for (const path of observation.media) if (path !== silent) expect([path.id, ...counts(path)]).toEqual([path.id, 10, 10, 0, 0, 0]);
    expect(longestSilence([pathNamed(observation, 'audio/dave>mcu>bob')])).toBeNull();
  });

  it('that loses a packet to one listener loses two voices', () => {
    const observation = observed((lab) => {
      conference(lab, 3);
      const ids = [10, 11].map((ssrc, i) => say(lab, `${i === 0 ? 'alice' : 'bob'} lan rt ce msee ms-lan mcu`, { ms: 60, bytes: rtp(ssrc, 3) }));
      say(lab, 'mcu ms-lan msee ce rt branch', { ms: 70, bytes: rtp(22, 3), causes: ids, to: 'dave', lost: DROP.LINK_LOSS });
    });
    for (const id of ['audio/alice>mcu>dave', 'audio/bob>mcu>dave']) {
      const path = pathNamed(observation, id);
      expect(counts(path)).toEqual([4, 3, 1, 0, 0]);
      expect(path.whole.endings[0]).toMatchObject({ reason: 'link-loss', where: 'branch--rt' });
    }
  });
});

it('the file gives the same paths as the run', () => {
  const lab = new HandMade();
  conference(lab, 4);
  for (let k = 0; k < 4; k++) relayed(lab, k + 100);
  const live = observe(lab.ledger(), PLAN);
  const { ledger } = readLedger(new BytesSource(lab.sink.bytes));
  expect(observe(ledger, PLAN)).toEqual(live);
  const json = observationJson(live, PLAN);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json.media.find(({ id }) => id === 'audio/alice>edge>bob')).toMatchObject({
    label: 'ExpressRoute',
    stages: [
      { leg: 'turn/alice-edge', by: 'sent', streams: [7] },
      { leg: 'audio/bob-edge', by: 'relayed', streams: [7] },
    ],
    whole: { from: 'alice', to: 'bob', packets: 4, delivered: 4 },
  });
});
