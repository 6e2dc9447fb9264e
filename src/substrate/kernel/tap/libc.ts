/**
 * The few calls of the C library that Node does not offer: namespaces, another program in this process's place, device requests, and reads and writes that
 * answer EAGAIN with a number. By `koffi`, which is optional: only the kernel substrates need it, so it is imported
 * when one of them is asked for.
 *
 * All calls but {@link Libc.ppoll} run on the calling thread, hence in the namespace that this thread is in.
 * @see setns(2), unshare(2), execvp(3), ioctl(2), ppoll(2), eventfd(2)
 * @module
 */
import type koffiLibrary from 'koffi';
import { LabError } from '../../../base/error.js';

/** `CLONE_NEWNET` of linux/sched.h. */
export const CLONE_NEWNET = 0x4000_0000;
/** `EFD_CLOEXEC | EFD_NONBLOCK` of sys/eventfd.h. */
export const EFD_FLAGS = 0o2000000 | 0o4000;
/** Of poll.h. */
export const POLLIN = 1;
/** Of fcntl.h: sets the descriptor's flags, of which there is one, `FD_CLOEXEC`. */
const F_SETFD = 2;

export interface Libc {
  /** All calls answer -1 when the kernel refuses; {@link errno} then says why. */
  unshare(flags: number): number;
  setns(fd: number, kind: number): number;
  /** `argument` is read and written in place. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** Bytes read; -1 with EAGAIN when nothing is there. */
  read(fd: number, into: Uint8Array, length: number): number;
  write(fd: number, from: Uint8Array, length: number): number;
  eventfd(initial: number, flags: number): number;
  /** Looks and returns at once. `polls` is an array of `struct pollfd`, answered in place. */
  poll(polls: Uint8Array, count: number, millis: number): number;
  /** Waits on a thread of its own, so that the event loop lives. `timeout` is a `struct timespec`. */
  ppoll(polls: Uint8Array, count: number, timeout: Uint8Array): Promise<number>;
  /** The command takes this process's place, with its environment and standard streams; returns errno when it cannot. */
  become(command: readonly string[]): number;
  /** Of the call made last on this thread. */
  errno(): number;
}

/** Names of the errno values that a lab can meet, of asm-generic/errno-base.h; numbers are the same on all of Node's Linux ports. */
export const ERRNO = { EPERM: 1, ENOENT: 2, EINTR: 4, EIO: 5, EAGAIN: 11, EACCES: 13, EBUSY: 16, EINVAL: 22, ENOSPC: 28 } as const;

export function errnoName(value: number): string {
  return Object.entries(ERRNO).find(([, number]) => number === value)?.[0] ?? `errno ${value}`;
}

let loaded: Promise<Libc> | null = null;

/** Errors: KERNEL_LIBRARY when koffi is not installed, or has no build for this machine. */
export function loadLibc(): Promise<Libc> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Libc> {
  if (process.platform !== 'linux') {
    throw new LabError('KERNEL_LIBRARY', `network namespaces are Linux's; this is ${process.platform}`, { hint: 'use the simulator: --substrate sim' });
  }
  try {
    const { default: koffi } = await import('koffi');
    return bind(koffi);
  } catch (cause) {
    throw new LabError(
      'KERNEL_LIBRARY',
      `the kernel substrates reach TAP devices through koffi, which cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        expected: 'the optional dependency koffi, with a build for this machine',
        hint: 'npm install koffi, without --omit=optional',
        cause,
      },
    );
  }
}

function bind(koffi: typeof koffiLibrary): Libc {
  // Null = what this process has loaded already, which is the C library that Node itself runs on (glibc or musl).
  const lib = koffi.load(null);
  const ppoll = lib.func('int ppoll(void *fds, unsigned long nfds, const void *timeout, const void *sigmask)');
  const fcntl = lib.func('int fcntl(int fd, int command, long argument)');
  const execvp = lib.func('int execvp(const char *file, const char **argv)');
  return {
    unshare: lib.func('int unshare(int flags)'),
    setns: lib.func('int setns(int fd, int nstype)'),
    ioctl: lib.func('int ioctl(int fd, unsigned long request, void *argument)'),
    read: lib.func('long read(int fd, void *buf, unsigned long count)'),
    write: lib.func('long write(int fd, const void *buf, unsigned long count)'),
    eventfd: lib.func('int eventfd(unsigned int initval, int flags)'),
    poll: lib.func('int poll(void *fds, unsigned long nfds, int timeout)'),
    ppoll: (polls, count, timeout) =>
      new Promise((resolve, reject) => {
        ppoll.async(polls, count, timeout, null, (error: Error | null, ready: number) => {
          if (error === null) resolve(ready);
          else reject(error);
        });
      }),
    become: (command) => {
      // Node has marked its standard streams as not to be handed on.
      for (const fd of [0, 1, 2]) fcntl(fd, F_SETFD, 0);
      execvp(command[0] ?? '', [...command, null]);
      return koffi.errno();
    },
    errno: () => koffi.errno(),
  };
}
