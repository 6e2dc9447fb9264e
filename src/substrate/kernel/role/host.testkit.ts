/**
 * A KernelHost in the test's own process, on loopback addresses.
 * @module
 */
import { randomRoot } from '../../../base/rng.js';
import { WaitingList } from '../../../base/waiting.js';
import type { PlanNode } from '../../../topology/plan.js';
import type { TlsMaterial } from '../../../host/host.js';
import { must } from '../../../base/assert.js';
import type { Told } from '../rpc/frame.js';
import { type ErrorQueues, openErrorQueues } from './error-queue.js';
import { epochNanos, KernelClock } from './kernel-clock.js';
import { KernelHost } from './kernel-host.js';
import { loopbackPlan } from './loopback.testkit.js';
import { RoleTimers } from './role-timers.js';

export interface TestedHost {
  readonly host: KernelHost;
  readonly told: Told[];
  readonly waiting: WaitingList;
  close(): void;
}

/** @param errors what to read ICMP errors with; undefined = what this machine has */
export async function kernelHost(
  address: string,
  options: { readonly dscp?: PlanNode['dscp']; readonly errors?: ErrorQueues | null } = {},
): Promise<TestedHost> {
  const plan = must(loopbackPlan([{ name: 'n', kind: 'probe', addresses: [address], ...(options.dscp && { dscp: options.dscp }) }]).nodes[0], 'the node');
  const told: Told[] = [];
  const clock = new KernelClock(epochNanos());
  const timers = new RoleTimers(clock);
  const waiting = new WaitingList();
  const errors = options.errors === undefined ? await openErrorQueues() : options.errors;
  const running = timers.run();
  const host = new KernelHost({ plan, clock, timers, random: randomRoot(1), waiting, tls: {} as TlsMaterial, errors, tell: (one) => told.push(one) });
  return {
    host,
    told,
    waiting,
    close: () => {
      timers.close();
      void running;
    },
  };
}
