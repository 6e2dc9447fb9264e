/**
 * The kernel's error queue of a UDP socket (`IP_RECVERR` of ip(7), `IPV6_RECVERR` of ipv6(7)): which ICMP error came
 * about a datagram to whom. Node's dgram reports ICMP errors on connected sockets only, and a role's socket talks to
 * many; so the socket is made here, by `koffi`, and dgram adopts its descriptor.
 *
 * koffi is optional. Without it a role hears only what its own kernel refuses at once (no route, larger than the
 * interface takes), not what comes back from the network: {@link openErrorQueues} then gives null, and the role's
 * process says so when it has started.
 * @module
 */
import type * as Koffi from 'koffi';
import { must } from '../../../base/assert.js';
import type { NetError } from '../../../host/host.js';
import { formatIpv4, formatIpv6, parseAddress } from '../../../wire/address.js';

/** An ICMP error, or a refusal of the node's own stack, about a datagram sent to `address`. */
export interface QueuedError {
  readonly error: NetError;
  readonly address: string;
  readonly port: number;
  /** The node's own stack refused: it never left. */
  readonly local: boolean;
}

export interface ErrorQueues {
  /** A descriptor bound to the address, or the errno's name (`EADDRINUSE` ...). */
  bind(address: string, port: number): { readonly fd: number } | { readonly errno: string };
  /** Everything in the queue. A queue that is not emptied keeps the event loop busy. */
  drain(fd: number): QueuedError[];
  close(fd: number): void;
}

// Numbers and layouts of 64-bit Linux, the same on all architectures that Node has builds for (asm-generic).
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
const IPV6_V6ONLY = 26;
const MSG_ERRQUEUE_DONTWAIT = 0x2000 | 0x40;
const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM',
  13: 'EACCES',
  22: 'EINVAL',
  24: 'EMFILE',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
};
const EMSGSIZE = 90;
/** An int of value 1 in the machine's own order. */
const ONE = new Uint8Array(Int32Array.of(1).buffer);
const LITTLE = ONE[0] === 1;

/** Null where koffi cannot be loaded. */
export async function openErrorQueues(): Promise<ErrorQueues | null> {
  if (process.platform !== 'linux') return null;
  const loaded = await import('koffi').then(
    (module) => module.default,
    // Not installed, or no build for this machine: the caller tells what is lost by it.
    () => null,
  );
  return loaded === null ? null : bindLibrary(loaded);
}

function bindLibrary(koffi: typeof Koffi.default): ErrorQueues {
  const lib = koffi.load(null);
  const iovec = koffi.struct({ base: 'void *', len: 'size_t' });
  const msghdr = koffi.struct({
    name: 'void *',
    namelen: 'uint32_t',
    iov: koffi.pointer(iovec),
    iovlen: 'size_t',
    control: 'void *',
    controllen: 'size_t',
    flags: 'int',
  });
  const socket = lib.func('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
  const setsockopt = lib.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)') as (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: number,
  ) => number;
  const bind = lib.func('int bind(int fd, const void *address, uint32_t length)') as (fd: number, address: Uint8Array, length: number) => number;
  const close = lib.func('int close(int fd)') as (fd: number) => number;
  const recvmsg = lib.func('recvmsg', 'intptr_t', ['int', koffi.inout(koffi.pointer(msghdr)), 'int']) as (fd: number, header: object, flags: number) => number;
  const errno = (): string => ERRNO[koffi.errno()] ?? `errno ${koffi.errno()}`;
  const on = (fd: number, level: number, name: number): boolean => setsockopt(fd, level, name, ONE, ONE.length) === 0;

  return {
    bind(address, port) {
      const name = socketAddress(address, port);
      const v6 = name.length > 16;
      const fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
      if (fd < 0) return { errno: errno() };
      const ready = v6 ? on(fd, IPPROTO_IPV6, IPV6_V6ONLY) && on(fd, IPPROTO_IPV6, IPV6_RECVERR) : on(fd, IPPROTO_IP, IP_RECVERR);
      if (ready && bind(fd, name, name.length) === 0) return { fd };
      const why = errno();
      close(fd);
      return { errno: why };
    },
    drain(fd) {
      const found: QueuedError[] = [];
      for (;;) {
        const name = new Uint8Array(28);
        const control = new Uint8Array(256);
        // The datagram itself is cut off: whom it was for is enough.
        const header = { name, namelen: name.length, iov: { base: new Uint8Array(1), len: 1 }, iovlen: 1, control, controllen: control.length, flags: 0 };
        if (recvmsg(fd, header, MSG_ERRQUEUE_DONTWAIT) < 0) return found;
        const error = parseQueued(name, control.subarray(0, Number(header.controllen)));
        if (error !== null) found.push(error);
      }
    },
    close(fd) {
      close(fd);
    },
  };
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
export function socketAddress(address: string, port: number): Uint8Array {
  const parsed = must(parseAddress(address), `an IP address in "${address}"`);
  const bytes = new Uint8Array(parsed.family === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, parsed.family === 4 ? AF_INET : AF_INET6, LITTLE);
  view.setUint16(2, port);
  if (parsed.family === 4) view.setUint32(4, parsed.value);
  else bytes.set(parsed.bytes, 8);
  return bytes;
}

/**
 * One entry: `name` is the datagram's destination, `control` a cmsghdr (cmsg(3)) around a `sock_extended_err` (ip(7)).
 * Null when the control data is of another kind.
 */
export function parseQueued(name: Uint8Array, control: Uint8Array): QueuedError | null {
  if (control.length < 32) return null;
  const view = new DataView(control.buffer, control.byteOffset, control.length);
  const level = view.getInt32(8, LITTLE);
  const type = view.getInt32(12, LITTLE);
  if (!(level === IPPROTO_IP && type === IP_RECVERR) && !(level === IPPROTO_IPV6 && type === IPV6_RECVERR)) return null;
  const errno = view.getUint32(16, LITTLE);
  const about = new DataView(name.buffer, name.byteOffset, name.length);
  return {
    ...meaning(errno, view.getUint8(20), view.getUint8(21), view.getUint8(22)),
    address: level === IPPROTO_IPV6 ? formatIpv6(name, 8) : formatIpv4(about.getUint32(4)),
    port: about.getUint16(2),
  };
}

/** `ee_origin`: 1 = the node itself, 2 = ICMP, 3 = ICMPv6. Types and codes: RFC 792, RFC 4443. */
function meaning(errno: number, origin: number, type: number, code: number): { error: NetError; local: boolean } {
  switch (origin) {
    case 2:
      if (type === 11) return { error: 'ttl-exceeded', local: false };
      if (type === 3 && code === 3) return { error: 'port-unreachable', local: false };
      return { error: type === 3 && code === 4 ? 'too-big' : 'host-unreachable', local: false };
    case 3:
      if (type === 3) return { error: 'ttl-exceeded', local: false };
      if (type === 1 && code === 4) return { error: 'port-unreachable', local: false };
      return { error: type === 2 ? 'too-big' : 'host-unreachable', local: false };
    default:
      return { error: errno === EMSGSIZE ? 'too-big' : 'host-unreachable', local: true };
  }
}
