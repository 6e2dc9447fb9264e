/**
 * What the kernel's refusals (errno(3)) mean to a role.
 * @module
 */
import { LabError } from '../../../base/error.js';
import type { Endpoint } from '../../../host/host.js';
import { netError } from '../../../host/stream.js';
import { hostPort } from '../../../wire/address.js';

/** The errno's name that Node's errors carry; '' for an error that is none of the kernel's. */
export function errnoOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** Of a stream that is open or being opened. */
export function streamError(error: Error, remote: Endpoint): LabError {
  if (LabError.is(error)) return error;
  switch (errnoOf(error)) {
    case 'ECONNREFUSED':
      return netError('refused', remote);
    case 'ETIMEDOUT':
      return netError('timeout', remote);
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE': // written to after the peer's RST
      return netError('reset', remote);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL': // no address of the family to send from
    case 'EACCES': // ip-route(8): a `prohibit` route
    case 'EINVAL': // ip-route(8): a `blackhole` route
    case 'EPERM': // a packet filter of the node's own
      return netError('unreachable', remote);
    default:
      return new LabError('NET_CLOSED', `stream with ${hostPort(remote.address, remote.port)} broke: ${error.message}`, { cause: error });
  }
}

/** Of a bind(2) that failed. */
export function bindError(errno: string, address: string, port: number, node: string): LabError {
  switch (errno) {
    case 'EADDRINUSE':
      return new LabError('NET_ADDRESS_IN_USE', `${node}: ${address} port ${port} is in use`);
    case 'EADDRNOTAVAIL':
      return new LabError('NET_ADDRESS_NOT_MINE', `${node}: the kernel has no address ${address}`, {
        hint: 'the plan gives it to the node: was it set on an interface, and is its duplicate address detection over?',
      });
    default:
      return new LabError('LAB_ROLE_FAILED', `${node}: ${address} port ${port} cannot be bound: ${errno}`);
  }
}
