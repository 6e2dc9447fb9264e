/**
 * A TAP device: the kernel's end of a network interface whose other end is a file descriptor. One read is one Ethernet
 * frame that the kernel sent, one write is one that it receives.
 *
 * No offload is asked for (no `IFF_VNET_HDR`, no `TUNSETOFFLOAD`), so the kernel hands out frames within the MTU with
 * their checksums filled in, and without `IFF_NAPI` it merges none of those written (no GRO): what crosses a link is
 * what was sent, frame by frame.
 * @see Documentation/networking/tuntap.rst, include/uapi/linux/if_tun.h
 * @module
 */
import { closeSync, constants, openSync } from 'node:fs';
import { LabError } from '../../../base/error.js';
import type { Namespace } from '../namespace/namespace.js';
import type { Libc } from './libc.js';
import { refused } from './refusal.js';

const DEVICE = '/dev/net/tun';
/** `_IOW('T', 202, int)` and `_IOW('T', 226, int)`. */
const TUNSETIFF = 0x4004_54ca;
const TUNSETCARRIER = 0x4004_54e2;
/** `_IOW('T', 203, int)`, whose argument is taken by value. */
const TUNSETPERSIST = 0x4004_54cb;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
/** sizeof(struct ifreq); the name takes 16 octets with its final NUL, then come the flags. */
const IFREQ = 40;
/** IFNAMSIZ without the NUL. */
export const LONGEST_NAME = 15;

export class TapDevice {
  readonly name: string;
  readonly fd: number;
  readonly #libc: Libc;
  #open = true;

  private constructor(libc: Libc, name: string, fd: number) {
    this.#libc = libc;
    this.name = name;
    this.fd = fd;
  }

  /**
   * Makes the device in the namespace; it is down. In a namespace of this process's own it goes with that, else with its
   * descriptor: to take down devices one by one the kernel waits some 20 ms for each, those of a namespace it takes
   * down together. Errors: KERNEL_PERMISSION, KERNEL_REFUSED.
   */
  static open(libc: Libc, namespace: Namespace, name: string): TapDevice {
    return namespace.inside(() => {
      const fd = openTun();
      const ifreq = new Uint8Array(IFREQ);
      new TextEncoder().encodeInto(name.slice(0, LONGEST_NAME), ifreq);
      new DataView(ifreq.buffer).setUint16(16, IFF_TAP | IFF_NO_PI, HOST_IS_LITTLE);
      if (libc.ioctl(fd, TUNSETIFF, ifreq) < 0) {
        const why = libc.errno();
        closeSync(fd);
        throw refused(`the kernel refused the TAP device "${name}"`, why);
      }
      // The argument's address is not 0: on.
      if (namespace.own && libc.ioctl(fd, TUNSETPERSIST, ifreq) < 0) {
        const why = libc.errno();
        closeSync(fd);
        throw refused(`the TAP device "${name}" cannot be left to its namespace`, why);
      }
      return new TapDevice(libc, name, fd);
    });
  }

  /** What the kernel sees as cable in or out: without it routes over this device are passed over. */
  setCarrier(up: boolean): void {
    if (!this.#open) return;
    const flag = new Uint8Array(4);
    new DataView(flag.buffer).setInt32(0, up ? 1 : 0, HOST_IS_LITTLE);
    if (this.#libc.ioctl(this.fd, TUNSETCARRIER, flag) < 0) throw refused(`the carrier of "${this.name}" cannot be set`, this.#libc.errno());
  }

  /** No frames from here on; the device goes as {@link open} says. Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.fd);
  }
}

export const HOST_IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function openTun(): number {
  try {
    // Node adds O_CLOEXEC: no role process inherits a link.
    return openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const absent = code === 'ENOENT' || code === 'ENODEV';
    throw new LabError(absent ? 'KERNEL_REFUSED' : 'KERNEL_PERMISSION', `${DEVICE} cannot be opened (${code ?? String(cause)})`, {
      expected: 'a TUN/TAP driver that this process may use',
      hint: absent
        ? 'sudo modprobe tun; in a container: --device /dev/net/tun'
        : 'sudo chmod 0666 /dev/net/tun, as most distributions have it (whoever opens it gets devices in namespaces of their own only), or run as root',
      cause,
    });
  }
}
