/**
 * A lab without root: in a user namespace this process may do to the lab's own network what root may. A process with
 * several threads, as Node is, cannot get into a new one; so the process starts itself anew through `unshare`, in its
 * own place: same number, terminal, signals and parent.
 *
 * A network namespace belongs to the user namespace in which it was made, and only there may one get back into it: the
 * lab's process needs one of its own (`--net`), from which it goes into those of the nodes.
 * @see user_namespaces(7), capabilities(7), unshare(1)
 * @module
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LabError } from '../../../base/error.js';
import { type Libc, errnoName } from '../tap/libc.js';
import { missing } from './tool.js';

const THROUGH = ['unshare', '--user', '--map-root-user', '--net'] as const;
/** Bits of `CapEff`: CAP_NET_ADMIN for devices, routes and settings, CAP_SYS_ADMIN for namespaces. */
const NEEDED = (1n << 12n) | (1n << 21n);
const ALTERNATIVE = 'or run as root';

/** True when this process may make namespaces and devices as it is: as root, or in a user namespace already. */
export function mayMakeNamespaces(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(setting('/proc/self/status'))?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & NEEDED) === NEEDED;
}

/**
 * Starts this process anew as root of a user namespace; does not return.
 * Errors: KERNEL_PERMISSION with the cure where the system forbids it, KERNEL_TOOL.
 * @param command of this process, its program first
 */
export function startAsNamespaceRoot(libc: Libc, command: readonly string[]): never {
  const lack = tryOut();
  if (lack !== null) throw lack;
  const why = libc.become([...THROUGH, '--', ...command]);
  throw new LabError('KERNEL_REFUSED', `this process cannot be started anew in a user namespace: ${errnoName(why)}`);
}

/** Does once what a lab does first; making the namespace alone proves nothing where a policy takes its rights away again. */
function tryOut(): LabError | null {
  const tried = spawnSync(THROUGH[0], [...THROUGH.slice(1), 'ip', 'link', 'set', 'dev', 'lo', 'up'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (tried.error !== undefined) return missing(THROUGH[0], tried.error);
  if (tried.status === 0) return null;
  return forbidden(tried.stderr.trim(), setting);
}

/**
 * Why there are no user namespaces here, and what helps.
 * @param said by the tools that were refused, in English
 * @param read gives the text of a file, empty when there is none
 */
export function forbidden(said: string, read: (path: string) => string): LabError {
  const says = (path: string, value: string): boolean => read(`/proc/sys/${path}`).trim() === value;
  const lack = (why: string, hint: string): LabError =>
    new LabError('KERNEL_PERMISSION', `without root a lab needs a user namespace, and ${why}${said === '' ? '' : ` (${said.replaceAll('\n', '; ')})`}`, {
      expected: 'root, or an unprivileged user namespace with rights over its own network',
      hint,
    });
  if (said.includes("can't execute") || said.includes('failed to execute')) return missing('ip');
  // user_namespaces(7): ENOSPC, when a limit of this or of an outer namespace is met.
  const limit = ['user', 'net'].find((kind) => says(`user/max_${kind}_namespaces`, '0')) ?? (said.includes('No space left') ? 'user' : null);
  if (limit !== null) return lack(`user.max_${limit}_namespaces allows no more`, `sudo sysctl -w user.max_${limit}_namespaces=15000, ${ALTERNATIVE}`);
  if (says('kernel/unprivileged_userns_clone', '0'))
    return lack('kernel.unprivileged_userns_clone keeps them for root', `sudo sysctl -w kernel.unprivileged_userns_clone=1, ${ALTERNATIVE}`);
  if (says('kernel/apparmor_restrict_unprivileged_userns', '1')) {
    return lack(
      'AppArmor takes its rights away',
      `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (as Ubuntu has it since 24.04), ${ALTERNATIVE}`,
    );
  }
  if (said.includes('Invalid argument')) return lack('this kernel was built without (CONFIG_USER_NS)', 'run as root');
  return lack('this process may have none', 'run as root; in a container: --privileged --device /dev/net/tun');
}

function setting(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Each of them is the setting of some kernels or distributions only.
    return '';
  }
}
