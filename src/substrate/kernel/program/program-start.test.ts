import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LabError } from '../../../base/error.js';
import type { LabPki } from '../../../protocol/pki/lab-pki.js';
import { containerConfig } from '../../../roles/container/config.js';
import { KINDS } from '../../../roles/kinds.js';
import { PROGRAM_VARIABLES, processConfig } from '../../../roles/process/config.js';
import type { Plan } from '../../../topology/plan.js';
import { parseTopology } from '../../../topology/topology-file.js';
import { refusePrograms } from '../../programs.js';
import { sim } from '../../sim/sim-lab.js';
import type { LabDeps } from '../../substrate.js';
import { hasPort } from './listening.js';
import { prelude } from './prelude.js';
import { programStart } from './program-start.js';

const folder = mkdtempSync(join(tmpdir(), 'callpath-program-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function planOf(kind: string, config: string): Plan {
  const text = `
name: one
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { organisation: lab, segment: customer }
  nodes:
    p: { kind: ${kind}, config: ${config}, addresses: { eth0: [192.0.2.1/30, "2001:db8::1/64"] } }
    fe: { kind: front-end, config: { domains: [lab.example] }, addresses: { eth0: [192.0.2.2/30] } }
  links:
    - { endpoints: ["p:eth0", "fe:eth0"] }
users:
  pat@lab.example: { node: p, home: fe, password: secret }
`;
  const parsed = parseTopology(text, join(folder, 'one.lab.yaml'), KINDS);
  if (!parsed.ok) throw parsed.errors[0] ?? new Error('no plan');
  return parsed.plan;
}

const pki = { ca: 'CA\n', identities: new Map([['p', { certificate: 'CERT\n', key: 'KEY\n' }]]) } as unknown as LabPki;

function startOf(kind: string, config: string): ReturnType<typeof programStart> {
  const plan = planOf(kind, config);
  const [node] = plan.nodes.filter(({ name }) => name === 'p');
  if (node === undefined) throw new Error('no node');
  return programStart(node, kind === 'process' ? processConfig.parse(node.config) : containerConfig.parse(node.config), { plan, pki });
}

function refusal(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    if (LabError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the start of a program', () => {
  it('knows every variable that is promised', () => {
    const { command, env } = startOf(
      'process',
      `{ command: [${Object.keys(PROGRAM_VARIABLES)
        .map((name) => `"\${${name}}"`)
        .join(', ')}] }`,
    );
    const dir = '/dev/shm/callpath';
    expect(command).toEqual([
      'p',
      '192.0.2.1',
      '2001:db8::1',
      dir,
      `${dir}/.lab/ca.pem`,
      `${dir}/.lab/certificate.pem`,
      `${dir}/.lab/key.pem`,
      `${dir}/.lab/identity.pem`,
      'pat@lab.example',
      'pat',
      'lab.example',
      'secret',
      '192.0.2.2',
    ]);
    expect(Object.keys(PROGRAM_VARIABLES).map((name) => env[name])).toEqual(command);
  });

  it('leaves all other dollars to the program, and fills files and the environment', () => {
    const start = startOf('process', '{ command: [sh, -c, "$X ${Y}"], env: { Z: "<${LAB_NODE}>" }, files: { a: "${LAB_NODE} $1 ${LAB}" } }');
    expect(start.command).toEqual(['sh', '-c', '$X ${Y}']);
    expect(start.env['Z']).toBe('<p>');
    expect(new TextDecoder().decode(start.files[0]?.bytes)).toBe('p $1 ${LAB}');
  });

  it('copies a file from the folder of the topology as it is, and tells of one that is not there', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    writeFileSync(join(folder, 'tone.raw'), bytes);
    expect(new Uint8Array(startOf('process', '{ command: [x], files: { t: { from: tone.raw } } }').files[0]?.bytes ?? [])).toEqual(bytes);
    expect(refusal(() => startOf('process', '{ command: [x], files: { t: { from: none.raw } } }'))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      where: { line: 7 },
    });
  });

  it('of an image may leave the command to it', () => {
    expect(startOf('container', '{ image: "kamailio:5", files: { /etc/x: "1" } }')).toMatchObject({
      entrypoint: null,
      command: null,
      image: 'kamailio:5',
      folder: '/lab',
    });
    expect(startOf('container', '{ image: x, entrypoint: [run], command: ["${LAB_NODE}"] }')).toMatchObject({ entrypoint: ['run'], command: ['p'] });
  });
});

describe('config', () => {
  it.each([
    ['a variable that there is not', 'process', '{ command: ["${LAB_ADRESS}"] }'],
    ['no command', 'process', '{}'],
    ['an empty command', 'process', '{ command: [] }'],
    ['a file outside of the folder', 'process', '{ command: [x], files: { ../x: "" } }'],
    ['a file with an absolute path', 'process', '{ command: [x], files: { /etc/x: "" } }'],
    ['a pattern that is none', 'process', '{ command: [x], ready: { output: "(" } }'],
    ['no image', 'container', '{ command: [x] }'],
  ])('refuses %s', (_what, kind, config) => {
    expect(() => planOf(kind, config)).toThrow(LabError);
  });

  it.each(['a', 'a/b.txt', '.hidden', 'a.b', 'a..b/c'])('takes the path %s', (path) => {
    expect(processConfig.safeParse({ command: ['x'], files: { [path]: '' } }).success).toBe(true);
  });

  it.each(['.', '..', 'a/../b', 'a/', './a'])('refuses the path %s', (path) => {
    expect(processConfig.safeParse({ command: ['x'], files: { [path]: '' } }).success).toBe(false);
  });
});

describe('substrates', () => {
  const process = planOf('process', '{ command: [x] }');
  const container = planOf('container', '{ image: x }');

  it('without processes or containers refuse them, with the place and the substrate that has them', () => {
    expect(refusal(() => refusePrograms(process, KINDS, 'sim', []))).toMatchObject({
      code: 'TOPOLOGY_SUBSTRATE',
      exitCode: 2,
      where: { line: 7 },
      hint: expect.stringContaining('--on netns'),
    });
    expect(refusal(() => refusePrograms(container, KINDS, 'netns', ['process']))).toMatchObject({
      code: 'TOPOLOGY_SUBSTRATE',
      hint: expect.stringContaining('--on docker'),
    });
  });

  it('of which the simulator is the first', async () => {
    await expect(sim.build(process, { kinds: KINDS } as unknown as LabDeps)).rejects.toMatchObject({
      code: 'TOPOLOGY_SUBSTRATE',
      message: 'p is a process, which cannot run on sim',
    });
  });

  it('with them take them', () => {
    refusePrograms(process, KINDS, 'netns', ['process']);
    refusePrograms(container, KINDS, 'docker', ['container']);
  });
});

describe('the prelude', () => {
  it('lays files as they are, whatever bytes and names, then becomes the command in its folder', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);
    const home = join(folder, "it's here");
    const files = [
      { path: "x y/it's", bytes },
      { path: 'empty', bytes: new Uint8Array(0) },
    ];
    const text = prelude({ entrypoint: null, command: null, env: {}, files, folder: home, workdir: home, resolvConf: '', image: null }, false);
    const run = spawnSync('sh', ['-s', '--', 'sh', '-c', 'pwd; cat; echo "$@"', 'sh', 'a b', "c'd"], { input: text, encoding: 'utf8' });
    expect([run.stdout, run.stderr, run.status]).toEqual([`${home}\na b c'd\n`, '', 0]);
    expect(new Uint8Array(readFileSync(join(home, "x y/it's")))).toEqual(bytes);
    expect(readFileSync(join(home, 'empty'))).toHaveLength(0);
  });

  it('ends with the first thing that fails, and starts nothing then', () => {
    const text = prelude(
      { entrypoint: null, command: null, env: {}, files: [], folder: join(folder, 'f'), workdir: '/no/such/folder', resolvConf: '', image: null },
      false,
    );
    const run = spawnSync('sh', ['-s', '--', 'touch', join(folder, 'started')], { input: text, encoding: 'utf8' });
    expect(run.status).not.toBe(0);
    expect(existsSync(join(folder, 'started'))).toBe(false);
  });
});

describe('ports in the tables of the kernel', () => {
  // proc(5): sl, local_address, rem_address, st ... ; states by include/net/tcp_states.h: 01 established, 0A listening.
  const table = (state: string): string => `  sl  local_address rem_address   st tx_queue\n   0: 0100007F:0D96 00000000:0000 ${state} 00000000:00000000\n`;

  it('a socket that listens counts, a connection from that port does not', () => {
    expect(hasPort(table('0A'), 'tcp', 3478)).toBe(true);
    expect(hasPort(table('01'), 'tcp', 3478)).toBe(false);
    expect(hasPort(table('07'), 'udp', 3478)).toBe(true);
    expect(hasPort(table('07'), 'udp', 3479)).toBe(false);
    expect(hasPort('  sl  local_address rem_address   st\n', 'udp', 3478)).toBe(false);
  });
});
