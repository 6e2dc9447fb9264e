import { expect, test } from 'vitest';
import { DROP } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { millis } from '../base/time.js';
import { readLedger } from '../capture/ledger-reader.js';
import { BytesSource } from '../capture/store/byte-store.js';
import { packetsDuring } from './during.js';
import { HandMade, PLAN, rtp, tcp, udp } from './ledger.testkit.js';
import { observe } from './legs.js';
import { observationJson } from './observation-json.js';

const at = (ms: number): Nanos => millis(ms);

function aRun(): HandMade {
  const lab = new HandMade();
  lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
  lab.send({ way: 'online-fe ms-lan msee isp ce rt lan bob', at: at(10), frame: tcp('online-fe', 443, 'bob', 40000) });
  lab.send({ way: 'dc-fe rt ce msee ms-lan online-fe', at: at(20), frame: tcp('dc-fe', 40001, 'online-fe', 443) });
  lab.event('alice', at(50), 'call-answered', { peer: 'bob@contoso.example' });
  for (let k = 0; k < 20; k++)
    lab.send({ way: 'alice lan bob', at: at(100 + k * 20), frame: udp('alice', 50000, 'bob', 50002, rtp(9, k)), ...(k === 5 && { lost: DROP.LINK_LOSS }) });
  lab.event('alice', at(600), 'call-ended', { peer: 'bob@contoso.example', why: 'bye-sent' });
  lab.send({
    way: 'dns rt ce isp public-dns',
    at: at(700),
    frame: udp('dns', 5353, 'public-dns', 53, new Uint8Array(20)),
    dropped: DROP.FIREWALL_RULE,
    why: { rule: '3' },
  });
  return lab;
}

test('the live ledger and its file give the same observation', () => {
  const lab = aRun();
  const live = observe(lab.ledger(), PLAN);
  const { ledger, warnings } = readLedger(new BytesSource(lab.sink.bytes));
  expect(warnings).toEqual([]);
  expect(observe(ledger, PLAN)).toEqual(live);
});

test('the word for each user, leg and medium', () => {
  const json = observationJson(observe(aRun().ledger(), PLAN), PLAN);
  expect(json.labels.map((row) => `${row.user ?? 'servers'} ${row.workload ?? row.medium} ${row.role ?? '-'} ${row.leg}: ${row.label}`)).toEqual([
    'alice@contoso.example audio - audio/alice-bob: local',
    'bob@contoso.example signalling home signalling/bob-online-fe: ExpressRoute and Internet',
    'bob@contoso.example audio - audio/alice-bob: local',
    'servers signalling servers signalling/dc-fe-online-fe: ExpressRoute',
    'servers dns - dns/dns-public-dns: Internet',
  ]);
  expect(json.labels[1]?.segments).toEqual({ there: ['customer', 'expressroute', 'microsoft'], back: ['microsoft', 'internet', 'customer'] });
});

test('what is printed is plain data, with names and numbers per link and direction', () => {
  const json = observationJson(observe(aRun().ledger(), PLAN), PLAN);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  const audio = json.legs.find((leg) => leg.id === 'audio/alice-bob');
  expect(audio?.there).toMatchObject({
    from: 'alice',
    to: 'bob',
    packets: 20,
    delivered: 19,
    lost: 1,
    groups: ['alice--lan', 'bob--lan'],
    delay: { mean: 2e6 },
  });
  expect(audio?.there.links[1]).toEqual({
    link: 'bob--lan',
    segment: 'customer',
    group: 'bob--lan',
    from: 'lan',
    to: 'bob',
    offered: 20,
    carried: 19,
    missing: 1,
    delay: { min: 1e6, mean: 1e6, max: 1e6 },
    jitter: 0,
  });
  expect(audio?.there.paths).toEqual([{ links: ['alice--lan', 'bob--lan'], packets: 20, delivered: 19, example: 4 }]);
  expect(audio?.back).toMatchObject({ from: 'bob', to: 'alice', packets: 0, delay: null, paths: [] });
  expect(json.calls).toEqual([{ from: 'alice', to: 'bob', answered: 50e6, ended: 600e6 }]);
  expect(json.drops.map((drop) => `${drop.reason} ${drop.where}`)).toEqual(['link-loss bob--lan', 'firewall-rule public-dns']);
});

test('packets of flows within a stretch of time, both ends included', () => {
  const ledger = aRun().ledger();
  const audio = observe(ledger, PLAN).legs.find((leg) => leg.medium === 'rtp');
  const flows = audio?.flows ?? [];
  expect(packetsDuring(ledger, flows, at(120), at(160))).toEqual([5, 6, 7]);
  expect(packetsDuring(ledger, flows, at(121), at(139))).toEqual([]);
  expect(packetsDuring(ledger, flows, at(0), at(60_000))).toHaveLength(20);
  expect(packetsDuring(ledger, [], at(0), at(60_000))).toEqual([]);
});
