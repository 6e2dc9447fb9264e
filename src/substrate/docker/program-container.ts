/**
 * A foreign image beside a node: a second container that shares the network of the node's own, so that links, addresses
 * and routes are there before its first instruction. Its image may hold anything: no shell, no `cat` is needed in it.
 *
 * It lives no longer than the lab: it carries the lab's label, by which the guard removes it when the lab is killed.
 * @module
 */
import { z } from 'zod';
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import type { ProgramChild, ProgramEnd } from '../kernel/program/program.js';
import type { ProgramStart } from '../kernel/program/program-start.js';
import { removeContainer } from './container.js';
import type { Engine } from './engine.js';
import { stdioOf } from './stdio.js';
import { tarOf } from './tar.js';

const Created = z.object({ Id: z.string() });
const State = z.object({ State: z.object({ Pid: z.int(), ExitCode: z.int() }) });

export interface ProgramContainerSpec {
  /** Unique on the machine. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Id of the container whose network it shares. */
  readonly network: string;
}

export interface ContainedProgram extends ProgramChild {
  /** Of its container. */
  readonly id: string;
}

/** Errors: DOCKER_*. Leaves nothing behind when it fails. */
export async function startProgramContainer(engine: Engine, spec: ProgramContainerSpec, start: ProgramStart): Promise<ContainedProgram> {
  const image = must(start.image, 'the image of a container');
  const made = await engine.call('POST', '/containers/create', { query: { name: spec.name }, body: createBody(spec, start, image), accept: [404] });
  if (made.status === 404) throw new LabError('DOCKER_IMAGE', `there is no image "${image}"`, { hint: `docker pull ${image}` });
  const { Id: id } = Created.parse(made.body);
  try {
    await engine.putArchive(`/containers/${id}/archive`, tarOf(filesOf(start)));
    // Attached before the start: else the first lines are lost.
    const stream = await engine.hijack(`/containers/${id}/attach`, { query: { stream: '1', stdout: '1', stderr: '1' } });
    const { stdout, stderr } = stdioOf(stream);
    const ended = new Promise<ProgramEnd>((resolve) => {
      stream.once('close', () => {
        void endOf(engine, id).then(resolve);
      });
    });
    await engine.call('POST', `/containers/${id}/start`);
    const { State: state } = State.parse((await engine.call('GET', `/containers/${id}/json`)).body);
    return {
      id,
      pid: state.Pid === 0 ? undefined : state.Pid,
      stdout,
      stderr,
      ended,
      terminate: () => signal(engine, id, 'SIGTERM'),
      kill: () => signal(engine, id, 'SIGKILL'),
    };
  } catch (error) {
    await removeContainer(engine, id);
    throw error;
  }
}

function createBody(spec: ProgramContainerSpec, start: ProgramStart, image: string): object {
  return {
    Image: image,
    ...(start.entrypoint !== null && { Entrypoint: start.entrypoint }),
    ...(start.command !== null && { Cmd: start.command }),
    Env: Object.entries(start.env).map(([name, value]) => `${name}=${value}`),
    Labels: spec.labels,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: { NetworkMode: `container:${spec.network}`, LogConfig: { Type: 'none' } },
  };
}

function filesOf(start: ProgramStart): readonly { readonly path: string; readonly bytes: Uint8Array }[] {
  return start.files.map(({ path, bytes }) => ({ path: (path.startsWith('/') ? path : `${start.folder}/${path}`).slice(1), bytes }));
}

/** How it ended; it is removed then. A daemon that is gone can't tell. */
async function endOf(engine: Engine, id: string): Promise<ProgramEnd> {
  try {
    const { status, body } = await engine.call('GET', `/containers/${id}/json`, { accept: [404] });
    const code = status === 404 ? null : State.parse(body).State.ExitCode;
    await removeContainer(engine, id);
    return { code, signal: null };
  } catch (error) {
    if (LabError.is(error)) return { code: null, signal: null };
    throw error;
  }
}

function signal(engine: Engine, id: string, name: string): void {
  // 404 and 409: it has ended meanwhile. A daemon that does not answer has no container left to signal.
  engine.call('POST', `/containers/${id}/kill`, { query: { signal: name }, accept: [404, 409] }).catch((error: unknown) => {
    if (!LabError.is(error)) throw error;
  });
}
