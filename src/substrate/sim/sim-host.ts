/**
 * The Host port over an emulated IP node.
 * @module
 */
import type { Cause, TimerId } from '../../base/brand.js';
import { NO_CAUSE } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import type { Clock, Nanos } from '../../base/time.js';
import { plus } from '../../base/time.js';
import type { Rng } from '../../base/rng.js';
import type {
  ConnectOptions,
  DatagramHandler,
  Deferred,
  DnsRecord,
  DnsType,
  Endpoint,
  Host,
  ListenOptions,
  Listener,
  Lookup,
  Secret,
  TcpStream,
  TlsMaterial,
  UdpOptions,
  UdpSocket,
} from '../../host/host.js';
import { CoreStream, netError } from '../../host/stream.js';
import type { Scheduler, Target } from '../../fabric/scheduler.js';
import type { AddressBook } from '../../netstack/address-book.js';
import type { IpNode } from '../../netstack/ip-node.js';
import type { TcpSocket } from '../../netstack/tcp/tcp-socket.js';
import type { TcpLayer } from '../../netstack/tcp/tcp-layer.js';
import type { Addr } from '../../netstack/transport.js';
import type { PlanNode } from '../../topology/plan.js';
import { EndpointTable } from '../../host/endpoints.js';
import { StubResolver } from '../../host/resolver.js';
import type { Recorder } from '../../capture/recorder.js';
import type { WaitingList } from '../../base/waiting.js';
import { deferred } from '../../host/deferred.js';
import { formatAddress } from '../../protocol/stun/transport-address.js';
import { hostPort } from '../../wire/address.js';

export interface SimHostDeps {
  readonly plan: PlanNode;
  readonly ip: IpNode;
  readonly tcp: TcpLayer;
  readonly book: AddressBook;
  readonly scheduler: Scheduler;
  readonly random: Rng;
  readonly recorder: Recorder;
  readonly waiting: WaitingList;
  readonly tls: TlsMaterial;
}

export class SimHost implements Host {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Rng;
  readonly addresses: readonly string[];
  readonly tls: TlsMaterial;
  readonly #deps: SimHostDeps;
  readonly #endpoints = new EndpointTable();
  readonly #numbers: Addr[] = [];
  readonly #timers: Timers;
  readonly #resolver: StubResolver;
  readonly #textOf: (addr: number) => string;

  constructor(deps: SimHostDeps) {
    this.#deps = deps;
    this.name = deps.plan.name;
    this.clock = deps.scheduler;
    this.random = deps.random;
    this.tls = deps.tls;
    const all = deps.plan.interfaces.flatMap((iface) => iface.addresses);
    this.addresses = [...all.filter((a) => a.family === 4), ...all.filter((a) => a.family === 6)].map((a) => a.address);
    this.#timers = new Timers(deps.scheduler);
    this.#textOf = (addr) => deps.book.text(addr as Addr);
    this.#resolver = new StubResolver(this, deps.plan.resolvers);
  }

  endpoint(address: string, port: number): Endpoint {
    return this.#endpoints.of(address, port);
  }

  async udp(options: UdpOptions, deliver: DatagramHandler): Promise<UdpSocket> {
    const { ip, scheduler } = this.#deps;
    const address = this.#own(options.address);
    const endpoints = this.#endpoints;
    const textOf = this.#textOf;
    const numberOf = (endpoint: Endpoint): Addr => this.#number(endpoint);
    const socket = ip.udp.bind(
      address,
      options.port,
      (buf, off, len, from, fromPort, cause) => {
        deliver(buf, off, len, endpoints.ofNumber(from, fromPort, textOf), cause);
      },
      {
        ...(options.dscp !== undefined && { dscp: options.dscp }),
        ...(options.dontFragment !== undefined && { dontFragment: options.dontFragment }),
      },
    );
    const result: UdpSocket = {
      local: this.endpoint(options.address, socket.port),
      onError: () => undefined,
      send(buf, off, len, to, cause = NO_CAUSE) {
        socket.send(buf, off, len, numberOf(to), to.port, cause);
      },
      close() {
        socket.close();
      },
    };
    socket.onError = (error, to, toPort) => {
      scheduler.touch();
      result.onError(error, endpoints.ofNumber(to, toPort, textOf));
    };
    return result;
  }

  async connect(options: ConnectOptions): Promise<TcpStream> {
    const { tcp, scheduler } = this.#deps;
    const to = this.#number(options.to);
    const from = options.from === undefined ? undefined : this.#own(options.from);
    const socket = tcp.connect({
      to,
      toPort: options.to.port,
      ...(from !== undefined && { from }),
      ...(options.dscp !== undefined && { dscp: options.dscp }),
    });
    const opened = this.deferred<null>(`connection to ${hostPort(options.to.address, options.to.port)}`);
    const timer = this.after(options.timeout, () => {
      socket.onChange = () => undefined;
      socket.abort();
      opened.reject(netError('timeout', options.to));
    });
    const check = (): void => {
      scheduler.touch();
      if (socket.error !== null) opened.reject(netError(socket.error, options.to));
      else if (socket.state === 'established' || socket.state === 'close-wait') opened.resolve(null);
    };
    socket.onChange = check;
    check();
    try {
      await opened.promise;
    } finally {
      this.cancel(timer);
    }
    return this.#stream(socket);
  }

  async listen(options: ListenOptions, accept: (stream: TcpStream) => void): Promise<Listener> {
    const { tcp, scheduler } = this.#deps;
    const address = this.#own(options.address);
    const listener = tcp.listen({ address, port: options.port, ...(options.dscp !== undefined && { dscp: options.dscp }) }, (socket) => {
      scheduler.touch();
      accept(this.#stream(socket));
    });
    if (listener === null) throw inUse(options.address, options.port, this.name);
    return {
      local: this.endpoint(options.address, options.port),
      close: () => {
        listener.close();
      },
    };
  }

  after(delay: Nanos, fn: () => void): TimerId {
    return this.#timers.after(delay, fn);
  }

  cancel(timer: TimerId): void {
    this.#timers.cancel(timer);
  }

  sleep(delay: Nanos): Promise<void> {
    const slept = this.deferred<void>(`a pause of ${delay / 1e9} s`);
    this.after(delay, () => {
      slept.resolve();
    });
    return slept.promise;
  }

  deferred<T>(waitingFor: string): Deferred<T> {
    return deferred<T>(this.#deps.waiting, this.name, waitingFor, () => {
      this.#deps.scheduler.touch();
    });
  }

  resolve(name: string, type: DnsType, lookup?: Lookup): Promise<readonly DnsRecord[]> {
    return this.#resolver.resolve(name, type, lookup);
  }

  reveal(secret: Secret): void {
    if (secret.kind === 'tls') {
      this.#deps.recorder.secret(secret.line);
      return;
    }
    const { recorder, plan } = this.#deps;
    recorder.srtpKey(plan.id, this.clock.now, {
      local: formatAddress(secret.local),
      remote: formatAddress(secret.remote),
      ssrc: secret.ssrc,
      suite: secret.suite,
      key: secret.key,
    });
  }

  event(name: string, fields: Readonly<Record<string, string | number>>): void {
    const texts = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
    this.#deps.recorder.event(this.#deps.plan.id, this.clock.now, name, texts);
  }

  causes(causes: readonly Cause[]): Cause {
    return this.#deps.recorder.causes.of(causes);
  }

  discard(cause: Cause, reason: string): void {
    this.event('discard', { cause: causeText(this.#deps.recorder.causes.ids(cause)), reason });
  }

  /** The lab's number of an endpoint's address, found once: endpoints are interned. */
  #number(endpoint: Endpoint): Addr {
    const known = this.#numbers[endpoint.key];
    if (known !== undefined) return known;
    const addr = this.#deps.book.parse(endpoint.address);
    if (addr === undefined) throw new LabError('NET_UNREACHABLE', `"${endpoint.address}" is no IP address`);
    this.#numbers[endpoint.key] = addr;
    return addr;
  }

  #stream(socket: TcpSocket): CoreStream {
    return new CoreStream(
      socket,
      this.#endpoints.ofNumber(socket.local.address, socket.local.port, this.#textOf),
      this.#endpoints.ofNumber(socket.remote.address, socket.remote.port, this.#textOf),
      () => {
        this.#deps.scheduler.touch();
      },
    );
  }

  /** The number of an address that must be this node's. Errors: NET_ADDRESS_NOT_MINE. */
  #own(text: string): Addr {
    if (!this.addresses.includes(text)) {
      throw new LabError('NET_ADDRESS_NOT_MINE', `${this.name} has no address ${text}`, { expected: `one of: ${this.addresses.join(', ')}` });
    }
    return this.#number(this.endpoint(text, 0));
  }
}

/** As in a comment: ids with commas between them, 0 = not known. */
function causeText(ids: readonly number[]): string {
  return ids.length === 0 ? '0' : ids.join();
}

function inUse(address: string, port: number, node: string): LabError {
  return new LabError('NET_ADDRESS_IN_USE', `${node}: ${address} port ${port} is in use`);
}

/** Callbacks booked by roles: warm, so a closure each is fine; its slot is the event's `op`. */
class Timers implements Target {
  readonly #scheduler: Scheduler;
  readonly #slots: ((() => void) | null)[] = [];
  readonly #free: number[] = [];
  readonly #slotOf = new Map<TimerId, number>();
  readonly #idOf: TimerId[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  after(delay: Nanos, fn: () => void): TimerId {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = fn;
    const id = this.#scheduler.at(plus(this.#scheduler.now, delay), this, slot, null);
    this.#slotOf.set(id, slot);
    this.#idOf[slot] = id;
    return id;
  }

  cancel(id: TimerId): void {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return;
    this.#scheduler.cancel(id);
    this.#release(id, slot);
  }

  fire(slot: number): void {
    const fn = this.#slots[slot];
    const id = this.#idOf[slot];
    if (fn === undefined || fn === null || id === undefined) return;
    this.#release(id, slot);
    fn();
  }

  #release(id: TimerId, slot: number): void {
    this.#slotOf.delete(id);
    this.#slots[slot] = null;
    this.#free.push(slot);
  }
}
