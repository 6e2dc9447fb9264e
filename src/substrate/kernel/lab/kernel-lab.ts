/**
 * A lab whose nodes have the kernel's own IP stack: each stands in a network namespace, its role is a process in it, the
 * links between them are the lab's fabric, on the wall clock; nodes that no kernel can be are emulated at those links.
 * Where the namespaces come from and how a process gets into one, bare or as a container, is the {@link Ground}'s.
 * @module
 */
import type { LinkId, NodeId } from '../../../base/brand.js';
import { must } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import { randomRoot } from '../../../base/rng.js';
import { type Clock, type Nanos, plus } from '../../../base/time.js';
import { timeLimit } from '../../../fabric/driver/driver-options.js';
import type { Pairs } from '../../../capture/comment.js';
import type { Lateness } from '../../../fabric/driver/lateness.js';
import type { LinkControl, Side } from '../../../fabric/link.js';
import type { LinkPhase, LinkStats } from '../../../fabric/link-stats.js';
import type { Waiting } from '../../../base/waiting.js';
import { WaitingList } from '../../../base/waiting.js';
import type { ContainerConfig } from '../../../roles/container/config.js';
import type { ProcessConfig } from '../../../roles/process/config.js';
import type { Json } from '../../../roles/role.js';
import type { Plan, PlanNode } from '../../../topology/plan.js';
import { linksWithBgp } from '../../bgp-process.js';
import { deferred } from '../../../host/deferred.js';
import { controlOf, type EmulatedNode, snapshotOf } from '../../emulated/emulated-node.js';
import {
  type InsideCommand,
  type Lab,
  type LabDeps,
  noNode,
  type NodeControl,
  type PreparedCommand,
  type RoleHandle,
  type ScriptTime,
} from '../../substrate.js';
import { CauseResolver } from '../identity/cause-resolver.js';
import { KernelNode } from '../namespace/kernel-node.js';
import type { Namespace } from '../namespace/namespace.js';
import { runTool } from '../namespace/tool.js';
import { listens } from '../program/listening.js';
import { Program, type ProgramChild } from '../program/program.js';
import { ProgramLog } from '../program/program-log.js';
import { programStart, type ProgramStart } from '../program/program-start.js';
import { KernelClock } from '../role/kernel-clock.js';
import { recorderListener } from '../role/role-process.js';
import { type KindRef, roleStartOf } from '../role/role-start.js';
import type { RoleExit, RoleListener, RpcClient } from '../rpc/rpc-client.js';
import { Checkpoints } from './checkpoints.js';
import { KernelFabric } from '../tap/kernel-fabric.js';
import { type Libc, loadLibc } from '../tap/libc.js';
import { RuleWatch } from '../trace/rule-watch.js';

/** What the nodes of a lab stand on. */
export interface Ground {
  /** The node's namespace, with nothing in it but a loopback. The lab closes it. */
  namespace(libc: Libc, node: PlanNode): Namespace;
  /** A fresh process in the node's namespace, whose role is still to be started. */
  spawn(node: PlanNode, namespace: Namespace, listener: RoleListener): RpcClient | Promise<RpcClient>;
  /** Starts a foreign program at the node. Errors: KERNEL_*, DOCKER_*. */
  launch(node: PlanNode, namespace: Namespace, start: ProgramStart): Promise<ProgramChild>;
  /** Prepares a command inside the node's container. Not there on bare namespaces. Errors: ROLE_COMMAND, DOCKER_*. */
  inside?(node: PlanNode, command: InsideCommand): Promise<PreparedCommand>;
  /** After all else of the lab is gone. Idempotent. */
  close(): Promise<void>;
}

const ROLE_FAILED_EVENT = 'role-failed';

export interface KernelLabOptions {
  /** CLOCK_REALTIME of lab time 0, in nanoseconds. */
  readonly origin: bigint;
  readonly ground: Ground;
  /** Node kinds that are not in the registry: the module that exports each. */
  readonly kindModules?: ReadonlyMap<string, KindRef>;
}

export class KernelLab implements Lab {
  readonly clock: Clock;
  readonly links: LinkControl;
  readonly inside?: NonNullable<Lab['inside']>;
  readonly #plan: Plan;
  readonly #deps: LabDeps;
  readonly #options: KernelLabOptions;
  readonly #fabric: KernelFabric;
  readonly #nodes: readonly KernelNode[];
  readonly failures = new Map<string, LabError>();
  readonly #roles = new Map<string, RpcClient>();
  readonly #causes: ReadonlyMap<NodeId, CauseResolver>;
  readonly #programs = new Map<string, Program>();
  readonly #watches: RuleWatch[] = [];
  readonly #waiting = new WaitingList();
  #checkpoints: Checkpoints | null = null;
  #built = false;
  /** Of the pump when it ended by itself, or of a role that did. */
  #failure: Error | null = null;
  #onFailure: (error: Error) => void = () => undefined;
  #closed: Promise<void> | null = null;

  private constructor(
    plan: Plan,
    deps: LabDeps,
    options: KernelLabOptions,
    nodes: readonly KernelNode[],
    fabric: KernelFabric,
    causes: ReadonlyMap<NodeId, CauseResolver>,
  ) {
    this.#plan = plan;
    this.#deps = deps;
    this.#options = options;
    this.#nodes = nodes;
    this.#fabric = fabric;
    this.#causes = causes;
    // Whoever asks between two events of the fabric gets the time of asking.
    this.clock = {
      originSeconds: fabric.scheduler.originSeconds,
      get now() {
        return fabric.driver.sample();
      },
    };
    const { ground } = options;
    if (ground.inside !== undefined)
      this.inside = (node, command) => must(ground.inside, 'a ground of containers').call(ground, this.#kernelNode(node).plan, command);
    this.links = linksWithBgp({
      plan,
      scheduler: fabric.scheduler,
      now: () => fabric.driver.sample(),
      links: fabric.links.control,
      route: (name, changes) => {
        this.node(name)
          .route(changes)
          .catch((error: unknown) => {
            this.#fail(error);
          });
      },
      note: (node, event, fields) => {
        deps.recorder.event(node, fabric.driver.sample(), event, fields);
      },
    });
  }

  /** Takes over the ground, whatever happens. Errors: KERNEL_*, LAB_ROLE_FAILED, and those of the ground. */
  static async build(plan: Plan, deps: LabDeps, options: KernelLabOptions): Promise<KernelLab> {
    const { origin, ground } = options;
    const nodes: KernelNode[] = [];
    let fabric: KernelFabric;
    const causes = new Map<NodeId, CauseResolver>();
    const clock = new KernelClock(origin);
    try {
      const libc = await loadLibc();
      for (const node of plan.nodes.filter((one) => one.emulated !== true)) nodes.push(KernelNode.create(libc, node, ground.namespace(libc, node)));
      await Promise.all(nodes.map((node) => node.configure()));
      const { signal, progress, recorder } = deps;
      for (const node of plan.nodes) {
        if (node.emulated === true || !hasRole(node, deps)) continue;
        const resolver = new CauseResolver(
          () => clock.now,
          (id, of) => {
            recorder.caused(node.id, fabric.driver.sample(), id, of);
          },
        );
        causes.set(node.id, resolver);
      }
      fabric = new KernelFabric({
        libc,
        plan,
        nodes,
        origin,
        tap: deps.recorder,
        decisions: deps.decisions,
        random: randomRoot(deps.seed),
        driver: { signal, ...(progress !== undefined && { onProgress: progress }) },
        causes: (node) => causes.get(node.id) ?? null,
      });
    } catch (error) {
      for (const node of nodes) node.close();
      await ground.close();
      throw error;
    }
    const lab = new KernelLab(plan, deps, options, nodes, fabric, causes);
    // Keys come from other processes, after the first packets that they open: those wait for them.
    deps.recorder.hold();
    lab.#checkpoints = new Checkpoints(fabric.scheduler, deps.recorder);
    lab.#pump();
    try {
      await lab.#watchRules();
      await lab.#startRoles();
      // Programs find the lab's own servers running: most of them try once at their start.
      await lab.#startPrograms();
      lab.#built = true;
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  role(node: string): RoleHandle {
    const role = this.#roles.get(node) ?? this.#programs.get(node);
    if (role === undefined)
      throw new LabError('ROLE_COMMAND', `no role runs on "${node}"`, { expected: `one of: ${[...this.#roles.keys(), ...this.#programs.keys()].join(', ')}` });
    return role;
  }

  node(name: string): NodeControl {
    const ip = this.#emulated(name)?.ip ?? null;
    if (ip !== null) return controlOf(ip);
    const node = this.#nodes.find(({ plan }) => plan.name === name && !plan.bridge);
    if (node === undefined)
      throw noNode(
        name,
        this.#plan.nodes.flatMap((one) => (one.bridge ? [] : [one.name])),
      );
    return { route: (changes) => node.route(changes) };
  }

  linkStats(link: LinkId, side: Side): LinkStats {
    return this.#fabric.links.stats(link, side);
  }

  linkPhases(link: LinkId, side: Side): readonly LinkPhase[] {
    return this.#fabric.links.phases(link, side);
  }

  get lateness(): Lateness {
    return this.#fabric.driver.lateness;
  }

  async run<T>(script: (time: ScriptTime) => Promise<T>, limit: Nanos): Promise<T> {
    if (this.#failure !== null) throw this.#failure;
    let settle: { resolve: (limit: 'limit') => void; reject: (error: Error) => void } | null = null;
    const ended = new Promise<'limit'>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#onFailure = (error) => settle?.reject(error);
    const timer = this.#fabric.scheduler.at(limit, { fire: () => settle?.resolve('limit') }, 0, null);
    try {
      const task = script({ sleep: (delay) => this.#sleep(delay) }).then((value) => ({ value }));
      // A script that is left behind may still fail when the lab is closed; it has been answered for by then.
      task.catch(() => undefined);
      const outcome = await Promise.race([task, ended]);
      if (outcome === 'limit') throw timeLimit(limit, await this.#whoWaits());
      return outcome.value;
    } finally {
      this.#onFailure = () => undefined;
      this.#fabric.scheduler.cancel(timer);
    }
  }

  async inspect(node: string): Promise<Json> {
    const emulated = this.#emulated(node);
    if (emulated !== undefined) return snapshotOf(emulated);
    const { plan, namespace } = this.#kernelNode(node);
    const ask = async (...what: readonly string[]): Promise<Json> => {
      const text = await runTool(namespace, { tool: 'ip', arguments: ['-json', ...what], input: '' });
      return text.trim() === '' ? [] : (JSON.parse(text) as Json);
    };
    const [addresses, routes4, routes6, neighbours] = await Promise.all([ask('address'), ask('-4', 'route'), ask('-6', 'route'), ask('neighbour')]);
    return {
      process: this.#roles.get(node)?.pid ?? this.#programs.get(node)?.pid ?? null,
      addresses,
      routes: { ipv4: routes4, ipv6: routes6 },
      neighbours,
      identity: { ...this.#fabric.identity(plan.id) },
      causes: { ...this.#causes.get(plan.id)?.counts },
    } as Json;
  }

  enter(node: string): readonly string[] {
    return ['nsenter', `--net=${this.#kernelNode(node).namespace.path}`];
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #pump(): void {
    this.#fabric.start().catch((error: unknown) => {
      this.#fail(error);
    });
  }

  /** Of nodes with rules: what those do to packets is told from now on. */
  async #watchRules(): Promise<void> {
    const { decisions, recorder } = this.#deps;
    const { driver } = this.#fabric;
    const watches = this.#nodes.map(async ({ plan: node, namespace }) => {
      const { ruleset } = node.firewall ?? { ruleset: null };
      if (ruleset === null) return;
      const tell = (name: string, fields: Pairs): void => {
        recorder.event(node.id, driver.sample(), name, fields);
      };
      this.#watches.push(
        await RuleWatch.start(namespace, { node, ruleset, packets: this.#fabric.packetsIn(node.id), decisions, tell, now: () => driver.sample() }),
      );
    });
    const failed = (await Promise.allSettled(watches)).find((watch) => watch.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Whatever runs, now or later, ends with it. */
  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#onFailure(this.#failure);
  }

  async #startRoles(): Promise<void> {
    const { origin, ground, kindModules } = this.#options;
    const { seed, pki } = this.#deps;
    const lab = { plan: this.#plan, seed, origin, pki };
    const starts = this.#nodes
      .filter(({ plan }) => hasRole(plan, this.#deps))
      .map(async ({ plan: node, namespace }) => {
        const role = await ground.spawn(node, namespace, this.#listener(node));
        this.#roles.set(node.name, role);
        await role.start(roleStartOf(node, lab, kindModules?.get(node.kind)));
      });
    const failed = (await Promise.allSettled(starts)).find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (this.#failure !== null) throw this.#failure;
  }

  async #startPrograms(): Promise<void> {
    const { kinds } = this.#deps;
    const starts = this.#nodes.map(async (node) => {
      if (kinds.get(node.plan.kind)?.program === undefined) return;
      const config = node.plan.config as ProcessConfig | ContainerConfig;
      const program = this.#program(node, config);
      this.#programs.set(node.plan.name, program);
      if (config.autostart) await program.start();
    });
    const failed = (await Promise.allSettled(starts)).find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (this.#failure !== null) throw this.#failure;
  }

  #program({ plan: node, namespace }: KernelNode, config: ProcessConfig | ContainerConfig): Program {
    const { ground } = this.#options;
    const { recorder, pki, captureFile } = this.#deps;
    const { scheduler, driver } = this.#fabric;
    return new Program({
      node,
      ready: config.ready,
      readyWithin: config.readyWithin * 1000,
      log: ProgramLog.beside(captureFile, node.name),
      launch: async () => ground.launch(node, namespace, programStart(node, config, { plan: this.#plan, pki })),
      listens: (protocol, port) => listens(namespace, protocol, port),
      note: (name, fields) => {
        recorder.event(node.id, driver.sample(), name, fields);
      },
      touch: () => {
        scheduler.touch();
      },
    });
  }

  /**
   * What a role tells goes into the ledger with the time at which it was heard. The ledger has one clock, that of the
   * links: a process's own differs from it by what the two starts of a process make of the real-time clock, and an
   * event must never stand before the packet that caused it.
   */
  #listener(node: PlanNode): RoleListener {
    const { scheduler, driver } = this.#fabric;
    const inner = recorderListener(this.#deps.recorder, node.id);
    const causes = this.#causes.get(node.id);
    return {
      note: (_at, name, fields) => {
        // A role names what it received by numbers of its own.
        const named = name === 'discard' ? { cause: idsOf(fields['cause'], causes) } : {};
        inner.note(driver.sample(), name, { ...fields, ...named });
      },
      causes: (told) => {
        causes?.told(told);
      },
      secret: (_at, secret) => {
        inner.secret(driver.sample(), secret);
      },
      touch: () => {
        scheduler.touch();
      },
      failed: (error, exit) => {
        this.#roleFailed(node, error, exit);
      },
    };
  }

  /** A role that is dead is no result of the network: what was run with it shows nothing. */
  #roleFailed(node: PlanNode, error: LabError, exit: RoleExit | null): void {
    const { recorder, onRoleFailed } = this.#deps;
    this.failures.set(node.name, error);
    recorder.event(node.id, this.#fabric.driver.sample(), ROLE_FAILED_EVENT, {
      code: error.code,
      ...howEnded(exit),
      says: error.message.split('\n')[0] ?? '',
    });
    if (onRoleFailed === undefined || !this.#built) this.#fail(error);
    else onRoleFailed(error);
  }

  #sleep(delay: Nanos): Promise<void> {
    const { scheduler } = this.#fabric;
    const slept = deferred<void>(this.#waiting, 'scenario', `a pause of ${delay / 1e9} s`, () => {
      scheduler.touch();
    });
    const target = {
      fire: (): void => {
        slept.resolve();
      },
    };
    scheduler.at(plus(scheduler.now, delay), target, 0, null);
    return slept.promise;
  }

  /** Of the scenario, and of every role that still answers. */
  async #whoWaits(): Promise<readonly Waiting[]> {
    const asked = await Promise.allSettled([...this.#roles.values(), ...this.#programs.values()].map((role) => role.waiting()));
    return [...this.#waiting.list(), ...asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))];
  }

  #emulated(name: string): EmulatedNode | undefined {
    return this.#fabric.emulated.find(({ plan }) => plan.name === name);
  }

  /** Errors: ROLE_COMMAND for a node that is none of a kernel's. */
  #kernelNode(name: string): KernelNode {
    if (this.#emulated(name) !== undefined) {
      throw new LabError('ROLE_COMMAND', `"${name}" is emulated: there is nothing in which a command could run`, {
        expected: `one of: ${this.#nodes.map(({ plan }) => plan.name).join(', ')}`,
      });
    }
    return must(
      this.#nodes.find(({ plan }) => plan.name === name),
      `node ${name}`,
    );
  }

  async #close(): Promise<void> {
    this.#checkpoints?.close();
    await Promise.all([...this.#roles.values(), ...this.#programs.values()].map((role) => role.close()));
    await Promise.all(this.#watches.map((watch) => watch.close()));
    await this.#fabric.close();
    for (const resolver of this.#causes.values()) resolver.flush();
    for (const node of this.#nodes) node.close();
    await this.#options.ground.close();
    this.#deps.recorder.release();
  }
}

/** The packets of a role's own numbers, as in a comment; 0 = not known. */
function idsOf(numbers: string | undefined, causes: CauseResolver | undefined): string {
  const ids = (numbers ?? '').split(',').flatMap((number) => causes?.idOf(Number(number)) ?? []);
  return ids.length === 0 ? '0' : ids.join();
}

function howEnded(exit: RoleExit | null): Readonly<Record<string, string>> {
  if (exit === null) return {};
  if (exit.signal !== null) return { signal: exit.signal };
  return exit.code === null ? {} : { status: String(exit.code) };
}

function hasRole(node: PlanNode, deps: LabDeps): boolean {
  const kind = deps.kinds.get(node.kind);
  return kind !== undefined && kind.load !== null;
}
