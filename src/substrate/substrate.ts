/**
 * The Substrate port: all that differs between the simulator, kernel namespaces and containers is made by `build`.
 * @module
 */
import type { LinkId } from '../base/brand.js';
import { LabError } from '../base/error.js';
import type { Clock, Nanos } from '../base/time.js';
import type { Decisions } from '../capture/decisions.js';
import type { Recorder } from '../capture/recorder.js';
import type { Lateness } from '../fabric/driver/lateness.js';
import type { LinkControl, Side } from '../fabric/link.js';
import type { LinkPhase, LinkStats } from '../fabric/link-stats.js';
import type { LabPki } from '../protocol/pki/lab-pki.js';
import type { Commanded } from '../roles/commands.js';
import type { Json, RoleEvent, RoleKind } from '../roles/role.js';
import type { Plan, RouteChange } from '../topology/plan.js';

export interface LabDeps {
  readonly kinds: ReadonlyMap<string, RoleKind>;
  /** What the lab writes to: taps of its links, secrets and events of its roles. */
  readonly recorder: Recorder;
  readonly decisions: Decisions;
  readonly seed: number;
  /** Certificates for the nodes whose kind serves TLS. */
  readonly pki: LabPki;
  readonly signal: AbortSignal;
  /** Where the capture is written; what foreign programs write goes into files beside it. Null or absent: in memory only. */
  readonly captureFile?: string | null;
  /**
   * Told when a role ends before the lab does, and by what (LAB_ROLE_FAILED); the lab goes on without it then. Not there:
   * whatever is run, now or later, ends with it.
   */
  readonly onRoleFailed?: (error: LabError) => void;
  /** Called now and then while the lab runs; must not touch it. */
  readonly progress?: (progress: { readonly now: Nanos; readonly fired: number }) => void;
}

export interface Substrate {
  readonly name: string;
  /** Epoch second of lab time 0, asked before the recorder is made. */
  originSeconds(): number;
  /**
   * Gets this process the rights that a lab here needs, where the system lets it have them. It may have to start
   * anew for that, as `command`, and does not return then: to be called before anything is done or printed.
   * Errors: KERNEL_*, with the cure.
   */
  gainRights?(command: readonly string[]): Promise<void>;
  /** What this machine lacks; empty = it can run here. */
  probe(): Promise<readonly LabError[]>;
  /** Errors: LAB_ROLE_FAILED and whatever the substrate's means refuse. Leaves nothing behind when it fails. */
  build(plan: Plan, deps: LabDeps): Promise<Lab>;
}

/** A running role as the scenario sees it. */
export interface RoleHandle extends Commanded {
  readonly node: string;
  /** Events that the role emitted so far, in order. */
  readonly events: readonly RoleEvent[];
  /** Why it has ended though the lab has not: LAB_ROLE_FAILED. Null while it lives; of a foreign program, always. */
  readonly failure: LabError | null;
}

export interface ScriptTime {
  sleep(delay: Nanos): Promise<void>;
}

export interface InsideCommand {
  readonly words: readonly string[];
  /** Kind of the terminal that it shall have (`TERM`); null = pipes. */
  readonly terminal: string | null;
}

/** It is started by whoever attaches to it. */
export interface PreparedCommand {
  /** Socket of the daemon that has it. */
  readonly socket: string;
  /** The daemon's name for it. */
  readonly exec: string;
  /**
   * Ends it, and whatever it started. False when it has not been started yet: who was about to may still do so.
   * Errors: DOCKER_UNREACHABLE.
   */
  end(): Promise<boolean>;
}

/** What faults and routing protocols do to a node while the lab runs. */
export interface NodeControl {
  /** Applies the changes in order. Errors: TOPOLOGY_ROUTE, KERNEL_REFUSED. */
  route(changes: readonly RouteChange[]): Promise<void>;
}

export interface Lab {
  readonly clock: Clock;
  /** Errors: ROLE_COMMAND when the node has no role. */
  role(node: string): RoleHandle;
  /** Of every node whose role has ended before its time, by name. */
  readonly failures: ReadonlyMap<string, LabError>;
  readonly links: LinkControl;
  /** Errors: ROLE_COMMAND when there is no such node, or a bridge. */
  node(name: string): NodeControl;
  linkStats(link: LinkId, side: Side): LinkStats;
  /** The same, parted where what the link was asked to do changed; one at least. */
  linkPhases(link: LinkId, side: Side): readonly LinkPhase[];
  /** How late events fired; null in virtual time, which is never late. */
  readonly lateness: Lateness | null;
  /** Pumps virtual time, or waits: until the script settles. Errors: those of Driver.run. */
  run<T>(script: (time: ScriptTime) => Promise<T>, limit: Nanos): Promise<T>;
  /** A plain-data snapshot of a node's net stack, for people. */
  inspect(node: string): Promise<Json>;
  /** Words to put before a command of this machine so that it runs in the node's network; not there where nodes are no processes. */
  enter?(node: string): readonly string[];
  /**
   * Prepares a command inside the node's container, with its files and programs; not there where nodes are no containers.
   * Errors: ROLE_COMMAND when no container runs, DOCKER_*.
   */
  inside?(node: string, command: InsideCommand): Promise<PreparedCommand>;
  /** Idempotent; after it nothing of the lab exists. */
  close(): Promise<void>;
}

/** @param known nodes that can be controlled */
export function noNode(name: string, known: readonly string[]): LabError {
  return new LabError('ROLE_COMMAND', `no node "${name}" has routes that could be changed`, { expected: `one of: ${known.join(', ')}` });
}
