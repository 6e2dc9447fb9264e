/**
 * Docker for tests: is it there, the image built from this checkout, and what containers a lab leaves behind.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LabError } from '../../../src/base/error.js';
import { compileProduct } from '../../../src/substrate/kernel/role/compiled.testkit.js';
import { listContainers } from '../../../src/substrate/docker/container.js';
import { Engine } from '../../../src/substrate/docker/engine.js';
import { LABEL } from '../../../src/substrate/docker/vocabulary.js';
import { RUN_VARIABLE } from '../global-setup.js';
import { ROOT } from '../support.js';

/** Not the users' own tag: a test must not replace what they built, nor what another run of it has. Its files share one image. */
const RUN = process.env[RUN_VARIABLE] ?? String(process.pid);
export const TEST_IMAGE = `callpath-test:${RUN}`;
export const TEST_BASE = `callpath-test-base:${RUN}`;
/** A further image of this run, removed with the others when it ends. */
export const imageNamed = (name: string): string => `callpath-test-${name}:${RUN}`;

/** Why nothing of Docker can be tested here, or null. In CI that is a failure, since CI installs it. */
export async function withoutDocker(): Promise<string | null> {
  const reason = await missingPart();
  if (reason === null) return null;
  if (process.env['CI'] !== undefined) throw new Error(`the container tests cannot run: ${reason}; .ci/run installs docker.io and starts dockerd`);
  process.stderr.write(`the container tests are skipped: ${reason}\n`);
  return reason;
}

async function missingPart(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'plugging links into containers needs root';
  if (spawnSync('docker', ['--version']).error !== undefined) return 'the docker command is not installed, and the image is built by it';
  try {
    (await Engine.connect()).close();
    return null;
  } catch (error) {
    if (LabError.is(error)) return `${error.message} (${error.hint ?? ''})`;
    throw error;
  }
}

/** By the documented way that needs no registry; by the first who asks for it. */
export function buildImage(): void {
  if (spawnSync('docker', ['image', 'inspect', TEST_IMAGE], { stdio: 'ignore' }).status === 0) return;
  const built = spawnSync(process.execPath, [join(ROOT, 'lab', 'images', 'build-scratch.mjs'), '--tag', TEST_IMAGE, '--base', TEST_BASE], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the image cannot be built:\n${built.stdout}${built.stderr}`);
}

/** Ids of the containers of labs whose process is this one. */
export async function containersOfMine(): Promise<readonly string[]> {
  const engine = await Engine.connect();
  const all = await listContainers(engine, [LABEL.owner]);
  engine.close();
  return all.filter((container) => container.labels[LABEL.owner]?.startsWith(`${process.pid}:`)).map((container) => container.id);
}

/** Process of the node's role, as this machine counts. */
export function rolePid(node: string): Promise<number> {
  return ofContainer(node, async (engine, { ExecIDs }) => ((await engine.call('GET', `/exec/${ExecIDs[0] ?? ''}/json`)).body as { Pid: number }).Pid);
}

/** Main process of the node's container, as this machine counts. */
export function containerPid(node: string): Promise<number> {
  return ofContainer(node, (_engine, { State }) => State.Pid);
}

interface Inspected {
  readonly ExecIDs: readonly string[];
  readonly State: { readonly Pid: number };
}

async function ofContainer<T>(node: string, read: (engine: Engine, inspected: Inspected) => T | Promise<T>): Promise<T> {
  const engine = await Engine.connect();
  try {
    for (const { id, labels } of await listContainers(engine, [LABEL.owner])) {
      if (labels[LABEL.node] !== node || labels[LABEL.owner]?.startsWith(`${process.pid}:`) !== true) continue;
      return await read(engine, (await engine.call('GET', `/containers/${id}/json`)).body as Inspected);
    }
    throw new Error(`no container runs for ${node}`);
  } finally {
    engine.close();
  }
}

/** The contract's probe compiled, as containers see it: below the image's node_modules, so that packages are found. */
export function mountedProbe(): {
  readonly mounts: readonly string[];
  readonly main: string;
  readonly kind: { readonly module: string; readonly export: string };
  remove(): void;
} {
  const compiled = compileProduct();
  const folder = join(compiled.main, '..', '..', '..', '..', '..');
  chmodSync(folder, 0o755);
  const inside = '/callpath/node_modules/.cache/test';
  return {
    mounts: [`${folder}:${inside}`],
    main: `${inside}/${relative(folder, compiled.main)}`,
    kind: { module: `file://${inside}/test/contract/probe/kind.js`, export: 'probe' },
    remove: compiled.remove,
  };
}
