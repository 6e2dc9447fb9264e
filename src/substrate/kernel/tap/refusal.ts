/**
 * What the kernel refused, as an error that people can act on.
 * @module
 */
import { LabError } from '../../../base/error.js';
import { errnoName, ERRNO } from './libc.js';

export const PRIVILEGE_HINT = 'run as root, or in a user namespace: unshare --user --map-root-user --net callpath ...';

/** @param why errno of the call that failed */
export function refused(what: string, why: number): LabError {
  const forbidden = why === ERRNO.EPERM || why === ERRNO.EACCES;
  return new LabError(forbidden ? 'KERNEL_PERMISSION' : 'KERNEL_REFUSED', `${what}: ${errnoName(why)}`, forbidden ? { hint: PRIVILEGE_HINT } : {});
}
