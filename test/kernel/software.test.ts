/**
 * Software that is not ours at nodes of the lab: coturn answers our clients, node-stun and baresip and SIPp are clients
 * of our roles. What they did is read from the ledger.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LabError } from '../../src/base/error.js';
import { seconds } from '../../src/base/time.js';
import { ENDED_EVENT, READY_EVENT, STARTED_EVENT } from '../../src/substrate/kernel/program/program.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { judge, swap, type Change } from '../smoke/support.js';
import {
  askOurServer,
  findsNoNat,
  lacks,
  learnsFromCoturn,
  masquerade,
  NODE_STUN,
  OUR_SERVER,
  player,
  withNode,
  without,
  WITHOUT_PHONES,
  WITHOUT_SOFTWARE,
} from './software-support.js';
import { CallpathLab } from '../../src/library/lab/callpath-lab.js';
import { parseFlow } from '../../src/library/load/flow-file.js';
import { runFlow } from '../../src/library/run/flow-run.js';
import { alive, descendants, planOf, ROOT } from './support.js';

const compiled = compileProduct([]);
const folder = mkdtempSync(join(tmpdir(), 'callpath-software-'));
afterAll(() => {
  compiled.remove();
  rmSync(folder, { recursive: true });
});
const play = player(createNetns({ main: compiled.main }), folder);

const nodeStun = (server: string): Change =>
  withNode('process', 'probe', '198.51.100.50', [`command: [${process.execPath}, bin/client.js, -s, ${server}]`, `workdir: ${NODE_STUN}`, 'autostart: false']);

describe.skipIf(lacks('turnserver'))('coturn', () => {
  it('answers the Binding requests of our client: behind a NAT it learns a server-reflexive candidate', () => learnsFromCoturn(play, WITHOUT_PHONES), 60_000);

  it.skipIf(lacks(NODE_STUN))(
    'tells node-stun, a client of RFC 3489, that no NAT is on the way',
    async () => {
      let output: unknown;
      const played = await play([...WITHOUT_PHONES, nodeStun('203.0.113.20')], async (lab) => {
        await lab.role('probe').call('start', {});
        expect(await lab.role('probe').call('wait', {})).toEqual({ code: 0, signal: null });
        output = await lab.role('probe').call('output', {});
      });
      expect(output).toMatch(/Open NB=I EF=I .* mapped=198\.51\.100\.50:/);
      expect(played.log('probe')).toBe(output);
      expect(played.of('probe', ENDED_EVENT).map(({ fields }) => fields)).toEqual([{ code: '0' }]);
      // The other address answered too: a test for filtering (EF) needs it.
      if (judge('tshark')) expect(played.rows('udp && ip.src == 203.0.113.21 && ip.dst == 198.51.100.50', 'udp.srcport').length).toBeGreaterThan(0);
    },
    60_000,
  );
});

describe.skipIf(lacks('turnutils_stunclient', 'turnutils_natdiscovery'))("coturn's clients of RFC 5780 at our own server", () => {
  const client = (program: string, ...args: readonly string[]): Change =>
    withNode('process', 'probe', '198.51.100.50', [`command: ${JSON.stringify([program, ...args])}`, 'autostart: false']);

  it('turnutils_stunclient ends: it asks for answers at another port (RESPONSE-PORT) and of another length (PADDING), and gets them', async () => {
    const { output } = await askOurServer(play, client('turnutils_stunclient', '-p', '3478', OUR_SERVER));
    expect(output).toMatch(/UDP reflexive addr: 198\.51\.100\.50:/);
    expect(output).toMatch(/RFC 5780 response 3/);
    expect(output).not.toMatch(/error/i);
  }, 90_000);

  it('turnutils_natdiscovery finds mapping and filtering of the NAT between', async () => {
    const { output } = await askOurServer(play, client('turnutils_natdiscovery', '-m', '-f', '-p', '3478', OUR_SERVER), masquerade);
    expect(output).toMatch(/Endpoint Independent Mapping/i);
    expect(output).toMatch(/Address and Port Dependent Filtering/i);
  }, 90_000);
});

describe.skipIf(lacks(NODE_STUN))('node-stun at our own server', () => {
  it('finds that no NAT is on the way', () => findsNoNat(play, nodeStun(OUR_SERVER)), 60_000);

  it('finds the NAT of the kernel: a port for all, answers only from who was asked', async () => {
    const { output } = await askOurServer(play, nodeStun(OUR_SERVER), masquerade);
    expect(output).toMatch(/Complete\(0\): Natted NB=I EF=APD \(Port-restricted cone\) mapped=203\.0\.113\.1:/);
  }, 90_000);
});

describe.skipIf(lacks('baresip', 'turnserver'))('baresip', () => {
  it('registers over TLS by the name that the DNS of the lab gives, and is called: ICE, SRTP, media both ways', async () => {
    let heard: unknown;
    const played = await play([without('sipp')], async (lab, time) => {
      await lab.role('alice').call('sign-in', {});
      expect(await lab.role('alice').call('call', { to: 'dora@lab.example' })).toMatchObject({ answered: true, status: 200 });
      await time.sleep(seconds(2));
      heard = await lab.role('alice').call('statistics', {});
      await lab.role('alice').call('hang-up', {});
    });
    expect(played.of('fe', 'signed-in').map(({ fields }) => fields['user'])).toContain('dora@lab.example');
    expect(played.of('alice', 'ice-selected').at(-1)?.fields).toMatchObject({ 'local-type': 'host', 'remote-type': 'host' });
    expect(played.of('alice', 'media-started')[0]?.fields).toMatchObject({ protection: 'AES_CM_128_HMAC_SHA1_80' });
    expect(heard).toMatchObject([{ peer: 'dora@lab.example', received: [{ lost: 0 }], refused: { authentication: 0 } }]);
    const [
      {
        received: [stream],
      },
    ] = heard as [{ received: [{ packets: number }] }];
    // 50 packets a second for 2 s, less what the call's start takes.
    expect(stream.packets).toBeGreaterThan(75);
    // Of the program the ledger has its start, its readiness, and no death: the lab ended it.
    expect(played.events.filter((event) => event.node === 'desk').map((event) => event.name)).toEqual([STARTED_EVENT, READY_EVENT]);
  }, 60_000);

  it('is called by a step of a flow and by a lab for tests, as any other user', async () => {
    const plan = planOf(without('sipp')(readFileSync(join(ROOT, 'topologies', 'software.lab.yaml'), 'utf8')));
    const substrate = createNetns({ main: compiled.main });
    await using lab = await new CallpathLab(plan).withSubstrate(substrate).start();
    // It signs in by itself, and counts as ready when it has.
    expect(await lab.call('alice', 'dora')).toMatchObject({ answered: true, status: 200 });
    await lab.wait('1s');
    expect(lab.verify([{ call: { from: 'alice', to: 'dora' } }, { media: { between: ['alice', 'dora'], is: 'local' } }]).findings).toMatchObject([
      { status: 'pass' },
      { status: 'pass' },
    ]);
    await lab.hangUp('alice');
    await expect(lab.call('dora', 'alice')).rejects.toMatchObject({ code: 'FLOW_ACTOR', message: expect.stringContaining('sits at a program') as string });
    await lab.stop();

    const flow = parseFlow(
      `flow: to-a-program
title: a user at a program is called
source: own
deployment: hybrid
topology: software.lab.yaml
actors: { caller: alice, phone: desk }
steps:
  - sign-in: [caller]
  - call: { from: caller, to: phone, for: 1s }
expect:
  - call: { from: caller, to: phone }
  - signed-in: [phone]
`,
      'own.flow.yaml',
    );
    if (!flow.ok) throw flow.errors[0];
    const verdict = await runFlow(flow.flow, plan, { substrate, seed: 1, captureFile: null });
    verdict.run.ledger.close();
    expect(verdict.findings.map(({ check, status, observed }) => [check, status, observed])).toEqual([
      ['call/alice-desk', 'pass', 'answered'],
      ['signed-in/desk', 'pass', 'at home, fe'],
    ]);
  }, 90_000);

  it('calls our client', async () => {
    const dials = [
      swap('command: [baresip, -f, "${LAB_DIR}"]', 'command: [baresip, -f, "${LAB_DIR}", -e, "/dial sip:alice@lab.example"]'),
      swap('        ready: { output: 200 OK }\n', '        autostart: false\n        ready: { output: Call established }\n'),
    ];
    let heard: unknown;
    const played = await play([without('sipp'), ...dials], async (lab, time) => {
      await lab.role('alice').call('sign-in', {});
      await lab.role('desk').call('start', {});
      await time.sleep(seconds(1.5));
      heard = await lab.role('alice').call('statistics', {});
      await lab.role('desk').call('stop', {});
      await time.sleep(seconds(0.5));
    });
    expect(played.of('alice', 'media-heard').length).toBeGreaterThan(0);
    expect(heard).toMatchObject([{ peer: 'dora@lab.example', received: [{ lost: 0 }] }]);
    // Asked to end it says goodbye first.
    expect(played.of('alice', 'call-ended').map(({ fields }) => fields)).toEqual([{ peer: 'dora@lab.example', why: 'bye-received' }]);
    expect(played.of('desk', ENDED_EVENT)).toHaveLength(1);
  }, 60_000);
});

describe.skipIf(lacks('sipp', 'turnserver'))('SIPp', () => {
  it('registers with digest, calls our client through the front end, sends back what it hears, hangs up', async () => {
    const played = await play([without('desk')], async (lab) => {
      await lab.role('carol').call('sign-in', {});
      await lab.role('sipp').call('start', {});
      // SIPp's exit code is its verdict: 0 when every call went as its scenario says.
      expect(await lab.role('sipp').call('wait', {})).toEqual({ code: 0, signal: null });
    });
    const [stopped] = played.of('carol', 'media-stopped');
    expect(Number(stopped?.fields['received'])).toBeGreaterThan(50);
    expect(Number(stopped?.fields['sent'])).toBeGreaterThanOrEqual(Number(stopped?.fields['received']));
    expect(played.of('carol', 'call-ended').map(({ fields }) => fields)).toEqual([{ peer: 'simon@lab.example', why: 'bye-received' }]);
    if (!judge('tshark')) return;
    // Inside the TLS that a foreign process spoke: the front end told the keys.
    const methods = new Set(played.rows('sip.Method && ip.src == 203.0.113.40', 'sip.Method').map(([method]) => method));
    expect([...methods].sort()).toEqual(['ACK', 'BYE', 'INVITE', 'REGISTER']);
    for (const port of ['udp.srcport', 'udp.dstport']) expect(played.rows(`${port} == 40000`, 'frame.number').length, port).toBeGreaterThan(50);
  }, 60_000);

  it('with the wrong password it does not get in', async () => {
    const played = await play([without('desk'), swap('password=${LAB_PASSWORD}', 'password=guess')], async (lab) => {
      await lab.role('sipp').call('start', {});
      expect(await lab.role('sipp').call('wait', {})).toEqual({ code: 1, signal: null });
    });
    expect(played.of('fe', 'signed-in')).toEqual([]);
  }, 60_000);
});

describe.skipIf(lacks('setpriv', 'unshare'))('a process of a node', () => {
  const bare = (lines: readonly string[]): Change[] => [...WITHOUT_SOFTWARE, withNode('process', 'one', '198.51.100.50', lines)];

  it('finds its folder, its files, its variables and the resolvers of the plan; the machine keeps its own', async () => {
    const before = readFileSync('/etc/resolv.conf', 'utf8');
    let output: unknown;
    await play(
      bare([
        'command: [sh, -c, "pwd; cat a/b.txt; cat /etc/resolv.conf; openssl verify -CAfile $LAB_CA $LAB_CERTIFICATE; echo $COLOUR $HOME; ip -br -4 address show dev eth0; getent hosts sip.lab.example"]',
        'files: { a/b.txt: "it is ${LAB_NODE} at ${LAB_ADDRESS}, costs $1\\n" }',
        'env: { COLOUR: "blue-${LAB_NODE}" }',
        'autostart: false',
      ]),
      async (lab) => {
        await lab.role('one').call('start', {});
        await lab.role('one').call('wait', {});
        output = await lab.role('one').call('output', {});
      },
    );
    expect(
      String(output)
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual([
      '/dev/shm/callpath',
      'it is one at 198.51.100.50, costs $1',
      'nameserver 203.0.113.53',
      '/dev/shm/callpath/.lab/certificate.pem: OK',
      'blue-one /dev/shm/callpath',
      expect.stringMatching(/^eth0 .* 198\.51\.100\.50\/26$/),
      expect.stringMatching(/^203\.0\.113\.10 +sip\.lab\.example$/),
      '',
    ]);
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
    expect(existsSync('/dev/shm/callpath')).toBe(false);
  }, 60_000);

  it('that dies is in the ledger, with how; what it started dies with it', async () => {
    let orphans: readonly number[] = [];
    const played = await play(bare(['command: [sh, -c, "sleep 1000 & echo up; wait"]', 'ready: { output: up }']), async (lab, time) => {
      orphans = descendants(((await lab.inspect('one')) as { process: number }).process);
      expect(orphans.length).toBeGreaterThan(1);
      // The first process of the namespace, as the kernel's out-of-memory killer would.
      const [first = 0] = orphans;
      process.kill(first, 'SIGKILL');
      await time.sleep(seconds(0.5));
    });
    expect(played.of('one', ENDED_EVENT).map(({ fields }) => fields)).toEqual([{ signal: 'SIGKILL' }]);
    expect(orphans.filter(alive)).toEqual([]);
  }, 60_000);

  it('that never gets ready fails the build, with what it said', async () => {
    const changes = bare(['command: [sh, -c, "echo no such option >&2; exit 7"]', 'ready: { port: 5000 }']);
    const failed = await play(changes, () => Promise.resolve()).then(
      () => null,
      (error: unknown) => error,
    );
    expect(LabError.is(failed) && [failed.code, failed.message, failed.expected]).toEqual([
      'LAB_ROLE_FAILED',
      expect.stringMatching(/one ended before it was ready \(exit code 7\).*no such option/s),
      'it listens on udp port 5000',
    ]);
  }, 60_000);
});
