/**
 * A role is a server of typed, plain-data commands. In process its handle is the server; elsewhere the same calls go
 * as JSON lines. Nothing but plain JSON data crosses: no streams, no media, no live objects.
 * @module
 */
import type { Host } from '../host/host.js';
import type { KindInfo, Plan, PlanNode } from '../topology/plan.js';
import type { Nanos } from '../base/time.js';
import type { Commanded, CommandTable } from './commands.js';

/** Plain data. A key whose value is undefined is a key that is not there. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface RoleServer extends Commanded {
  stop(): Promise<void>;
}

export type RoleEvent = { readonly name: string; readonly at: Nanos; readonly data: Json };

/** What a role gets at its start, beside the Host: its node and the plain data of the plan that its kind asks for. */
export interface RoleContext {
  readonly node: PlanNode;
  readonly plan: Plan;
  /** Tells the scenario: `ringing`, `incoming`, `message`. */
  emit(name: string, data: Json): void;
}

export interface RoleModule {
  start(host: Host, context: RoleContext): Promise<RoleServer>;
}

export type ProgramForm = 'process' | 'container';

/** A node kind. Light: `check` imports only this; `load` brings the code, before the clock runs. `null` = no role (router, bridge) or a program instead. */
export interface RoleKind extends KindInfo {
  /** Commands that the scenario may call. */
  readonly commands: CommandTable;
  readonly load: (() => Promise<RoleModule>) | null;
  /** True when the role serves TLS: its node gets a certificate of the lab CA. */
  readonly tls?: boolean;
  /** The node is somebody else's program: a process of this machine or a container, which not every substrate can run. */
  readonly program?: ProgramForm;
}
