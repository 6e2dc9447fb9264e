/**
 * Stock tools read the ledger: nothing in it is malformed, every checksum is right, the SIP inside the TLS is there,
 * and a packet's records are its journey.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import { dropCode } from '../../src/base/drop.js';
import type { Journey, Ledger } from '../../src/capture/ledger.js';
import { judged } from '../../src/capture/testing/tools.js';
import { PATIENCE, SIP_ON_443, VERIFY, captures, impair, outer, rows, sinceStart, trails } from './judged.js';
import type { Captured, Row } from './judged.js';
import { judge } from './support.js';

const FIELDS = [
  'frame.packet_id',
  'frame.interface_name',
  'frame.time_epoch',
  'frame.packet_flags_direction',
  'frame.verdict.hw',
  '_ws.malformed',
  '_ws.expert.severity',
  'ip.checksum.status',
  'udp.checksum.status',
  'tcp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
  'udp.dstport',
  'ipv6.dst',
  'ip.dst',
  'sip.Method',
  'sip.Status-Code',
  'sip.Request-Line',
  'sdp.media_attr',
] as const;
type Frame = Row<(typeof FIELDS)[number]>;

const CHECKSUMS = ['ip', 'udp', 'tcp', 'icmp', 'icmpv6'] as const;
/** Wireshark's PI_ERROR. */
const EXPERT_ERROR = String(0x800000);

const IDS = ['hybrid-p2p-mixed', 'hybrid-p2p-onprem', 'online-p2p-internal'] as const;
/** The three flows, and one on a bad line, so that links lose packets too. */
const RUNS = [...IDS, 'lossy'] as const;
type Run = (typeof RUNS)[number];

const capture = captures();
const captured = new Map<Run, Captured>();
const read = new Map<Run, readonly Frame[]>();
const of = <T>(map: ReadonlyMap<Run, T>, run: Run): T => map.get(run)!;

const files = new Map<string, readonly Frame[]>();

/** Each file is read once. */
function framesOf(file: string): readonly Frame[] {
  const frames = files.get(file) ?? rows(file, FIELDS, ...SIP_ON_443, ...VERIFY);
  files.set(file, frames);
  return frames;
}

/** True when Wireshark finds a frame malformed or a dissector reports an error in it. */
function complained(frame: Frame): boolean {
  return frame['_ws.malformed'] !== '' || frame['_ws.expert.severity'].split(',').includes(EXPERT_ERROR);
}

/** What Wireshark may say of a segment that it sees again at a later link: it takes the copy for a retransmission. */
const SENT_AGAIN = /^\[Reassembly error, protocol TCP: New fragment overlaps old data \(retransmission\?\)\],_ws\.malformed$/;

/** Frames whose checksum Wireshark finds wrong; an ICMP error's quotation counts as well. */
function wrongChecksums(frames: readonly Frame[]): readonly Frame[] {
  return frames.filter((frame) => CHECKSUMS.some((protocol) => frame[`${protocol}.checksum.status`].split(',').includes('0')));
}

/** `POINT TIME out|in|verdict`, as the ledger's trails have it. */
function recordOf(frame: Frame): string {
  const kind = { 0x1: 'in', 0x2: 'out' }[Number(frame['frame.packet_flags_direction'])] ?? 'verdict';
  return `${frame['frame.interface_name']} ${sinceStart(frame['frame.time_epoch'])} ${kind}`;
}

/** The records that a journey speaks of. */
function recordsOf(ledger: Ledger, journey: Journey): readonly string[] {
  const name = (point: number): string => ledger.points.at(point).name;
  const { end } = journey;
  return [
    ...journey.hops.flatMap((hop) => (hop.out === null ? [] : [`${name(hop.point)} ${hop.out} out`])),
    ...journey.hops.flatMap((hop) => (hop.in === null ? [] : [`${name(hop.point ^ 1)} ${hop.in} in`])),
    // What the link lost at once has its verdict on the record of its sending.
    ...(end.kind === 'dropped' && !(end.drop === 'link-loss') ? [`${name(end.point)} ${end.at} verdict`] : []),
  ].sort();
}

/** SIP in a node's own file: `>` sent, `<` received. */
function dialogue(frames: readonly Frame[]): readonly string[] {
  return frames
    .map((frame) => [Number(frame['frame.packet_flags_direction']) === 2 ? '>' : '<', frame['sip.Method'] + frame['sip.Status-Code']] as const)
    .filter(([, message]) => message !== '')
    .map(([direction, message]) => direction + message);
}

const words = (text: string): readonly string[] => text.split(' ');
const SIGN_IN = '>REGISTER <401 >REGISTER <200';
const CALLER = '>MESSAGE <200 >INVITE <100 <180 <200 >ACK >INVITE <100 <200 >ACK';
const CALLEE = '<MESSAGE >200 <INVITE >180 >200 <ACK <INVITE >200 <ACK';
const HANGS_UP = '>BYE <200';
const IS_HUNG_UP = '<BYE >200';

describe.skipIf(!judge('tshark'))('the ledger as tshark reads it', () => {
  beforeAll(async () => {
    for (const id of IDS) captured.set(id, await capture(id, id));
    captured.set('lossy', await capture('hybrid-p2p-onprem', 'lossy', undefined, impair('hq-rt--branch-rt', 'loss 8% delay 20ms 8ms duplicate 2% reorder 3%')));
    for (const [run, { file }] of captured) read.set(run, framesOf(file));
  }, PATIENCE);

  it.each(RUNS)('%s: nothing is malformed, no dissector finds an error', (run) => {
    const frames = of(read, run);
    expect(frames.length).toBeGreaterThan(1000);
    const seen = new Set<string>();
    const again = new Set(frames.filter(({ 'frame.packet_id': id }) => seen.size === seen.add(id).size));
    expect(frames.filter((frame) => complained(frame) && !(again.has(frame) && SENT_AGAIN.test(frame['_ws.malformed'])))).toEqual([]);
  });

  it.each(RUNS)('%s: nor in what one node sees, where nothing comes twice', (run) => {
    const one = of(captured, run);
    const nodes = [...new Set(one.plan.users.map(({ node }) => node)), 'dc-fe', 'online-fe'];
    const found = nodes.flatMap((node) => framesOf(one.at(node)));
    expect(found.length).toBeGreaterThan(500);
    expect(found.filter(complained)).toEqual([]);
  });

  it.each(RUNS)('%s: every checksum is right, and was looked at', (run) => {
    const frames = of(read, run);
    expect(wrongChecksums(frames)).toEqual([]);
    for (const protocol of CHECKSUMS) {
      const looked = frames.filter((frame) => outer(frame[`${protocol}.checksum.status`]) === '1').length;
      // Bridges flood no ICMP here: only IPv6 reports ports that nobody listens at.
      if (protocol !== 'icmp') expect(looked, protocol).toBeGreaterThan(0);
    }
  });

  it('one octet changed in a file is one wrong checksum', () => {
    const one = of(captured, 'hybrid-p2p-mixed');
    const bytes = readFileSync(one.file);
    const at = bytes.indexOf('lyncdiscoverinternal');
    bytes[at] = 'x'.charCodeAt(0);
    writeFileSync(one.beside('changed'), bytes);
    const wrong = wrongChecksums(framesOf(one.beside('changed')));
    expect(wrong.map((frame) => [frame['udp.dstport'], frame['udp.checksum.status']])).toEqual([['53', '0']]);
  });

  it.each(RUNS)('%s: the records of a packet are its journey, to the nanosecond and in order', (run) => {
    const { ledger } = of(captured, run);
    const all = [...trails(ledger)];
    const drops = [...ledger.drops()];
    const step = Math.floor(all.length / 40);
    const sample = all.filter(({ id }, i) => i % step === 0 || drops.slice(0, 10).includes(id));
    expect(sample.length).toBeGreaterThanOrEqual(40);
    expect(sample.filter(({ records }) => records.length >= 8).length).toBeGreaterThan(5);
    const asked = new Set(sample.map(({ id }) => String(id)));
    const shown = of(read, run).filter((frame) => asked.has(frame['frame.packet_id']));
    for (const { id, records } of sample) {
      const seen = shown.filter((frame) => Number(frame['frame.packet_id']) === id).map(recordOf);
      expect(seen, `packet ${id}`).toEqual(records);
      expect([...seen].sort(), `journey of packet ${id}`).toEqual(recordsOf(ledger, ledger.journey(id)!));
    }
    expect(shown).toHaveLength(sample.reduce((n, { records }) => n + records.length, 0));
  });

  it.each(RUNS)('%s: verdicts are on the packets that were dropped, with the reason’s number', (run) => {
    const { ledger } = of(captured, run);
    const verdicts = of(read, run).filter((frame) => frame['frame.verdict.hw'] !== '');
    const said = new Map(verdicts.map((frame) => [Number(frame['frame.packet_id']), Number.parseInt(frame['frame.verdict.hw'], 16)]));
    const dropped = [...ledger.drops()].map((id) => {
      const end = ledger.journey(id as PacketId)!.end;
      return [id, end.kind === 'dropped' ? dropCode(end.drop) : undefined] as const;
    });
    expect(said).toEqual(new Map(dropped));
    expect(said.size).toBeGreaterThan(0);
  });

  it('on the bad line it is the link that loses', () => {
    const { ledger, plan } = of(captured, 'lossy');
    const line = plan.links.find((link) => link.name === 'hq-rt--branch-rt')!;
    const lost = of(read, 'lossy').filter((frame) => frame['frame.verdict.hw'] === '01');
    expect(lost.length).toBeGreaterThan(20);
    for (const frame of lost) expect(ledger.points.linkPoint(ledger.points.named(frame['frame.interface_name'])!.index).link).toBe(line.id);
  });

  it.each([
    ['hybrid-p2p-mixed', 'alice', [SIGN_IN, CALLER, HANGS_UP]],
    // Discovery leads a user of the hybrid domain to the front end on-premises; one who is homed online is sent on.
    ['hybrid-p2p-mixed', 'bob', ['>REGISTER <301', SIGN_IN, CALLEE, IS_HUNG_UP]],
    ['hybrid-p2p-onprem', 'alice', [SIGN_IN, CALLER, IS_HUNG_UP]],
    ['hybrid-p2p-onprem', 'dave', [SIGN_IN, CALLEE, HANGS_UP]],
    ['online-p2p-internal', 'carol', [SIGN_IN, CALLER, HANGS_UP]],
    ['online-p2p-internal', 'erin', [SIGN_IN, CALLEE, IS_HUNG_UP]],
  ] as const)('%s: the SIP of %s is decrypted and in its order', (run, node, expected) => {
    const dialog = expected.flatMap(words);
    expect(dialogue(framesOf(of(captured, run).at(node)))).toEqual(dialog);
    // In the ledger a message is dissected where it was seen first, at its sender; later records are the same segment again.
    const own = of(read, run).filter((frame) => frame['frame.interface_name'].endsWith(`:${node}`));
    expect(dialogue(own)).toEqual(dialog.filter((message) => message.startsWith('>')));
  });

  it.each(IDS)('%s: the re-INVITE names the remote end of the pair that media takes (RFC 8839 section 4.4.1.2.2)', (run) => {
    const { verdict } = of(captured, run);
    const caller = verdict.flow.actors['caller']!;
    const frames = of(read, run).filter((frame) => frame['frame.interface_name'].endsWith(`:${caller}`) && Number(frame['frame.packet_flags_direction']) === 2);
    const offers = frames.filter((frame) => frame['sip.Method'] === 'INVITE').map((frame) => /remote-candidates:1 (\S+) (\d+)/.exec(frame['sdp.media_attr']));
    expect(offers).toHaveLength(2);
    expect(offers[0]).toBeNull();
    const [, address, port] = offers[1]!;
    const speech = frames.filter((frame) => frame['udp.dstport'] === port && [frame['ip.dst'], frame['ipv6.dst']].includes(address!));
    expect(speech.length).toBeGreaterThan(200);
  });

  it('without the right key there is no SIP', () => {
    const one = of(captured, 'hybrid-p2p-mixed');
    const text = readFileSync(one.at('alice'), 'latin1');
    // NSS key log: label, client random, secret. The secrets of the traffic become others.
    const spoilt = text.replace(/((?:CLIENT|SERVER)_TRAFFIC_SECRET_0 [0-9a-f]{64} )[0-9a-f]{8}/g, '$100000000');
    expect(spoilt).not.toBe(text);
    writeFileSync(one.beside('keyless'), spoilt, 'latin1');
    expect(dialogue(framesOf(one.beside('keyless')))).toEqual([]);
  });

  it('without a word about port 443 tshark takes the SIP there for HTTP, and only there', () => {
    const one = of(captured, 'hybrid-p2p-mixed');
    expect(dialogue(rows(one.at('bob'), FIELDS))).toEqual(['>REGISTER', '<301']);
  });
});

describe.skipIf(!judge('tshark') || !judge('capinfos') || !judge('tcpdump'))('all files of a run', () => {
  it.each(IDS)('%s: capinfos, tcpdump and tshark count the same packets', async (id) => {
    const one = captured.get(id) ?? (await capture(id, id));
    const paths = [one.file, ...Object.values(one.verdict.flow.actors).map((node) => one.at(node))];
    const table = judged('capinfos', ['-T', '-r', '-M', '-c', ...paths])
      .trim()
      .split('\n')
      .map((line) => Number(line.split('\t')[1]));
    const dumped = paths.map(
      (file) =>
        judged('tcpdump', ['-n', '-q', '-t', '-r', file], /^reading from file .*link-type EN10MB/)
          .split('\n')
          .filter((line) => /^\S/.test(line)).length,
    );
    const shown = paths.map((file) => framesOf(file).length);
    expect(dumped).toEqual(table);
    expect(shown).toEqual(table);
    expect(Math.min(...table)).toBeGreaterThan(500);
  });
});
