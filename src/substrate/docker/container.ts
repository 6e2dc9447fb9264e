/**
 * One node of a lab as a container without a network of Docker's own. Its main process is `cat` on a stream that this
 * process holds: when this process is gone, however that came, the stream ends, with it `cat`, with it the container
 * and all that runs in it. The role is started beside it. Docker's own init stands over `cat`, which would not clear away
 * what others leave behind.
 *
 * Nothing in a container can change its network: no capability, no way to get one, a file system that cannot be
 * written. Addresses, routes and rules are set from outside, by process id.
 * @module
 */
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import { ContainerProcess } from './container-process.js';
import type { Engine } from './engine.js';
import { stdioOf } from './stdio.js';

export interface ContainerSpec {
  /** Unique on the machine. */
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Folders of this machine that the container can read, `SOURCE:TARGET`. */
  readonly mounts: readonly string[];
  /** What its /etc/resolv.conf names, and that of a container which shares its network. */
  readonly resolvers?: readonly string[];
}

const Created = z.object({ Id: z.string() });
const State = z.object({ State: z.object({ Running: z.boolean(), Pid: z.int() }) });
const Listed = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullable() }));

/** Nobody: the lab's processes need no rights. Numbers, since an image may have no /etc/passwd. */
const NOBODY = '65534:65534';

export class Container {
  readonly name: string;
  readonly id: string;
  /** Of its main process, as this machine counts: `/proc/PID/ns/net` is the container's network. */
  readonly pid: number;
  readonly #engine: Engine;
  /** Ours to end; null for a container that somebody else started. */
  readonly #life: Duplex | null;

  private constructor(engine: Engine, name: string, id: string, pid: number, life: Duplex | null) {
    this.#engine = engine;
    this.name = name;
    this.id = id;
    this.pid = pid;
    this.#life = life;
  }

  /** Errors: DOCKER_IMAGE, DOCKER_REFUSED, DOCKER_UNREACHABLE. Leaves nothing behind when it fails. */
  static async start(engine: Engine, spec: ContainerSpec): Promise<Container> {
    const answer = await engine.call('POST', '/containers/create', { query: { name: spec.name }, body: createBody(spec), accept: [404] });
    if (answer.status === 404) throw noImage(spec.image);
    const { Id: id } = Created.parse(answer.body);
    let life: Duplex | null = null;
    try {
      // Attached before the start: a container whose stream nobody holds would live on.
      life = await engine.hijack(`/containers/${id}/attach`, { query: { stream: '1', stdin: '1' } });
      life.on('error', () => undefined).resume();
      await engine.call('POST', `/containers/${id}/start`);
      return new Container(engine, spec.hostname, id, await pidOf(engine, id, spec.hostname), life);
    } catch (error) {
      life?.destroy();
      await removeContainer(engine, id);
      throw error;
    }
  }

  /** A running container that somebody else answers for. Errors: DOCKER_REFUSED. */
  static async adopt(engine: Engine, name: string, id: string): Promise<Container> {
    return new Container(engine, name, id, await pidOf(engine, id, name), null);
  }

  /** Starts a process in it. Errors: DOCKER_REFUSED, DOCKER_UNREACHABLE. */
  async exec(command: readonly string[]): Promise<ContainerProcess> {
    const made = await this.#engine.call('POST', `/containers/${this.id}/exec`, {
      body: { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: false, Cmd: command, User: NOBODY },
    });
    const { Id: id } = Created.parse(made.body);
    const stream = await this.#engine.hijack(`/exec/${id}/start`, { body: { Detach: false, Tty: false } });
    return new ContainerProcess(this.#engine, id, stdioOf(stream), stream);
  }

  /** Idempotent. Errors: DOCKER_REFUSED, DOCKER_UNREACHABLE. */
  async close(): Promise<void> {
    if (this.#life === null) return;
    this.#life.destroy();
    await removeContainer(this.#engine, this.id);
  }
}

function createBody(spec: ContainerSpec): object {
  return {
    Image: spec.image,
    Hostname: spec.hostname,
    Entrypoint: ['cat'],
    Cmd: [],
    User: NOBODY,
    Labels: spec.labels,
    AttachStdin: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      NetworkMode: 'none',
      ...(spec.resolvers !== undefined && spec.resolvers.length > 0 && { Dns: spec.resolvers }),
      AutoRemove: true,
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'none' },
      Binds: spec.mounts.map((mount) => `${mount}:ro`),
    },
  };
}

async function pidOf(engine: Engine, id: string, name: string): Promise<number> {
  const { State: state } = State.parse((await engine.call('GET', `/containers/${id}/json`)).body);
  if (!state.Running || state.Pid === 0) {
    throw new LabError('DOCKER_REFUSED', `the container of ${name} has ended`, {
      expected: 'an image that has cat, and lets it run',
      hint: `docker logs ${id.slice(0, 12)}`,
    });
  }
  return state.Pid;
}

/** Kills and removes; one that is gone or going is fine. Settles when it is gone. Errors: DOCKER_REFUSED, DOCKER_UNREACHABLE. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  const { status } = await engine.call('DELETE', `/containers/${id}`, { query: { force: '1', v: '1' }, accept: [404, 409] });
  // 409: its removal is on the way already, by itself.
  if (status === 409) await engine.call('POST', `/containers/${id}/wait`, { query: { condition: 'removed' }, accept: [404] });
}

/** Containers that carry all the labels (`key` or `key=value`), also those that do not run. */
export async function listContainers(
  engine: Engine,
  labels: readonly string[],
): Promise<readonly { readonly id: string; readonly labels: Readonly<Record<string, string>> }[]> {
  const { body } = await engine.call('GET', '/containers/json', { query: { all: '1', filters: JSON.stringify({ label: labels }) } });
  return Listed.parse(body).map((entry) => ({ id: entry.Id, labels: entry.Labels ?? {} }));
}

/** Errors: DOCKER_IMAGE. */
export async function requireImage(engine: Engine, image: string): Promise<void> {
  const { status } = await engine.call('GET', `/images/${encodeURIComponent(image)}/json`, { accept: [404] });
  if (status === 404) throw noImage(image);
}

function noImage(image: string): LabError {
  return new LabError('DOCKER_IMAGE', `there is no image "${image}"`, { hint: buildHint(image) });
}

/** How people make the image. */
export function buildHint(image: string): string {
  return `docker build -t ${image} -f lab/images/Dockerfile .   (without a registry: node lab/images/build-scratch.mjs --tag ${image})`;
}
