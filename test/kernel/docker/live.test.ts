/**
 * A lab of containers that stays up: commands run inside the nodes' containers, or are the machine's own in the nodes'
 * networks; each ends with its terminal and with the lab.
 */
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compileProduct } from '../../../src/substrate/kernel/role/compiled.testkit.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './support.js';
import { LiveDesk, SMALL, endAll } from '../live-support.js';

/** With a foreign image beside: ours with another entry point, and a file of its own. */
const WITH_PROGRAM = SMALL.replace(
  '  links:\n',
  `    own:
      kind: container
      organisation: lab
      segment: customer
      addresses: { eth0: [192.0.2.4/24] }
      config: { image: "${TEST_IMAGE}", entrypoint: [sleep], command: ["1000"], files: { own.txt: "of \${LAB_NODE}" } }
    late:
      kind: container
      organisation: lab
      segment: customer
      addresses: { eth0: [192.0.2.5/24] }
      config: { image: "${TEST_IMAGE}", entrypoint: [sleep], command: ["1000"], autostart: false }
  links:
    - { name: own-sw, segment: customer, endpoints: ["own:eth0", "sw:p3"] }
    - { name: late-sw, segment: customer, endpoints: ["late:eth0", "sw:p4"] }
`,
);

/** Words for a program of the image: it has no shell. */
const js = (script: string): readonly string[] => ['node', '-e', script];
const WHO =
  "console.log(process.getuid(), require('os').hostname(), require('fs').existsSync('/callpath/dist'), Object.keys(require('os').networkInterfaces()).sort().join())";
const ADDRESS = "console.log(require('os').networkInterfaces().eth0?.map((one) => one.address).find((address) => !address.includes(':')))";

const reason = await withoutDocker();

describe.skipIf(reason !== null)('a lab of containers that stays up', () => {
  const compiled = compileProduct([]);
  const scratch = mkdtempSync(join(tmpdir(), 'callpath-live-'));
  const deskNamed = (name: string): LiveDesk =>
    new LiveDesk([process.execPath, fileURLToPath(compiled.url('src/cli/main.ts'))], join(scratch, name), { ...process.env, CALLPATH_IMAGE: TEST_IMAGE });
  beforeAll(() => {
    buildImage();
  }, 300_000);
  afterEach(endAll);
  afterAll(() => {
    compiled.remove();
    rmSync(scratch, { recursive: true, force: true });
  }, 180_000);

  it("runs commands inside the containers of nodes, with their streams and exit codes, and the machine's own where it is told to", async () => {
    const desk = deskNamed('whole');
    const lab = await desk.up(WITH_PROGRAM, 'docker');
    expect(desk.run('exec', 'r', '--', ...js(WHO))).toEqual({ code: 0, out: '65534 r true eth0,lo\n', err: '' });
    expect(desk.runWith('one\ntwo\n', 'exec', 'r', '--', 'cat')).toEqual({ code: 0, out: 'one\ntwo\n', err: '' });
    expect(desk.run('exec', 'r', '--', ...js("console.error('oh'); process.exitCode = 7"))).toEqual({ code: 7, out: '', err: 'oh\n' });
    expect(desk.run('exec', 'r', '--', 'cat', '/proc/self/ns/none').code).toBe(1);
    // The daemon says what the image lacks; a shell's exit code for it.
    expect(desk.run('exec', 'r', '--', 'tcpdump')).toMatchObject({
      code: expect.toSatisfy((code: number) => code === 126 || code === 127) as number,
      out: expect.stringContaining('tcpdump') as string,
    });

    // A foreign image: its own container, not the one that holds the network.
    expect(desk.run('exec', 'own', '--', 'cat', '/lab/own.txt')).toEqual({ code: 0, out: 'of own', err: '' });
    expect(desk.run('exec', 'own', '--', ...js(ADDRESS)).out).toBe('192.0.2.4\n');
    expect(desk.run('exec', 'late', '--', 'cat')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/ROLE_COMMAND the container of late does not run[^]*--machine-tools/) as string,
    });

    const machine = desk.run('exec', 'r', '--machine-tools', '--', 'sh', '-c', 'readlink /proc/self/ns/mnt; ip -br -4 address show dev eth0; exit 5');
    expect(machine).toMatchObject({ code: 5, out: expect.stringMatching(/^eth0 .* 192\.0\.2\.1\/24/m) as string });
    expect(machine.out.split('\n')[0]).toBe(readlinkSync('/proc/self/ns/mnt'));
    expect(desk.run('exec', 'late', '--machine-tools', '--', 'ip', '-br', 'address').out).toContain('192.0.2.5/24');

    expect(desk.run('down').code).toBe(0);
    expect(await lab.ended).toMatchObject({ code: 0, err: '' });
  }, 300_000);

  it('gives a command a terminal when it is called from one, of the same size', async () => {
    const desk = deskNamed('terminal');
    const lab = await desk.up(SMALL, 'docker');
    // It learns of its size by a signal, before or after it began to look.
    const program =
      "const look = () => { if (process.stdout.columns === 97) { console.log(['seen', process.stdin.isTTY, process.stdout.rows, process.env.TERM].join(' ')); process.exit(4); } }; process.on('SIGWINCH', look); look(); process.stdin.resume()";
    const said = desk.onTerminal(31, 97, 'exec', 'r', '--', ...js(program));
    expect([said.code, said.out]).toEqual([4, expect.stringContaining('seen true 31 xterm')]);
    // None of it when there is none.
    expect(desk.run('exec', 'r', '--', ...js('console.log(process.stdin.isTTY, process.stdout.isTTY, process.env.TERM)')).out).toBe(
      'undefined undefined undefined\n',
    );
    expect(desk.run('down').code).toBe(0);
    expect((await lab.ended).code).toBe(0);
  }, 300_000);

  it('ends a command that runs in a container when nobody reads its output any more, and when it goes down', async () => {
    const desk = deskNamed('command');
    const lab = await desk.up(SMALL, 'docker');
    const talker = desk.start('exec', 'r', '--', ...js("setInterval(() => console.log('more'), 1)"));
    await talker.said('more');
    talker.child.stdout?.destroy();
    // As a shell says "killed by SIGPIPE".
    expect((await talker.ended).code).toBe(141);
    const command = desk.start('exec', 'r', '--', ...js("console.log('ready'); setInterval(() => 0, 1000)"));
    await command.said('ready');
    expect(desk.run('down').code).toBe(0);
    expect(await command.ended).toMatchObject({ code: 3, err: expect.stringContaining('LAB_INTERRUPTED') as string });
    expect((await lab.ended).code).toBe(0);
  }, 300_000);
});
