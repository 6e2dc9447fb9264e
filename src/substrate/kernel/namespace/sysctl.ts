/**
 * Settings of a network namespace, below /proc/sys/net, which shows the namespace of the thread that opens a file there.
 * @see Documentation/networking/ip-sysctl.rst
 * @module
 */
import { writeFileSync } from 'node:fs';
import { LabError } from '../../../base/error.js';

/** In a container /proc/sys cannot be written; one that wires labs has the machine's /proc mounted at the second place. */
const ROOTS = ['/proc/sys/net', '/host/proc/sys/net'] as const;

/** To be called inside the namespace. Errors: KERNEL_PERMISSION, KERNEL_REFUSED. */
export function writeSysctl(node: string, path: string, value: string): void {
  const why = ROOTS.map((root) => write(`${root}/${path}`, value));
  if (why.includes(null)) return;
  const [code = ''] = why;
  // A kernel without IPv6 has none of its settings, and the plan may do without.
  if (code === 'ENOENT' && path.startsWith('ipv6/')) return;
  const forbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  throw new LabError(
    forbidden ? 'KERNEL_PERMISSION' : 'KERNEL_REFUSED',
    `${node}: net/${path} cannot be set to ${value} (${code ?? ''})`,
    forbidden ? { hint: 'run as root; in a container: -v /proc:/host/proc' } : {},
  );
}

/** Null when it went well, else the code of the system's error. */
function write(file: string, value: string): string | null {
  try {
    writeFileSync(file, value);
    return null;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code ?? String(cause);
  }
}
