/**
 * The simulator: every node an object in this process, virtual time, links of the fabric.
 * @module
 */
import type { LinkId } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { must } from '../../base/assert.js';
import { randomRoot } from '../../base/rng.js';
import type { Nanos } from '../../base/time.js';
import type { Fabric } from '../../fabric/fabric.js';
import { createScheduler } from '../../fabric/lab-scheduler.js';
import type { LabScheduler } from '../../fabric/lab-scheduler.js';
import type { LinkControl, Side } from '../../fabric/link.js';
import type { LinkPhase, LinkStats } from '../../fabric/link-stats.js';
import { createVirtualDriver } from '../../fabric/driver/virtual-driver.js';
import type { Driver } from '../../fabric/scheduler.js';
import { WaitingList } from '../../base/waiting.js';
import { secureContext } from '../../host/tls.js';
import type { TlsMaterial } from '../../host/host.js';
import type { LabPki } from '../../protocol/pki/lab-pki.js';
import type { Json } from '../../roles/role.js';
import { MAIN_TABLE, type Plan, type PlanNode, type RouteChange } from '../../topology/plan.js';
import { linksWithBgp } from '../bgp-process.js';
import { deferred } from '../../host/deferred.js';
import { type EmulatedNode, snapshotOf } from '../emulated/emulated-node.js';
import { refusePrograms } from '../programs.js';
import { startRole } from '../role-runner.js';
import type { RunningRole } from '../role-runner.js';
import { type Lab, type LabDeps, noNode, type NodeControl, type RoleHandle, type ScriptTime, type Substrate } from '../substrate.js';
import { SimHost } from './sim-host.js';
import { buildNetwork } from './sim-network.js';
import type { SimNetwork } from './sim-network.js';

export const sim: Substrate = {
  name: 'sim',
  originSeconds: () => createScheduler().originSeconds,
  probe: () => Promise.resolve([]),
  build: (plan, deps) => SimLab.build(plan, deps),
};

/** Lab time that starting all roles may take. */
const START_LIMIT = 60e9 as Nanos;

interface SimLabDeps {
  readonly plan: Plan;
  readonly scheduler: LabScheduler;
  readonly driver: Driver;
  readonly fabric: Fabric;
  readonly nodes: readonly EmulatedNode[];
  readonly waiting: WaitingList;
  readonly recorder: LabDeps['recorder'];
}

class SimLab implements Lab {
  readonly clock: LabScheduler;
  readonly links: LinkControl;
  readonly lateness = null;
  /** A role that throws here is a defect of this very process, and ends it as one. */
  readonly failures: ReadonlyMap<string, LabError> = new Map();
  readonly #driver: Driver;
  readonly #fabric: Fabric;
  readonly #nodes: readonly EmulatedNode[];
  readonly #waiting: WaitingList;
  readonly #recorder: LabDeps['recorder'];
  readonly #roles = new Map<string, RunningRole>();
  #closed = false;

  private constructor(deps: SimLabDeps) {
    this.clock = deps.scheduler;
    this.#driver = deps.driver;
    this.#fabric = deps.fabric;
    this.#nodes = deps.nodes;
    this.#waiting = deps.waiting;
    this.#recorder = deps.recorder;
    this.links = linksWithBgp({
      plan: deps.plan,
      scheduler: deps.scheduler,
      now: () => deps.scheduler.now,
      links: deps.fabric.control,
      route: (node, changes) => {
        this.#change(node, changes);
      },
      note: (node, event, fields) => {
        deps.recorder.event(node, deps.scheduler.now, event, fields);
      },
    });
  }

  static async build(plan: Plan, deps: LabDeps): Promise<SimLab> {
    refusePrograms(plan, deps.kinds, 'sim', []);
    const scheduler = createScheduler();
    const waiting = new WaitingList();
    const random = randomRoot(deps.seed);
    const { fabric, book, nodes } = buildNetwork(plan, { scheduler, tap: deps.recorder, decisions: deps.decisions, random });
    const driver = createVirtualDriver(scheduler, {
      signal: deps.signal,
      waiting: () => waiting.list(),
      // By real time, since that is what a run that is killed has lost. Nothing is held here, so it only moves bytes.
      onProgress: (progress) => {
        deps.recorder.checkpoint();
        deps.progress?.(progress);
      },
    });
    const lab = new SimLab({ plan, scheduler, driver, fabric, nodes, waiting, recorder: deps.recorder });
    try {
      const hosts = lab.#makeHosts(deps, random, book);
      // Code is imported before the clock runs: an import inside the run would let virtual time pass meanwhile.
      await Promise.all(hosts.map(({ kind }) => kind.load?.()));
      await lab.run(async () => {
        for (const { kind, host, node } of hosts) lab.#roles.set(node.name, await startRole(kind, host, node, plan, scheduler));
      }, START_LIMIT);
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  #makeHosts(
    deps: LabDeps,
    random: ReturnType<typeof randomRoot>,
    book: SimNetwork['book'],
  ): { kind: NonNullable<ReturnType<LabDeps['kinds']['get']>>; host: SimHost; node: PlanNode }[] {
    const trust = secureContext({ ca: deps.pki.ca });
    return this.#nodes.flatMap(({ plan: node, ip, tcp }) => {
      const kind = deps.kinds.get(node.kind);
      if (kind === undefined || kind.load === null || ip === null || tcp === null) return [];
      const host = new SimHost({
        plan: node,
        ip,
        tcp,
        book,
        scheduler: this.clock,
        random: random.stream(`node:${node.name}`),
        recorder: deps.recorder,
        waiting: this.#waiting,
        tls: tlsOf(node, deps.pki, trust),
      });
      return [{ kind, host, node }];
    });
  }

  role(node: string): RoleHandle {
    const role = this.#roles.get(node);
    if (role === undefined) throw new LabError('ROLE_COMMAND', `no role runs on "${node}"`, { expected: `one of: ${[...this.#roles.keys()].join(', ')}` });
    return role;
  }

  node(name: string): NodeControl {
    const known = this.#nodes.filter(({ ip }) => ip !== null).map(({ plan }) => plan.name);
    if (!known.includes(name)) throw noNode(name, known);
    return {
      route: (changes) => {
        this.#change(name, changes);
        return Promise.resolve();
      },
    };
  }

  #change(name: string, changes: readonly RouteChange[]): void {
    const { routes } = must(this.#nodes.find(({ plan }) => plan.name === name)?.ip, `IP node ${name}`);
    for (const { op, route } of changes) {
      if (op === 'replace') routes.replace(route);
      else routes.delete({ prefix: route.prefix, metric: route.metric, table: route.table ?? MAIN_TABLE });
    }
  }

  linkStats(link: LinkId, side: Side): LinkStats {
    return this.#fabric.stats(link, side);
  }

  linkPhases(link: LinkId, side: Side): readonly LinkPhase[] {
    return this.#fabric.phases(link, side);
  }

  async run<T>(script: (time: ScriptTime) => Promise<T>, limit: Nanos): Promise<T> {
    const time: ScriptTime = {
      sleep: (delay) => {
        const slept = deferred<void>(this.#waiting, 'scenario', `a pause of ${delay / 1e9} s`, () => {
          this.clock.touch();
        });
        const target = {
          fire: (): void => {
            slept.resolve();
          },
        };
        this.clock.at((this.clock.now + delay) as Nanos, target, 0, null);
        return slept.promise;
      },
    };
    try {
      return await this.#driver.run(script(time), limit);
    } finally {
      // Until the next script nothing may come that would.
      this.#recorder.checkpoint();
    }
  }

  inspect(node: string): Promise<Json> {
    const found = must(
      this.#nodes.find(({ plan }) => plan.name === node),
      `node ${node}`,
    );
    return Promise.resolve(snapshotOf(found));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const role of this.#roles.values()) await role.stop();
  }
}

function tlsOf(node: PlanNode, pki: LabPki, trust: TlsMaterial['trust']): TlsMaterial {
  const identity = pki.identities.get(node.name);
  return { ca: pki.ca, trust, identity: identity === undefined ? trust : secureContext({ ca: pki.ca, ...identity }) };
}
