/**
 * Who a segment is for: connections by ports and addresses, listeners by address and port. Keys are numbers; the few
 * connections that share both ports are told apart by their addresses.
 * @module
 */
import type { Addr } from '../transport.js';
import type { ConnectionId, Tcb } from './tcb.js';

export interface ListenerEntry {
  readonly address: Addr;
  readonly port: number;
}

function portsKey(localPort: number, remotePort: number): number {
  return localPort * 65536 + remotePort;
}

export class ConnectionTable<L extends ListenerEntry> {
  readonly #connections = new Map<number, Tcb[]>();
  readonly #listeners = new Map<number, L[]>();
  readonly #localPorts = new Map<number, number>();

  find(local: Addr, localPort: number, remote: Addr, remotePort: number): Tcb | undefined {
    return this.#connections.get(portsKey(localPort, remotePort))?.find((c) => c.id.local === local && c.id.remote === remote);
  }

  add(c: Tcb): void {
    const { localPort, remotePort } = c.id;
    const key = portsKey(localPort, remotePort);
    const row = this.#connections.get(key);
    if (row === undefined) this.#connections.set(key, [c]);
    else row.push(c);
    this.#localPorts.set(localPort, (this.#localPorts.get(localPort) ?? 0) + 1);
  }

  /** Idempotent. */
  remove(c: Tcb): void {
    const { localPort, remotePort } = c.id;
    const key = portsKey(localPort, remotePort);
    const row = this.#connections.get(key);
    const at = row?.indexOf(c) ?? -1;
    if (row === undefined || at < 0) return;
    row.splice(at, 1);
    if (row.length === 0) this.#connections.delete(key);
    const left = (this.#localPorts.get(localPort) ?? 1) - 1;
    if (left === 0) this.#localPorts.delete(localPort);
    else this.#localPorts.set(localPort, left);
  }

  listener(address: Addr, port: number): L | undefined {
    return this.#listeners.get(port)?.find((l) => l.address === address);
  }

  addListener(l: L): void {
    const row = this.#listeners.get(l.port);
    if (row === undefined) this.#listeners.set(l.port, [l]);
    else row.push(l);
  }

  removeListener(l: L): void {
    const row = this.#listeners.get(l.port) ?? [];
    const left = row.filter((other) => other !== l);
    if (left.length === 0) this.#listeners.delete(l.port);
    else this.#listeners.set(l.port, left);
  }

  /** No connection and no listener uses the port, at whichever address. */
  portFree(port: number): boolean {
    return !this.#localPorts.has(port) && !this.#listeners.has(port);
  }

  has(id: ConnectionId): boolean {
    return this.find(id.local, id.localPort, id.remote, id.remotePort) !== undefined;
  }

  /** In order of birth within equal ports. */
  connections(): Tcb[] {
    return [...this.#connections.values()].flat();
  }

  listeners(): L[] {
    return [...this.#listeners.values()].flat();
  }
}
