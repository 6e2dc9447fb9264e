/**
 * The substrate `docker`: every node a container without a network of Docker's own, the links plugged into it from
 * outside by TAP devices. What is shared with bare namespaces is in `kernel/`.
 *
 * @example
 * const docker = createDocker({ image: 'callpath:local' });
 * const lacks = await docker.probe();
 * const lab = await docker.build(plan, deps);
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Plan } from '../../topology/plan.js';
import { KernelLab } from '../kernel/lab/kernel-lab.js';
import { Origin } from '../kernel/lab/origin.js';
import { Namespace } from '../kernel/namespace/namespace.js';
import { hasTool, missing, runTool } from '../kernel/namespace/tool.js';
import type { KindRef } from '../kernel/role/role-start.js';
import { loadLibc } from '../kernel/tap/libc.js';
import { TapDevice } from '../kernel/tap/tap-device.js';
import { refusePrograms } from '../programs.js';
import type { Substrate } from '../substrate.js';
import { buildHint, Container, requireImage } from './container.js';
import { DIGEST_FILE, ownDigest } from './digest.js';
import { Engine } from './engine.js';
import { ContainerGround, type ContainerOptions } from './ground.js';
import { startGuard } from './guard.js';
import { ownerLabel, sweep } from './ownership.js';
import { COMPOSE_VARIABLE, IMAGE, IMAGE_VARIABLE, LABEL } from './vocabulary.js';

export interface DockerOptions {
  /** What the nodes run from; without it what CALLPATH_IMAGE names, or `callpath:local`. */
  readonly image?: string;
  /** Folders of this machine that the nodes can read, `SOURCE:TARGET`. */
  readonly mounts?: readonly string[];
  /** Path in the image of the compiled role process, when it is not the image's own. */
  readonly main?: string;
  /** Node kinds that are not in the registry: the module that exports each, as the image has it. */
  readonly kindModules?: ReadonlyMap<string, KindRef>;
}

const TOOLS = ['ip', 'bridge', 'nft'] as const;

export function createDocker(options: DockerOptions = {}): Substrate {
  const { kindModules } = options;
  const containers = { image: options.image ?? imageAsked(), mounts: options.mounts ?? [], ...(options.main !== undefined && { main: options.main }) };
  const origin = new Origin();
  return {
    name: 'docker',
    originSeconds: () => origin.announce(),
    probe: () => probe(containers.image),
    async build(plan, deps) {
      // Compose's containers are Compose's to end, and it knows nothing of what is started beside them.
      refusePrograms(
        plan,
        deps.kinds,
        process.env[COMPOSE_VARIABLE] === undefined ? 'docker' : 'docker compose',
        process.env[COMPOSE_VARIABLE] === undefined ? ['container'] : [],
      );
      const ground = await groundOf(plan, containers);
      return KernelLab.build(plan, deps, { origin: origin.take(), ground, ...(kindModules !== undefined && { kindModules }) });
    },
  };
}

export const docker: Substrate = createDocker();

function imageAsked(): string {
  const asked = process.env[IMAGE_VARIABLE];
  return asked === undefined || asked === '' ? IMAGE : asked;
}

/** Errors: DOCKER_*, KERNEL_*. */
async function groundOf(plan: Plan, options: ContainerOptions): Promise<ContainerGround> {
  const engine = await Engine.connect();
  try {
    const compose = process.env[COMPOSE_VARIABLE];
    if (compose !== undefined) return await ContainerGround.adopt(engine, plan, compose);
    await sweep(engine);
    return await ContainerGround.start(engine, plan, options);
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Does once what a lab does: a container, a device plugged into it, a setting by `ip`. */
async function probe(image: string): Promise<readonly LabError[]> {
  const lacks = TOOLS.filter((tool) => !hasTool(tool)).map((tool) => missing(tool));
  if (lacks.length > 0) return lacks;
  let engine: Engine | null = null;
  try {
    engine = await Engine.connect();
    // Compose has found the image and started what there is to start; what is wrong with that, `build` will tell.
    if (process.env[COMPOSE_VARIABLE] !== undefined) return [];
    await requireImage(engine, image);
    await tryOut(engine, image);
    return [];
  } catch (error) {
    if (LabError.is(error)) return [error];
    throw error;
  } finally {
    engine?.close();
  }
}

/** Errors: DOCKER_*, KERNEL_*. */
async function tryOut(engine: Engine, image: string): Promise<void> {
  const libc = await loadLibc();
  const name = `probe-${process.pid}`;
  const labels = { [LABEL.lab]: name, [LABEL.owner]: ownerLabel() };
  const guard = startGuard(engine.socket, name);
  const container = await Container.start(engine, { name: `callpath-${name}`, hostname: 'probe', image, labels, mounts: [] });
  try {
    await sameCode(container, image);
    const namespace = namespaceOf(libc, container.pid);
    try {
      const device = TapDevice.open(libc, namespace, 'probe0');
      try {
        await runTool(namespace, { tool: 'ip', arguments: ['-batch', '-'], input: 'link set dev probe0 up\naddress add 192.0.2.1/24 dev probe0\n' });
      } finally {
        device.close();
      }
    } finally {
      namespace.close();
    }
  } finally {
    await container.close();
    guard.dismiss();
  }
}

/** Errors: DOCKER_IMAGE for an image of another version, which would not understand this one. */
async function sameCode(container: Container, image: string): Promise<void> {
  const own = ownDigest();
  if (own === null) return;
  const reader = await container.exec(['cat', DIGEST_FILE]);
  const text = (await reader.stdout.setEncoding('utf8').toArray()).join('').trim();
  if (text === own) return;
  throw new LabError('DOCKER_IMAGE', `the image "${image}" was built from other code than this`, {
    expected: 'an image of the same version',
    hint: buildHint(image),
  });
}

/** Docker Desktop's containers are processes of another kernel: their numbers mean nothing here. */
function namespaceOf(libc: Parameters<typeof Namespace.ofProcess>[0], pid: number): Namespace {
  try {
    return Namespace.ofProcess(libc, 'a first try', pid);
  } catch (cause) {
    if (!LabError.is(cause) || cause.code === 'KERNEL_PERMISSION') throw cause;
    throw new LabError('DOCKER_UNREACHABLE', `Docker's containers are not processes of this machine (there is no process ${pid})`, {
      expected: 'a daemon on this kernel, not in a virtual machine as with Docker Desktop',
      hint: 'run the lab in a container as well: docker compose up',
      cause,
    });
  }
}
