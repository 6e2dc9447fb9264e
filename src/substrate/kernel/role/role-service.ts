/**
 * One role behind the pipe: started once, then commanded.
 * @module
 */
import { must } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import { randomRoot } from '../../../base/rng.js';
import type { Waiting } from '../../../base/waiting.js';
import { WaitingList } from '../../../base/waiting.js';
import type { TlsMaterial } from '../../../host/host.js';
import { secureContext } from '../../../host/tls.js';
import type { Json, RoleKind } from '../../../roles/role.js';
import { type RunningRole, startRole } from '../../role-runner.js';
import type { Told } from '../rpc/frame.js';
import type { RpcService } from '../rpc/rpc-server.js';
import { openErrorQueues } from './error-queue.js';
import { KernelClock } from './kernel-clock.js';
import { KernelHost } from './kernel-host.js';
import { loadKind } from './kind-loader.js';
import { parseRoleStart, type RoleStart, type RoleStarted } from './role-start.js';
import { RoleTimers } from './role-timers.js';

export class RoleService implements RpcService {
  readonly #tell: (told: Told) => void;
  readonly #crash: (error: unknown) => void;
  readonly #waiting = new WaitingList();
  #begun = false;
  #role: RunningRole | null = null;
  #host: KernelHost | null = null;
  #timers: RoleTimers | null = null;

  /** @param crash takes a mistake in the role's own code, with which the process must end */
  constructor(tell: (told: Told) => void, crash: (error: unknown) => void) {
    this.#tell = tell;
    this.#crash = crash;
  }

  /** Errors: LAB_ROLE_FAILED. */
  async start(argument: Json): Promise<Json> {
    if (this.#begun) throw new LabError('LAB_ROLE_FAILED', 'the role of this process was started before');
    this.#begun = true;
    const start = parseRoleStart(argument);
    const kind = this.#telling(await loadKind(start.kind));
    const errors = await openErrorQueues();
    const clock = new KernelClock(BigInt(start.origin), BigInt(start.zero));
    const timers = new RoleTimers(clock);
    this.#timers = timers;
    timers.run().catch(this.#crash);
    const plan = must(
      start.plan.nodes.find((node) => node.name === start.node),
      `node ${start.node} in the plan`,
    );
    const host = new KernelHost({ plan, clock, timers, random: randomRoot(start.seed), waiting: this.#waiting, tls: tlsOf(start), errors, tell: this.#tell });
    this.#host = host;
    this.#role = await startRole(kind, host, plan, start.plan, clock);
    const started: RoleStarted = { pid: process.pid, icmpErrors: errors !== null, now: clock.now };
    return { ...started };
  }

  /** Errors: ROLE_COMMAND, and the command's own. */
  async call(command: string, argument: Json): Promise<Json> {
    if (this.#role === null) throw new LabError('LAB_ROLE_FAILED', `no role runs that could take "${command}"`);
    return this.#role.call(command, argument);
  }

  waiting(): readonly Waiting[] {
    return this.#waiting.list();
  }

  async stop(): Promise<void> {
    await this.#role?.stop();
    this.flush();
    this.#timers?.close();
  }

  /** What is told in batches is told now. */
  flush(): void {
    this.#host?.flush();
  }

  /** The kind, with its events told across the pipe as they come. */
  #telling(kind: RoleKind): RoleKind {
    const { load } = kind;
    if (load === null) return kind;
    return {
      ...kind,
      load: async () => {
        const module = await load();
        return {
          start: (host, context) =>
            module.start(host, {
              ...context,
              emit: (event, data) => {
                this.#tell({ event, at: host.clock.now, data });
              },
            }),
        };
      },
    };
  }
}

function tlsOf({ pki }: RoleStart): TlsMaterial {
  const { ca, certificate, key } = pki;
  const trust = secureContext({ ca });
  const identity = certificate === undefined || key === undefined ? trust : secureContext({ ca, certificate, key });
  return { ca, trust, identity };
}
