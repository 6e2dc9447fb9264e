/**
 * Finds a node kind in a role's process: by name in the registry, or in a module that somebody named.
 * @module
 */
import { LabError } from '../../../base/error.js';
import { KINDS } from '../../../roles/kinds.js';
import type { RoleKind } from '../../../roles/role.js';
import type { KindRef } from './role-start.js';

/** Errors: LAB_ROLE_FAILED. */
export async function loadKind(ref: KindRef): Promise<RoleKind> {
  if ('name' in ref) {
    const kind = KINDS.get(ref.name);
    if (kind === undefined)
      throw new LabError('LAB_ROLE_FAILED', `there is no node kind "${ref.name}"`, { expected: `one of: ${[...KINDS.keys()].join(', ')}` });
    return kind;
  }
  let found: unknown;
  try {
    found = ((await import(ref.module)) as Record<string, unknown>)[ref.export];
  } catch (cause) {
    throw new LabError('LAB_ROLE_FAILED', `the module ${ref.module} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isKind(found)) throw new LabError('LAB_ROLE_FAILED', `the module ${ref.module} exports no node kind as "${ref.export}"`);
  return found;
}

function isKind(value: unknown): value is RoleKind {
  return typeof value === 'object' && value !== null && 'kind' in value && 'commands' in value && 'load' in value;
}
