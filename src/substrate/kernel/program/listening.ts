/**
 * Does anything in a network namespace listen on a port? Read from the kernel's own tables: nothing is sent, so that the
 * program and the ledger see nothing of the question.
 * @see proc(5), /proc/net/udp and /proc/net/tcp
 * @module
 */
import { readFileSync } from 'node:fs';
import type { Namespace } from '../namespace/namespace.js';

/** TCP_LISTEN of the kernel; an unconnected UDP socket has TCP_CLOSE. */
const STATE = { tcp: '0A', udp: '07' } as const;

export function listens(namespace: Namespace, protocol: 'udp' | 'tcp', port: number): boolean {
  return namespace.inside(() => ['', '6'].some((family) => hasPort(table(`/proc/thread-self/net/${protocol}${family}`), protocol, port)));
}

/** @param table text of a file of /proc/net */
export function hasPort(table: string, protocol: 'udp' | 'tcp', port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .some((line) => {
      const [, address = '', , state] = line.trim().split(/\s+/);
      return address.endsWith(local) && state === STATE[protocol];
    });
}

function table(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A kernel without IPv6 has no table of it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
