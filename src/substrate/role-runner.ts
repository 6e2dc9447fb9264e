/**
 * A role in the same process, behind the same wall as one elsewhere: arguments and results are cloned as plain data,
 * so what works here can't fail on a kernel for carrying a live object.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Clock } from '../base/time.js';
import type { Host } from '../host/host.js';
import type { Json, RoleEvent, RoleKind, RoleServer } from '../roles/role.js';
import type { Plan, PlanNode } from '../topology/plan.js';
import type { RoleHandle } from './substrate.js';

export interface RunningRole extends RoleHandle {
  stop(): Promise<void>;
}

/** Errors: LAB_ROLE_FAILED when its start fails. */
export async function startRole(kind: RoleKind, host: Host, node: PlanNode, plan: Plan, clock: Clock): Promise<RunningRole> {
  const events: RoleEvent[] = [];
  const context = {
    node,
    plan,
    emit(name: string, data: Json): void {
      events.push({ name, at: clock.now, data: structuredClone(data) });
    },
  };
  if (kind.load === null) throw new LabError('ROLE_COMMAND', `${node.name} is a ${kind.kind}: it has no role`);
  const module = await kind.load();
  let server: RoleServer;
  try {
    server = await module.start(host, context);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('LAB_ROLE_FAILED', `${node.name} (${kind.kind}) could not start: ${why}`, { cause });
  }
  return {
    node: node.name,
    events,
    failure: null,
    async call(command, argument) {
      return structuredClone(await server.call(command, structuredClone(argument)));
    },
    stop: () => server.stop(),
  };
}
