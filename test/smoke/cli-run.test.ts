/**
 * `callpath run` as people and CI servers use it: what it prints, what it leaves, and its exit code.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Desk, build, flowText, lineOf, parseXml, topologyText } from './cli-support.js';
import { ROOT, swap } from './support.js';

const desk = new Desk();
afterAll(() => {
  desk.clear();
});

/** Microsoft's prefixes by the Internet, both ways. */
const OVER_THE_INTERNET = topologyText(swap('- { to: office365, via: ce }', '- { to: office365, via: inet-fw }'));

describe('callpath run', () => {
  it('runs one flow by its id: a table, a capture, exit code 0', async () => {
    const { code, out, err } = await desk.run('run', 'hybrid-p2p-mixed', '--seed', '7', '--out', 'a/b');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/^hybrid-p2p-mixed {2}An on-premises user/);
    expect(out).toMatch(/✔ {2}bob signalling +ExpressRoute +ExpressRoute\n {7}bob--hq-lan hq-rt--hq-lan .*\ber-primary\b/);
    expect(out).toMatch(/as documented: (\d+) of \1 checks, \d+ packets, /);
    expect(out).not.toContain('\u001b');
    expect(readdirSync(desk.path('a/b')).sort()).toEqual(
      ['alice', 'bob', 'dc-fe', 'online-fe']
        .map((node) => `hybrid-p2p-mixed.${node}.pcapng`)
        .concat('hybrid-p2p-mixed.pcapng')
        .sort(),
    );
  });

  it("runs a file of one's own, and says what each link did", async () => {
    desk.write('mine.flow.yaml', flowText('hybrid-p2p-onprem', swap('flow: hybrid-p2p-onprem', 'flow: mine')));
    const { code, out } = await desk.run('run', 'mine.flow.yaml', '--verbose');
    expect(code).toBe(0);
    expect(out).toMatch(/ {2}link +asked +delay +longest +loss +rate +packets\n/);
    expect(out).toMatch(/hq-rt > branch-rt +delay 6ms rate \S+.* +6ms +6\.\d+ms +0% +not filled, \S+bit mean +\d+\n/);
    expect(existsSync(desk.path('captures/mine.pcapng'))).toBe(true);
  });

  it('says what each impaired link achieved, also where that changed on the way', async () => {
    const change = swap('  - hang-up', '  - link: { name: hq-rt--branch-rt, set: delay 30ms loss 10% }\n  - wait: 2s\n  - hang-up');
    desk.write('changed.flow.yaml', flowText('hybrid-p2p-onprem', swap('flow: hybrid-p2p-onprem', 'flow: changed'), change));
    const { code, out } = await desk.run('run', 'changed.flow.yaml', '--json-report', 'changed.json');
    expect(code).toBe(1);
    expect(out).toMatch(/ {2}link +asked +delay +loss +rate\n/);
    expect(out).toMatch(/^ +hq-rt--dc-rt +delay 4ms rate 100mbit +4ms +0% +not filled$/m);
    expect(out).toMatch(/^ +hq-rt--branch-rt +delay 6ms rate 20mbit +6ms +0% +not filled$/m);
    expect(out).toMatch(/^ +hq-rt--branch-rt from \d+\.\ds +delay 30ms loss 10% rate 20mbit +30ms +[1-9][\d.]*% \/ [1-9][\d.]*% +not filled$/m);
    expect(out).not.toContain('not what was asked');
    const { links } = (JSON.parse(desk.read('changed.json')) as Record<string, { links: { link: string; from: string; asked: string; achieved: object }[] }>)[
      'changed'
    ] ?? { links: [] };
    expect(links.filter(({ link, from }) => link === 'hq-rt--branch-rt' && from === 'hq-rt')).toMatchObject([
      { asked: 'delay 6ms rate 20mbit egress dscp-priority', achieved: { delay: 0.006, loss: 0, rate: null } },
      { asked: 'delay 30ms loss 10% rate 20mbit egress dscp-priority', achieved: { delay: 0.03 } },
    ]);
  });

  it('tells all that is wrong with what was asked for, before anything runs', async () => {
    mkdirSync(desk.path('nothing'), { recursive: true });
    const { code, out, err } = await desk.run('run', 'hybrid-p2p-mixd', 'nowhere.flow.yaml', './nothing', '--out', 'none');
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('FLOW_UNKNOWN there is no flow "hybrid-p2p-mixd"');
    expect(err).toContain('mend it:  did you mean "hybrid-p2p-mixed"?');
    expect(err).toContain('FILE_NOT_FOUND there is no file nowhere.flow.yaml');
    expect(err).toContain("FILE_UNREADABLE ./nothing can't be read: it is a folder");
    expect(existsSync(desk.path('none'))).toBe(false);
  });

  it.each([
    ['a seed that is none', ['--seed', '-1'], /"-1" is no seed/],
    ['a seed beyond what a number holds', ['--seed', '99999999999999999999'], /is no seed/],
    ['captures below a file', ['--out', 'file/captures'], /can't make the folder file\/captures/],
    ['captures where the kernel takes none', ['--out', '/proc/callpath/captures'], /can't make the folder \/proc\/callpath/],
    ['a topology that is not there', ['--topology', 'no.lab.yaml'], /FILE_NOT_FOUND there is no file no\.lab\.yaml/],
    ['a report in a folder that is not there', ['--junit', 'no/report.xml'], /there is no folder no/],
    ['a report over a folder', ['--junit', '.'], /it is a folder/],
    ['a baseline that is not there', ['--baseline', 'no.json'], /FILE_NOT_FOUND/],
    ['a baseline that is none', ['--baseline', 'file'], /BASELINE_INVALID/],
    ['an option that does not exist', ['--sed', '1'], /^CLI_USAGE unknown option '--sed'[^]*--seed/],
  ])('refuses %s with exit code 2', async (_, options, message) => {
    desk.write('file', 'no baseline');
    const { code, out, err } = await desk.run('run', 'hybrid-p2p-mixed', ...options);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n {4}at /);
    expect(code).toBe(2);
    expect(out).toBe('');
  });

  it('holds a flow against its topology before it runs, all faults at once', async () => {
    const text = flowText(
      'hybrid-p2p-onprem',
      swap('caller: alice', 'caller: alise'),
      swap('callee: dave', 'callee: dc-fe'),
      swap('steps:\n', 'steps:\n  - link: { name: er-primry, set: down }\n  - link: { name: er, set: lose 5% }\n'),
      swap('sites: [hq, branch]', 'sites: [hq, moon]'),
    );
    const line = (part: string): number => lineOf(text, part);
    const { code, err } = await desk.run('run', desk.write('misfit.flow.yaml', text));
    expect(code).toBe(2);
    expect(err).toMatch(/ FLOW_ACTOR the topology contoso has no node "alise"\n.*\n {2}mend it: {2}did you mean "alice"\?/);
    expect(err).toContain(`misfit.flow.yaml:${line('alise')}:11: FLOW_ACTOR the topology`);
    expect(err).toContain(`misfit.flow.yaml:${line('dc-fe')}:11: FLOW_ACTOR no user sits at the node "dc-fe"`);
    expect(err).toMatch(/ FLOW_STEP .*"er-primry"\n.*\n {2}mend it: {2}did you mean "er-primary"\?/);
    expect(err).toContain(`misfit.flow.yaml:${line('er-primry')}:5: FLOW_STEP`);
    expect(err).toContain(`misfit.flow.yaml:${line('lose 5%')}:5: FLOW_STEP`);
    expect(err).toMatch(/FLOW_EXPECTATION no node .* stands at the site "moon"/);
  });

  it('says where a flow names a topology that is not there', async () => {
    const text = flowText('hybrid-p2p-onprem', swap(/^topology: .*$/m, 'topology: gone.lab.yaml'));
    const { code, err } = await desk.run('run', desk.write('lost.flow.yaml', text));
    expect(code).toBe(2);
    expect(err).toContain(`lost.flow.yaml:${lineOf(text, 'gone.lab.yaml')}:11: FILE_NOT_FOUND there is no file ${desk.path('gone.lab.yaml')}`);
  });

  it('refuses two flows that would write one capture', async () => {
    const file = desk.write('twin.flow.yaml', flowText('hybrid-p2p-onprem'));
    const { code, err } = await desk.run('run', 'hybrid-p2p-onprem', file);
    expect(code).toBe(2);
    expect(err).toContain('both hold the flow "hybrid-p2p-onprem"');
  });

  it('fails a flow that differs: exit code 1, evidence, and JUnit that names the leg', async () => {
    const topology = desk.write('moved.lab.yaml', OVER_THE_INTERNET);
    const { code, out } = await desk.run('run', 'online-p2p-internal', 'hybrid-p2p-onprem', '--topology', topology, '--junit', 'report.xml');
    expect(code).toBe(1);
    expect(out).toMatch(/✘ carol signalling: documented ExpressRoute, observed Internet/);
    expect(out).toContain('differs from its documentation');
    expect(out).toContain('2 flows, 1 as documented, 1 not');
    const [, capture = '', filter = ''] = /first: callpath where (\S+) '(.*)'/.exec(out) ?? [];
    expect((await desk.run('where', capture, filter)).out).toContain('1 packet matches');

    const elements = parseXml(desk.read('report.xml'));
    expect(elements[0]).toMatchObject({ name: 'testsuites' });
    const suite = elements.find(({ name, attributes }) => name === 'testsuite' && attributes['name'] === 'online-p2p-internal');
    const failures = elements.filter(({ name }) => name === 'failure');
    expect(Number(suite?.attributes['failures'])).toBe(failures.length);
    const failure = failures.find(({ attributes }) => attributes['message']?.startsWith('carol signalling'));
    expect(failure?.attributes['message']).toMatch(/^carol signalling: documented ExpressRoute, observed Internet/);
    expect(failure?.text).toMatch(/expected by .*online-p2p-internal\.flow\.yaml:\d+\ncrossed .*inet-fw--isp, isp--ix/);
    expect(failure?.text).toMatch(/packets: frame\.packet_id in \{\d+(, \d+)*\} of captures\/online-p2p-internal\.pcapng/);
    expect(elements.filter(({ name }) => name === 'testcase')).toHaveLength(Number(elements[0]?.attributes['tests']));
  });

  it('holds a run against a baseline, and names the leg that moved', async () => {
    expect((await desk.run('run', 'online-p2p-internal', '--write-baseline', 'paths.json')).code).toBe(0);
    expect((await desk.run('run', 'online-p2p-internal', '--baseline', 'paths.json')).code).toBe(0);
    const topology = desk.write('moved.lab.yaml', OVER_THE_INTERNET);
    const { code, out } = await desk.run('run', 'online-p2p-internal', '--baseline', 'paths.json', '--topology', topology);
    expect(code).toBe(1);
    expect(out).toMatch(/✘ signalling\/carol-online-fe path: documented ExpressRoute: .*\ber\b.*, observed Internet: .*isp--ix/);
  });

  it('fails with 3 when the capture cannot be written, and still runs and reports the others', async () => {
    mkdirSync(desk.path('taken', 'hybrid-p2p-mixed.pcapng'), { recursive: true });
    const { code, out } = await desk.run('run', 'hybrid-p2p-mixed', 'hybrid-p2p-onprem', '--out', 'taken', '--junit', 'taken.xml');
    expect(code).toBe(3);
    expect(out).toMatch(/✘ CAPTURE_WRITE cannot write taken\/hybrid-p2p-mixed\.pcapng/);
    expect(out).toContain('2 flows, 1 as documented, 1 not');
    expect(parseXml(desk.read('taken.xml'))[0]?.attributes).toMatchObject({ errors: '1', failures: '0' });
  });
});

describe('a terminal', () => {
  /** What a person sees, 80 columns wide; the escape character as `~`. */
  function seen(flow: string): string {
    build();
    const line = `stty cols 80 rows 40; "${process.execPath}" "${join(ROOT, 'dist', 'cli', 'main.js')}" run ${flow} --verbose`;
    return desk.shell(`script --quiet --return --command '${line}' /dev/null </dev/null`).out.replaceAll('\u001b', '~');
  }

  it('gets progress, colours, lines that fit, and the way to look at the captures', ({ skip }) => {
    if (desk.shell('command -v script && command -v stty').code !== 0) skip('script and stty are not installed (apt-get install bsdutils coreutils)');
    // Long enough that the progress line is due, every 100 ms, on a fast machine too.
    desk.write('minutes.flow.yaml', flowText('hybrid-p2p-mixed', swap('flow: hybrid-p2p-mixed', 'flow: minutes'), swap('for: 5s', 'for: 60s')));
    const text = seen('minutes.flow.yaml');
    expect(text).toMatch(/\rminutes: \d+\.\d s of lab time, \d+ events~\[K/);
    expect(text).toContain('~[32mas documented~[0m');
    expect(text).toMatch(/look at it:\r\n {2}callpath where captures\/minutes\.pcapng rtp /);
    const plain = text.replace(/~\[\d*[mK]/g, '').split(/\r\n|\r/);
    expect(plain.filter((line) => line.length > 80 && !/^ {2}(callpath|wireshark) /.test(line))).toEqual([]);
  });

  it('gets no colours where it wants none', async () => {
    const { out, err } = await desk.watch({ columns: 80, env: { NO_COLOR: '1' } }, 'run', 'hybrid-p2p-onprem');
    expect(out).toContain('look at it:');
    expect(out.split('\n').filter((line) => line.length > 80 && !/^ {2}(callpath|wireshark) /.test(line))).toEqual([]);
    expect(out).not.toContain('\u001b');
    // The line of progress is taken away in the end.
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });

  it('gets colours else', async () => {
    expect((await desk.watch({ columns: 80 }, 'run', 'hybrid-p2p-onprem')).out).toContain('\u001b[32mas documented\u001b[0m');
  });
});

describe('callpath', () => {
  it('says its version and how it is used', async () => {
    expect(await desk.run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
    const help = await desk.run('--help');
    expect(help.code).toBe(0);
    expect(help.out).toMatch(/Exit codes: 0 .*, 1 .*, 2 .*, 3 /);
    const commands = [...help.out.matchAll(/^ {2}([a-z]+) \[?/gm)].map((match) => match[1] ?? '');
    expect(commands).toEqual(expect.arrayContaining(['run', 'flows', 'check', 'where', 'extract', 'errors', 'schema']));
  });

  it('exits with 2 without a command, and for one that does not exist', async () => {
    expect((await desk.run()).code).toBe(2);
    expect(await desk.run('chek')).toMatchObject({ code: 2, err: expect.stringContaining('check') as string });
  });

  it('lists the flows', async () => {
    const ids = readdirSync(join(ROOT, 'lab', 'flows')).flatMap((name) => (name.endsWith('.flow.yaml') ? [name.replace('.flow.yaml', '')] : []));
    const { code, out } = await desk.run('flows');
    expect(code).toBe(0);
    for (const id of ids) expect(out).toMatch(new RegExp(`^${id} +\\S`, 'm'));
    const listed = JSON.parse((await desk.run('flows', '--json')).out) as { id: string }[];
    expect(listed.map(({ id }) => id)).toEqual(ids.sort());
  });

  it('explains an error code', async () => {
    expect(await desk.run('errors', 'flow_unknown')).toMatchObject({ code: 0, out: expect.stringMatching(/^FLOW_UNKNOWN\n/) as string });
    expect(await desk.run('errors', 'FLOW_UNKNWN')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean "FLOW_UNKNOWN"?') as string });
  });
});
