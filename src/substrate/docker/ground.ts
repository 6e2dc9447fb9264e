/**
 * Containers as what a lab's nodes stand on: started for it, or found where Compose has started them.
 * @module
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import { container } from '../../roles/container/kind.js';
import type { Plan, PlanNode } from '../../topology/plan.js';
import type { Ground } from '../kernel/lab/kernel-lab.js';
import { Namespace } from '../kernel/namespace/namespace.js';
import { bridgeName } from '../kernel/namespace/node-setup.js';
import { writeSysctl } from '../kernel/namespace/sysctl.js';
import { runTool } from '../kernel/namespace/tool.js';
import type { ProgramChild } from '../kernel/program/program.js';
import type { ProgramStart } from '../kernel/program/program-start.js';
import { RpcClient, type RoleListener } from '../kernel/rpc/rpc-client.js';
import { type Libc, loadLibc } from '../kernel/tap/libc.js';
import type { InsideCommand, PreparedCommand } from '../substrate.js';
import { Container, listContainers } from './container.js';
import type { Engine } from './engine.js';
import { prepareExec } from './exec.js';
import { type Guard, startGuard } from './guard.js';
import { ownerLabel } from './ownership.js';
import { startProgramContainer } from './program-container.js';
import { LABEL } from './vocabulary.js';

/** The role process of the image. */
const MAIN = '/callpath/dist/substrate/kernel/role/main.js';
/** Containers that are started at once: the daemon does no more in parallel anyway, and answers each later. */
const AT_ONCE = 8;

export interface ContainerOptions {
  readonly image: string;
  /** Folders of this machine that the nodes can read, `SOURCE:TARGET`. */
  readonly mounts: readonly string[];
  /** Path in the image of the compiled role process, when it is not the image's own. */
  readonly main?: string;
}

/** Settings that Docker makes otherwise in a namespace of its own. */
const SYSCTLS: readonly (readonly [path: string, value: string])[] = [
  // Docker switches IPv6 off where it has none to give.
  ['ipv6/conf/all/disable_ipv6', '0'],
  ['ipv6/conf/default/disable_ipv6', '0'],
  // Nobody, without a capability, serves DNS and TLS on their own ports.
  ['ipv4/ip_unprivileged_port_start', '0'],
];

/** Labs of this process so far, so that each has a name of its own. */
let labs = 0;

export class ContainerGround implements Ground {
  readonly #engine: Engine;
  readonly #containers: ReadonlyMap<string, Container>;
  readonly #main: string;
  /** Of containers that are ours to end. */
  readonly #guard: Guard | null;
  /** Id of the lab; null in one of Compose. */
  readonly #lab: string | null;
  /** Ids of the containers that foreign programs run in, by node. */
  readonly #programs = new Map<string, string>();
  #launched = 0;

  private constructor(
    engine: Engine,
    containers: ReadonlyMap<string, Container>,
    own: { readonly lab: string; readonly guard: Guard } | null,
    main: string = MAIN,
  ) {
    this.#engine = engine;
    this.#containers = containers;
    this.#guard = own?.guard ?? null;
    this.#lab = own?.lab ?? null;
    this.#main = main;
  }

  /** A container per node that is not emulated. Leaves none behind when it fails. Errors: DOCKER_*. */
  static async start(engine: Engine, plan: Plan, options: ContainerOptions): Promise<ContainerGround> {
    const id = `${plan.name}-${process.pid}-${++labs}`;
    const owner = ownerLabel();
    const containers = new Map<string, Container>();
    const start = async (node: PlanNode): Promise<void> => {
      const labels = { [LABEL.lab]: id, [LABEL.node]: node.name, [LABEL.owner]: owner };
      containers.set(
        node.name,
        await Container.start(engine, {
          name: `callpath-${id}-${node.name}`,
          hostname: node.name,
          labels,
          image: options.image,
          mounts: options.mounts,
          resolvers: node.resolvers,
        }),
      );
    };
    const ground = new ContainerGround(engine, containers, { lab: id, guard: startGuard(engine.socket, id) }, options.main);
    const failure = await eachOf(plan.nodes.filter(isContainer), AT_ONCE, start);
    if (failure === null) return ground;
    await ground.close();
    throw failure.error;
  }

  /** The containers of this process's own Compose project. Errors: DOCKER_*, KERNEL_*. */
  static async adopt(engine: Engine, plan: Plan, lab: string): Promise<ContainerGround> {
    const project = await projectOf(engine);
    const listed = await listContainers(engine, [`${LABEL.lab}=${lab}`, `${PROJECT}=${project}`]);
    const ids = new Map(listed.map((entry) => [entry.labels[LABEL.node] ?? '', entry.id]));
    const libc = await loadLibc();
    const containers = new Map<string, Container>();
    const failure = await eachOf(plan.nodes.filter(isContainer), AT_ONCE, async (node) => {
      const id = ids.get(node.name);
      if (id === undefined) {
        throw new LabError('DOCKER_REFUSED', `the Compose project "${project}" has no container for the node ${node.name}`, {
          hint: `make the Compose file anew: callpath compose ${plan.file}`,
        });
      }
      const container = await Container.adopt(engine, node.name, id);
      containers.set(node.name, container);
      await empty(libc, node, container);
    });
    if (failure !== null) throw failure.error;
    return new ContainerGround(engine, containers, null);
  }

  namespace(libc: Libc, node: PlanNode): Namespace {
    const namespace = Namespace.ofProcess(libc, node.name, this.#of(node).pid);
    namespace.inside(() => {
      for (const [path, value] of SYSCTLS) writeSysctl(node.name, path, value);
    });
    return namespace;
  }

  async spawn(node: PlanNode, _namespace: Namespace, listener: RoleListener): Promise<RpcClient> {
    return new RpcClient(await this.#of(node).exec(['node', '--enable-source-maps', this.#main]), { node: node.name, listener });
  }

  /** Errors: DOCKER_*. */
  async launch(node: PlanNode, _namespace: Namespace, start: ProgramStart): Promise<ProgramChild> {
    const lab = must(this.#lab, 'a lab of its own: programs are refused in one of Compose');
    const labels = { [LABEL.lab]: lab, [LABEL.program]: node.name, [LABEL.owner]: ownerLabel() };
    const program = await startProgramContainer(
      this.#engine,
      { name: `callpath-${lab}-${node.name}-program-${++this.#launched}`, labels, network: this.#of(node).id },
      start,
    );
    this.#programs.set(node.name, program.id);
    void program.ended.then(() => {
      if (this.#programs.get(node.name) === program.id) this.#programs.delete(node.name);
    });
    return program;
  }

  /** Of a node with a foreign image, inside the container of that. Errors: ROLE_COMMAND, DOCKER_*. */
  async inside(node: PlanNode, command: InsideCommand): Promise<PreparedCommand> {
    const id = node.kind === container.kind ? this.#programs.get(node.name) : this.#of(node).id;
    if (id === undefined)
      throw new LabError('ROLE_COMMAND', `the container of ${node.name} does not run`, {
        hint: 'start it; or run a program of this machine in its network: --machine-tools',
      });
    return prepareExec(this.#engine, id, command);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    await eachOf([...this.#containers.values()], AT_ONCE, async (container) => {
      // One that cannot be removed is no reason to leave the others.
      await container.close().catch((error: unknown) => failures.push(error));
    });
    this.#engine.close();
    // The guard stays then, and has another try when this process ends.
    if (failures.length > 0) throw failures[0];
    this.#guard?.dismiss();
  }

  #of(node: PlanNode): Container {
    return must(this.#containers.get(node.name), `container of ${node.name}`);
  }
}

function isContainer(node: PlanNode): boolean {
  return node.emulated !== true;
}

/** Does `work` for all, some at once. After a failure none is begun, but what was begun is finished. Gives the first failure. */
async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<{ readonly error: unknown } | null> {
  const left = [...items];
  let failure: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && failure === null; item = left.shift()) {
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return failure;
}

const PROJECT = 'com.docker.compose.project';
const Labelled = z.object({ Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }) });

/** Docker gives a container its own id as host name. Errors: DOCKER_REFUSED. */
async function projectOf(engine: Engine): Promise<string> {
  const { status, body } = await engine.call('GET', `/containers/${hostname()}/json`, { accept: [404] });
  const project = status === 404 ? undefined : Labelled.parse(body).Config.Labels?.[PROJECT];
  if (project !== undefined) return project;
  throw new LabError('DOCKER_REFUSED', `this process is not in a container of a Compose project (host name ${hostname()})`, {
    hint: 'run it as the service that the Compose file names, without a hostname of its own',
  });
}

/** What an earlier lab on the same container left when its devices went: a bridge, routes to nowhere, rules. Errors: KERNEL_*. */
async function empty(libc: Libc, node: PlanNode, container: Container): Promise<void> {
  const namespace = Namespace.ofProcess(libc, node.name, container.pid);
  try {
    const bridge = bridgeName(node);
    const hasBridge = namespace.inside(() => readFileSync('/proc/thread-self/net/dev', 'utf8').includes(` ${bridge}:`));
    if (hasBridge) await runTool(namespace, { tool: 'ip', arguments: ['link', 'delete', 'dev', bridge], input: '' });
    for (const family of ['-4', '-6']) {
      for (const type of ['blackhole', 'unreachable', 'prohibit'])
        await runTool(namespace, { tool: 'ip', arguments: [family, 'route', 'flush', 'table', 'all', 'type', type], input: '' });
      await runTool(namespace, { tool: 'ip', arguments: [family, '-batch', '-'], input: 'rule flush\nrule add priority 32766 lookup main\n' });
    }
    await runTool(namespace, { tool: 'nft', arguments: ['flush', 'ruleset'], input: '' });
  } finally {
    namespace.close();
  }
}
