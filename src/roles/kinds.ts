/**
 * The registry of node kinds: adding one touches its folder and this list.
 * @module
 */
import type { KindInfo } from '../topology/plan.js';
import { bridge } from './bridge/kind.js';
import { client } from './client/kind.js';
import { container } from './container/kind.js';
import { dns } from './dns/kind.js';
import { frontEnd } from './front-end/kind.js';
import { nat } from './nat/kind.js';
import { process } from './process/kind.js';
import type { RoleKind } from './role.js';
import { router } from './router/kind.js';
import { stun } from './stun/kind.js';

const ALL: readonly RoleKind[] = [client, frontEnd, dns, stun, router, nat, bridge, process, container];

/** By name, in the order in which they are listed to people. */
export const KINDS: ReadonlyMap<string, RoleKind> = new Map(ALL.map((kind) => [kind.kind, kind]));

/** The same table for the floors below, which know nothing of roles. */
export const KIND_INFOS: ReadonlyMap<string, KindInfo> = KINDS;
