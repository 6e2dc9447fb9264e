/**
 * Hosts on one wire in virtual time: the Host port for tests of media roles, with the datagrams in hand.
 * @module
 */
import { must } from '../../base/assert.js';
import type { Cause, TimerId } from '../../base/brand.js';
import { CauseSets } from '../../base/cause-sets.js';
import { LabError } from '../../base/error.js';
import { randomRoot } from '../../base/rng.js';
import { millis, type Nanos } from '../../base/time.js';
import type { DatagramHandler, Deferred, Endpoint, Host, Secret, TlsMaterial, UdpSocket } from '../../host/host.js';
import { familyOf } from '../../wire/address.js';

export interface Crossing {
  readonly at: Nanos;
  readonly id: number;
  readonly cause: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

interface Told {
  readonly at: Nanos;
  readonly host: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export class Wire {
  now = 0 as Nanos;
  readonly crossings: Crossing[] = [];
  readonly events: Told[] = [];
  readonly secrets: { readonly host: string; readonly secret: Secret }[] = [];
  readonly sets = new CauseSets();
  readonly discards: { readonly host: string; readonly cause: number; readonly reason: string }[] = [];
  readonly open = new Map<string, { readonly deliver: DatagramHandler; readonly host: TestHost }>();
  /** Of each packet sent from now on. */
  delay = millis(10);
  blocked: (from: string, to: string) => boolean = () => false;
  readonly #queue: { readonly at: Nanos; readonly seq: number; readonly go: () => void }[] = [];
  #seq = 0;
  #packets = 0;
  /** Named by who waits. */
  readonly pending = new Set<string>();

  book(delay: Nanos, go: () => void): TimerId {
    const seq = (this.#seq += 1);
    this.#queue.push({ at: (this.now + delay) as Nanos, seq, go });
    return seq as TimerId;
  }

  unbook(timer: TimerId): void {
    const at = this.#queue.findIndex((e) => (e.seq as TimerId) === timer);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  get timers(): number {
    return this.#queue.length;
  }

  send(from: Endpoint, to: Endpoint, bytes: Uint8Array, cause: Cause | undefined): void {
    const id = (this.#packets += 1);
    this.crossings.push({ at: this.now, id, cause: cause ?? 0, from: textOf(from), to: textOf(to), bytes });
    if (this.blocked(from.address, to.address)) return;
    this.book(this.delay, () => {
      const socket = this.open.get(textOf(to));
      socket?.deliver(bytes, 0, bytes.length, socket.host.endpoint(from.address, from.port), id as Cause);
    });
  }

  /** Runs for so many milliseconds; promises go on between events. */
  async run(ms: number): Promise<void> {
    const end = (this.now + millis(ms)) as Nanos;
    for (;;) {
      await this.settled();
      this.#queue.sort((a, b) => a.at - b.at || a.seq - b.seq);
      const next = this.#queue[0];
      if (next === undefined || next.at > end) break;
      this.#queue.shift();
      this.now = next.at;
      next.go();
    }
    this.now = end;
  }

  /** Runs until the task has settled. */
  async finish<T>(task: Promise<T>, ms = 200_000): Promise<T> {
    let done = false;
    const watch = task.finally(() => (done = true));
    watch.catch(() => undefined);
    for (let passed = 0; !done && passed < ms; passed += 10) await this.run(10);
    return task;
  }

  /** Lets promises go on. */
  protected async settled(): Promise<void> {
    for (let i = 0; i < 6; i++) await Promise.resolve();
  }

  named(name: string, host?: string): Told[] {
    return this.events.filter((e) => e.name === name && (host === undefined || e.host === host));
  }
}

function textOf(e: { readonly address: string; readonly port: number }): string {
  return `${e.address}|${e.port}`;
}

export class TestHost implements Host {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly clock;
  readonly random;
  readonly #wire: Wire;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(wire: Wire, name: string, addresses: readonly string[], seed = 1) {
    this.#wire = wire;
    this.name = name;
    this.addresses = addresses;
    this.random = randomRoot(seed).stream(`node:${name}`);
    this.clock = {
      originSeconds: 1_700_000_000,
      get now(): Nanos {
        return wire.now;
      },
    };
  }

  endpoint(address: string, port: number): Endpoint {
    const known = this.#endpoints.get(`${address}|${port}`);
    if (known !== undefined) return known;
    const endpoint: Endpoint = { address, port, family: familyOf(address), key: this.#endpoints.size + 1 };
    this.#endpoints.set(`${address}|${port}`, endpoint);
    return endpoint;
  }

  udp(options: { readonly address: string; readonly port: number; readonly sync?: boolean }, deliver: DatagramHandler): Promise<UdpSocket> {
    const local = this.endpoint(options.address, options.port);
    if (!this.addresses.includes(options.address)) return Promise.reject(new LabError('NET_ADDRESS_NOT_MINE', options.address));
    if (this.#wire.open.has(textOf(local))) return Promise.reject(new LabError('NET_ADDRESS_IN_USE', textOf(local)));
    this.#wire.open.set(textOf(local), { deliver, host: this });
    const wire = this.#wire;
    return Promise.resolve({
      local,
      send(buf: Uint8Array, off: number, len: number, to: Endpoint, cause?: Cause) {
        wire.send(local, to, buf.slice(off, off + len), cause);
      },
      onError: () => undefined,
      close() {
        wire.open.delete(textOf(local));
      },
    });
  }

  after(delay: Nanos, fn: () => void): TimerId {
    return this.#wire.book(delay, fn);
  }

  cancel(timer: TimerId): void {
    this.#wire.unbook(timer);
  }

  sleep(delay: Nanos): Promise<void> {
    const slept = this.deferred<void>('sleep');
    this.after(delay, () => {
      slept.resolve();
    });
    return slept.promise;
  }

  deferred<T>(waitingFor: string): Deferred<T> {
    const pending = this.#wire.pending;
    pending.add(waitingFor);
    const { promise, resolve, reject } = withResolvers<T>();
    return {
      promise,
      resolve(value) {
        pending.delete(waitingFor);
        resolve(value);
      },
      reject,
    };
  }

  reveal(secret: Secret): void {
    this.#wire.secrets.push({ host: this.name, secret });
  }

  event(name: string, fields: Readonly<Record<string, string | number>>): void {
    for (const key of Object.keys(fields)) must(/^[a-z][a-z0-9-]*$/.exec(key), `a key of the comment grammar: ${key}`);
    this.#wire.events.push({ at: this.#wire.now, host: this.name, name, fields });
  }

  causes(causes: readonly Cause[]): Cause {
    return this.#wire.sets.of(causes);
  }

  discard(cause: Cause, reason: string): void {
    this.#wire.discards.push({ host: this.name, cause, reason });
  }

  readonly connect: Host['connect'] = unused;
  readonly listen: Host['listen'] = unused;
  readonly resolve: Host['resolve'] = unused;

  get tls(): TlsMaterial {
    throw new LabError('NET_UNREACHABLE', 'no TLS here');
  }
}

function unused(): Promise<never> {
  return Promise.reject(new LabError('NET_UNREACHABLE', 'this wire carries UDP only'));
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (v: T) => void; reject: (e: LabError) => void } {
  const held: { resolve?: (v: T) => void; reject?: (e: LabError) => void } = {};
  // eslint-disable-next-line no-restricted-syntax -- this is the door behind which promises settle
  const promise = new Promise<T>((resolve, reject) => {
    held.resolve = resolve;
    held.reject = reject;
  });
  return { promise, resolve: must(held.resolve, 'resolve'), reject: must(held.reject, 'reject') };
}
