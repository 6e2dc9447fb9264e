/**
 * `callpath check`, `where` and `extract`: good files, bad files, and files that are something else altogether.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, flowText, lineOf, topologyText } from './cli-support.js';
import { judge, swap, tool } from './support.js';

const desk = new Desk();
const LEDGER = 'captures/hybrid-p2p-mixed.pcapng';

beforeAll(async () => {
  const { code, err } = await desk.run('run', 'hybrid-p2p-mixed');
  if (code !== 0) throw new Error(err);
});
afterAll(() => {
  desk.clear();
});

/** What `where --json` prints. */
interface Journeys {
  readonly partial: boolean;
  readonly warnings: readonly string[];
  readonly journeys: readonly { readonly id: number; readonly hops: readonly unknown[]; readonly end: { readonly kind: string } }[];
}

/** Octets that are neither text nor a capture, the same on every run. */
const GARBAGE = Uint8Array.from({ length: 4096 }, (_, i) => (i * 167 + 211) % 256);

/** Offset of the first Interface Statistics Block (type 5) of a little-endian pcapng. */
function firstStatistics(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 4)) if (bytes.readUInt32LE(at) === 5) return at;
  return -1;
}

describe('callpath check', () => {
  it('says in a line what good files hold', async () => {
    desk.write('good.lab.yaml', topologyText());
    desk.write('good.flow.yaml', flowText('hybrid-p2p-mixed'));
    const { code, out, err } = await desk.run('check', 'good.lab.yaml', 'good.flow.yaml');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^good\.lab\.yaml: topology contoso, \d+ nodes, \d+ links, \d+ users\ngood\.flow\.yaml: flow hybrid-p2p-mixed, \d+ steps, \d+ expectations\n$/,
    );
  });

  const bad = topologyText(
    swap('kind: front-end', 'kind: frontend'),
    swap('alice: { <<: *hq, kind: client }', 'alice: { <<: *hq, kind: client, colour: red }'),
    swap('10.3.0.53/24', '10.3.0.400/24'),
  );

  it('tells several faults at once, each with place, expectation and cure', async () => {
    const { code, out, err } = await desk.run('check', desk.write('bad.lab.yaml', bad));
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(new RegExp(`^bad\\.lab\\.yaml:${lineOf(bad, 'colour')}:\\d+: TOPOLOGY_SCHEMA .*"colour"`, 'm'));
    expect(err).toMatch(
      new RegExp(
        `^bad\\.lab\\.yaml:${lineOf(bad, 'kind: frontend')}:\\d+: TOPOLOGY_UNKNOWN_KIND .*frontend.*\\n {2}expected: .*front-end.*\\n {2}mend it: {2}did you mean "front-end"`,
        'm',
      ),
    );
    expect(err).toMatch(new RegExp(`^bad\\.lab\\.yaml:${lineOf(bad, '10.3.0.400')}:\\d+: TOPOLOGY_ADDRESS `, 'm'));
    // Nothing of what only follows from these.
    expect(err.match(/^bad/gm)).toHaveLength(3);
  });

  it('gives the same as JSON', async () => {
    const { code, out, err } = await desk.run('check', '--json', desk.write('bad.lab.yaml', bad));
    expect([code, err]).toEqual([2, '']);
    const faults = JSON.parse(out) as { code: string; where: { line: number; column: number } }[];
    expect(faults.map((fault) => [fault.code, fault.where.line])).toEqual(expect.arrayContaining([['TOPOLOGY_UNKNOWN_KIND', lineOf(bad, 'kind: frontend')]]));
    expect(await desk.run('check', '--json', desk.write('good.lab.yaml', topologyText()))).toMatchObject({ code: 0, out: '[]\n' });
  });

  it('holds a flow against its topology', async () => {
    const { code, err } = await desk.run('check', desk.write('misfit.flow.yaml', flowText('hybrid-p2p-mixed', swap('caller: alice', 'caller: nobody'))));
    expect(code).toBe(2);
    expect(err).toMatch(/misfit\.flow\.yaml:\d+:\d+: FLOW_ACTOR the topology contoso has no node "nobody"/);
  });

  it('goes on after a file that cannot be read', async () => {
    desk.write('garbage.lab.yaml', GARBAGE);
    desk.write('garbage.flow.yaml', GARBAGE);
    mkdirSync(desk.path('nothing'), { recursive: true });
    const { code, out, err } = await desk.run(
      'check',
      'no.lab.yaml',
      'nothing',
      'garbage.lab.yaml',
      'garbage.flow.yaml',
      desk.write('good.lab.yaml', topologyText()),
    );
    expect(code).toBe(2);
    expect(out).toMatch(/^good\.lab\.yaml: topology contoso/);
    expect(err.split('\n').filter((line) => /^[A-Z]/.test(line))).toEqual([
      'FILE_NOT_FOUND there is no file no.lab.yaml',
      "FILE_UNREADABLE nothing can't be read: it is a folder",
      'FILE_UNREADABLE garbage.lab.yaml is no UTF-8 text',
      'FILE_UNREADABLE garbage.flow.yaml is no UTF-8 text',
    ]);
  });

  it('takes a folder for the files in it, and a change of the topology for all of them', async () => {
    const files = ['own/a.lab.yaml', 'own/b.flow.yaml'];
    mkdirSync(desk.path('own'), { recursive: true });
    desk.write('own/a.lab.yaml', topologyText());
    desk.write('own/b.flow.yaml', flowText('hybrid-p2p-mixed'));
    const { code, out } = await desk.run('check', 'own');
    expect([code, out.split('\n').map((line) => line.split(':')[0])]).toEqual([0, [...files, '']]);
    expect((await desk.run('check', 'own', '--with', 'alice.kind=phone')).err.match(/TOPOLOGY_UNKNOWN_KIND/g)).toHaveLength(2);
  });

  it('warns of what hardly is meant, which --strict refuses', async () => {
    const lonely = topologyText(swap('\n    alice:', '\n    lonely: { kind: client }\n    alice:'));
    const warning = /^warning: lonely\.lab\.yaml:\d+:\d+: TOPOLOGY_DOUBTFUL no link leads to "lonely"/m;
    const { code, err } = await desk.run('check', desk.write('lonely.lab.yaml', lonely));
    expect(code).toBe(0);
    expect(err).toMatch(warning);
    const strict = await desk.run('check', '--strict', 'lonely.lab.yaml');
    expect([strict.code, strict.err]).toEqual([2, expect.stringMatching(/^lonely\.lab\.yaml:.*TOPOLOGY_DOUBTFUL/)]);
    expect(JSON.parse((await desk.run('check', '--json', 'lonely.lab.yaml')).out)).toMatchObject([{ severity: 'warning', code: 'TOPOLOGY_DOUBTFUL' }]);
  });

  it('calls a file of another kind by its name, with the command that takes it', async () => {
    desk.write('a.nft', 'table inet f {\n}\n');
    expect((await desk.run('check', 'a.nft')).err).toMatch(
      /^FILE_KIND a\.nft is a file of nftables rules\n.*\n {2}mend it: {2}check it by: callpath rules check a\.nft/,
    );
    expect((await desk.run('run', 'good.lab.yaml')).err).toMatch(/^FILE_KIND good\.lab\.yaml is a topology\n/);
    expect((await desk.run('routes', desk.write('k.flow.yaml', flowText('hybrid-p2p-mixed')), 'x')).err).toMatch(/^FILE_KIND k\.flow\.yaml is a flow\n/);
  });

  it('refuses a time beyond what the clock can hold', async () => {
    const { code, err } = await desk.run('check', desk.write('ever.flow.yaml', flowText('hybrid-p2p-mixed', swap('for: 5s', 'for: 9999h'))));
    expect(code).toBe(2);
    expect(err).toMatch(/ever\.flow\.yaml:\d+:\d+: FLOW_SCHEMA [^]*2501h/);
  });

  it('knows a flow by what it says when its name does not', async () => {
    expect(await desk.run('check', desk.write('some.yaml', flowText('hybrid-p2p-mixed')))).toMatchObject({
      code: 0,
      out: expect.stringContaining('flow hybrid-p2p-mixed') as string,
    });
  });
});

describe('callpath where', () => {
  it('shows the events that a filter selects, which are records and no packets', async () => {
    const { code, out } = await desk.run('where', LEDGER, 'lab.event == "signed-in"');
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^\d\.\d{6} s {2}dc-fe {2}signed-in {2}user=alice@contoso\.example home=dc-fe /),
      expect.stringMatching(/^\d\.\d{6} s {2}online-fe {2}signed-in {2}user=bob@contoso\.example /),
      '2 events match',
    ]);
    expect((await desk.run('where', LEDGER, 'lab.event', '--limit', '1')).out).toMatch(/\n\d+ events match; 1 shown\n$/);
    expect((await desk.run('where', LEDGER, 'lab.event == "no such"')).code).toBe(1);
  });

  it('shows the journey of a packet, hop by hop', async () => {
    const { code, out } = await desk.run('where', LEDGER, 'frame.packet_id == 1');
    expect(code).toBe(0);
    // The first packet of all: alice asks the datacenter's DNS server.
    expect(out).toMatch(/^packet 1, udp 10\.1\.0\.\d+:\d+ <> 10\.3\.0\.53:53, /);
    expect(out).toMatch(/ {2}1 {2}0\.000000 s {2}alice > hq-lan +alice--hq-lan +customer {2}/);
    expect(out).toMatch(/\n {2}delivered to dc-dns after [\d.]+ms\n\n1 packet matches\n$/);
    expect([...out.matchAll(/^ {2}(\d) /gm)].map((match) => match[1])).toEqual(['1', '2', '3', '4', '5']);
  });

  it('takes protocols and ports, blanks at the end too, and a limit', async () => {
    for (const filter of ['rtp', 'udp.port == 53 ']) {
      const { code, out } = await desk.run('where', LEDGER, filter, '--limit', '2');
      expect(code).toBe(0);
      expect(out.match(/^packet /gm)).toHaveLength(2);
      expect(out).toMatch(/\d+ packets match(, \d+ of them .*)?; 2 shown, all with --limit \d+\n$/);
    }
  });

  it('gives all as JSON', async () => {
    const { journeys, partial, warnings } = JSON.parse((await desk.run('where', LEDGER, 'dns', '--json')).out) as Journeys;
    expect({ partial, warnings }).toEqual({ partial: false, warnings: [] });
    expect(journeys.length).toBeGreaterThan(20);
    expect(journeys[0]).toMatchObject({ id: 1, end: { kind: 'delivered' } });
  });

  it('shows copies that a bridge flooded to bystanders last, as no losses', async () => {
    // One that finds out by itself who is behind which port; the others know it.
    expect(await desk.run('run', 'hybrid-p2p-mixed', '--with', 'hq-lan.learning=true', '--out', 'learning')).toMatchObject({ code: 0 });
    const { out } = await desk.run('where', 'learning/hybrid-p2p-mixed.pcapng', 'lab.drop');
    const ends = [...out.matchAll(/^ {2}(dropped at|ignored by)/gm)].map(([, end]) => end);
    expect(ends).toEqual([...ends].sort());
    expect(new Set(ends)).toEqual(new Set(['dropped at', 'ignored by']));
    expect(out).toMatch(/\n {2}ignored by [\w-]+: flooded by a bridge, and not for it\n/);
    expect(out).toMatch(/packets match, \d+ of them copies for bystanders, shown last/);
    expect(out).not.toMatch(/dropped at [\w-]+: not-mine/);
    expect((await desk.run('where', LEDGER, 'lab.drop')).out).not.toMatch(/not-mine|flooded/);
  });

  it('says of a ledger that was cut between two blocks that it is partial', async () => {
    const bytes = readFileSync(desk.path(LEDGER));
    // Statistics of the points are the last blocks, of equal length.
    desk.write('whole-blocks.pcapng', bytes.subarray(0, firstStatistics(bytes)));
    const text = await desk.run('where', 'whole-blocks.pcapng', 'dns', '--limit', '1');
    expect(text.code).toBe(0);
    expect(text.err).toMatch(/^CAPTURE_TRUNCATED whole-blocks\.pcapng is partial: /);
    for (const command of ['where', 'why'] as const) {
      const told = JSON.parse((await desk.run(command, 'whole-blocks.pcapng', 'dns', '--json')).out) as Journeys;
      expect(told).toMatchObject({ partial: true, warnings: [expect.stringContaining('is partial')] });
    }
  });

  it('exits with 1 when nothing matches', async () => {
    expect(await desk.run('where', LEDGER, 'frame.packet_id == 99999999')).toMatchObject({ code: 1, out: '0 packets match\n' });
  });

  it.each([
    ['udp.port == ', 'filter:1:13: FILTER_SYNTAX the filter ends too early\n    udp.port == \n                ^\n'],
    ['udp.prt == 53', 'FILTER_UNKNOWN_FIELD there is no field udp.prt\n    udp.prt == 53\n    ^\n  mend it:  did you mean udp.port?'],
    ['rtp && udp.port == "x"', '\n    rtp && udp.port == "x"\n                       ^\n'],
    ['', 'FILTER_SYNTAX'],
  ])('shows what is wrong with the filter %j, and where', async (filter, message) => {
    const { code, out, err } = await desk.run('where', LEDGER, filter);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, '']);
  });

  it.each([
    ['no capture at all', 'good.flow.yaml', () => flowText('hybrid-p2p-mixed'), 'FILE_KIND'],
    ['garbage', 'garbage.pcapng', () => GARBAGE, 'CAPTURE_FORMAT'],
    ['an empty file', 'empty.pcapng', () => new Uint8Array(0), 'CAPTURE_FORMAT'],
    ['the head of a ledger only', 'head.pcapng', () => readFileSync(desk.path(LEDGER)).subarray(0, 400), 'CAPTURE_NOT_OURS'],
  ])('refuses %s', async (_, name, content, code) => {
    desk.write(name, content());
    const said = await desk.run('where', name, 'rtp');
    expect(said.err).toMatch(new RegExp(`^${code} ${name} `));
    expect([said.code, said.out]).toEqual([2, '']);
  });

  it('refuses a folder, a file that is not there, and a capture of one point', async () => {
    expect(await desk.run('where', 'captures', 'rtp')).toMatchObject({ code: 2, err: expect.stringContaining('FILE_UNREADABLE') as string });
    expect(await desk.run('where', 'no.pcapng', 'rtp')).toMatchObject({ code: 2, err: expect.stringContaining('FILE_NOT_FOUND') as string });
    expect(await desk.run('where', 'captures/hybrid-p2p-mixed.alice.pcapng', 'rtp')).toMatchObject({
      code: 2,
      err: expect.stringContaining('CAPTURE_NOT_OURS') as string,
    });
  });

  it('refuses a capture that another tool wrote, and says how to read old pcap', async () => {
    if (!judge('editcap')) return;
    tool('editcap', '-F', 'pcap', desk.path('captures/hybrid-p2p-mixed.alice.pcapng'), desk.path('old.pcap'));
    tool('editcap', '-F', 'pcapng', desk.path('old.pcap'), desk.path('foreign.pcapng'));
    expect(await desk.run('where', 'old.pcap', 'rtp')).toMatchObject({ code: 2, err: expect.stringMatching(/CAPTURE_FORMAT[^]*editcap -F pcapng/) as string });
    expect(await desk.run('where', 'foreign.pcapng', 'rtp')).toMatchObject({ code: 2, err: expect.stringContaining('CAPTURE_NOT_OURS') as string });
  });

  it('keeps what a truncated capture holds, and warns', async () => {
    desk.write('cut.pcapng', readFileSync(desk.path(LEDGER)).subarray(0, 100_001));
    const { code, out, err } = await desk.run('where', 'cut.pcapng', 'dns', '--limit', '1');
    expect(err).toMatch(/^CAPTURE_TRUNCATED cut\.pcapng ends in the middle of a block, at byte \d+ of 100001\n/);
    expect(code).toBe(0);
    expect(out).toMatch(/^packet 1, /);
  });
});

describe('callpath extract', () => {
  it('lists the points', async () => {
    const { code, out } = await desk.run('extract', LEDGER);
    expect(code).toBe(0);
    expect(out).toMatch(/^point +segment +group\n/);
    expect(out).toMatch(/^er-primary:ce +expressroute +er$/m);
  });

  it('writes one point, beside the ledger or where it is told', async () => {
    const { code, out } = await desk.run('extract', LEDGER, '--at', 'alice--hq-lan:alice');
    expect(code).toBe(0);
    expect(out).toMatch(/^captures\/hybrid-p2p-mixed\.alice--hq-lan_alice\.pcapng: \d+ packets as seen at alice--hq-lan:alice\n$/);
    expect((await desk.run('extract', LEDGER, '--node', 'hq-rt', '--out', 'hq-rt.pcapng')).out).toMatch(
      /seen at hq-rt--hq-lan:hq-rt, hq-rt--dc-rt:hq-rt, hq-rt--branch-rt:hq-rt\n$/,
    );
  });

  it('writes what a filter or a flow selects, readable by stock tools, SRTP decrypted', async () => {
    const rtp = await desk.run('extract', LEDGER, '--node', 'alice', '--filter', 'rtp', '--clear', '--out', 'rtp.pcapng');
    const [, packets = ''] = /: (\d+) packets/.exec(rtp.out) ?? [];
    const [journey] = (JSON.parse((await desk.run('where', LEDGER, 'rtp', '--json')).out) as Journeys).journeys;
    const flow = await desk.run('extract', LEDGER, '--node', 'alice', '--flow', String(journey?.id), '--out', 'flow.pcapng');
    expect(flow.code).toBe(0);
    // RTP, RTCP and ICE checks share the transport flow (RFC 8843, RFC 5761).
    expect(Number(/: (\d+) packets/.exec(flow.out)?.[1])).toBeGreaterThanOrEqual(Number(packets));
    if (!judge('capinfos')) return;
    expect(tool('capinfos', '-c', '-M', desk.path('rtp.pcapng'))).toContain(packets);
  });

  it.each([
    ['an unknown point', ['--at', 'er-primary:moon'], /CAPTURE_POINT [^]*er-primary:ce, er-primary:msee1/],
    ['a node that is none', ['--node', 'alise'], /CAPTURE_POINT [^]*alice, [^]*did you mean "alice"\?/],
    ['a packet that is none', ['--node', 'alice', '--flow', 'x'], /"x" is no packet of this capture/],
    ['options without a point', ['--clear'], /--clear says what of a point to write/],
    ['a folder that is not there', ['--node', 'alice', '--out', 'no/a.pcapng'], /there is no folder no\n/],
    ['a folder as a file', ['--node', 'alice', '--out', 'captures'], /it is a folder/],
    ['the ledger as its own extract', ['--node', 'alice', '--out', `./${LEDGER}`], /FILE_EXISTS .* is the ledger itself/],
    ['a filter that is none', ['--node', 'alice', '--filter', 'rtp &&'], /FILTER_SYNTAX/],
  ])('refuses %s and leaves every file as it was', async (_, options, message) => {
    copyFileSync(desk.path(LEDGER), desk.path('before.pcapng'));
    const files = readdirSync(desk.folder, { recursive: true }).sort();
    const { code, out, err } = await desk.run('extract', LEDGER, ...options);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
    expect(readdirSync(desk.folder, { recursive: true }).sort()).toEqual(files);
    expect(readFileSync(desk.path(LEDGER)).equals(readFileSync(desk.path('before.pcapng')))).toBe(true);
  });

  it('keeps what a truncated ledger holds, and leaves no half-written file', async () => {
    desk.write('cut.pcapng', readFileSync(desk.path(LEDGER)).subarray(0, 100_001));
    const { code, err } = await desk.run('extract', 'cut.pcapng', '--node', 'alice', '--out', 'cut.alice.pcapng');
    expect(code).toBe(0);
    expect(err).toContain('CAPTURE_TRUNCATED');
    expect(existsSync(desk.path('cut.alice.pcapng.partial'))).toBe(false);
    if (judge('capinfos')) expect(tool('capinfos', '-c', desk.path('cut.alice.pcapng'))).toMatch(/Number of packets/);
  });
});
