/**
 * A network namespace, held by a file descriptor of this process and by nothing else: no name under /run, no process.
 * So it goes when this process goes, however that ends, with the devices, rules and routes in it. Processes get into
 * it by being started from {@link Namespace.inside}; people by `nsenter --net=/proc/PID/fd/N`.
 *
 * Network namespaces belong to threads. Everything given to `inside` must be synchronous: code that awaits would go on
 * in another namespace.
 * @see network_namespaces(7), setns(2)
 * @module
 */
import { closeSync, openSync } from 'node:fs';
import { assertInvariant } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import { CLONE_NEWNET, type Libc } from '../tap/libc.js';
import { refused } from '../tap/refusal.js';

/** The namespace that the calling thread is in; `/proc/self` would be that of the main thread. */
const OWN = '/proc/thread-self/ns/net';

export class Namespace {
  readonly name: string;
  /** It was made here, and goes when it is closed, if no process is left in it. */
  readonly own: boolean;
  readonly #libc: Libc;
  readonly #fd: number;
  #open = true;

  private constructor(libc: Libc, name: string, own: boolean, fd: number) {
    this.own = own;
    this.#libc = libc;
    this.name = name;
    this.#fd = fd;
  }

  /** A new one with nothing in it but a loopback that is down. Errors: KERNEL_PERMISSION, KERNEL_REFUSED. */
  static create(libc: Libc, name: string): Namespace {
    const home = openSync(OWN, 'r');
    try {
      if (libc.unshare(CLONE_NEWNET) < 0) throw refused(`no network namespace can be made for ${name}`, libc.errno());
      try {
        return new Namespace(libc, name, true, openSync(OWN, 'r'));
      } finally {
        goHome(libc, home);
      }
    } finally {
      closeSync(home);
    }
  }

  /** That of a running process, as a container's. Errors: KERNEL_PERMISSION, KERNEL_REFUSED. */
  static ofProcess(libc: Libc, name: string, pid: number): Namespace {
    try {
      return new Namespace(libc, name, false, openSync(`/proc/${pid}/ns/net`, 'r'));
    } catch (cause) {
      const forbidden = (cause as NodeJS.ErrnoException).code === 'EACCES';
      throw new LabError(forbidden ? 'KERNEL_PERMISSION' : 'KERNEL_REFUSED', `${name}: the network namespace of process ${pid} cannot be opened`, {
        ...(forbidden && { hint: 'run as root' }),
        cause,
      });
    }
  }

  /** Where this process shows the namespace, for `nsenter --net=`. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#fd}`;
  }

  /** Does `work` in this namespace: devices, sysctls and started processes are its. `work` must not return a promise. */
  inside<T>(work: () => T): T {
    assertInvariant(this.#open, 'a namespace is used before it is closed');
    const home = openSync(OWN, 'r');
    try {
      if (this.#libc.setns(this.#fd, CLONE_NEWNET) < 0) throw refused(`the namespace of ${this.name} cannot be entered`, this.#libc.errno());
      try {
        const result = work();
        assertInvariant(!(result instanceof Promise), 'what is done in a namespace is done synchronously');
        return result;
      } finally {
        goHome(this.#libc, home);
      }
    } finally {
      closeSync(home);
    }
  }

  /** Lets go of it; the kernel takes it apart when no process is in it any more. Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }
}

/** A thread that cannot get back would do to the machine's own network what was meant for the lab's: no way on from there. */
function goHome(libc: Libc, home: number): void {
  assertInvariant(libc.setns(home, CLONE_NEWNET) === 0, 'the way back into the own network namespace');
}
