/**
 * The Host port over the kernel's own IP stack, in the process of one node: `node:dgram`, `node:net`, the wall clock.
 *
 * Where it differs from an emulated node, within the port's contract:
 * - `cause` is the number of a datagram in this process, which the lab turns into a packet's id (cause-log.ts). Of a stream
 *   it is 0: the kernel does not tell which packet brought its bytes, and TLS hides them from the tap;
 * - Node's sockets have no DSCP and no DF: the plan's policy by local port marks packets (an nftables output rule, set
 *   with the node), and Linux sets DF on UDP by itself as long as a datagram fits the path's MTU. An option that asks
 *   for something else is noted in the ledger as `option-not-set`;
 * - ICMP errors: see udp.ts.
 * @module
 */
import type { Cause, TimerId } from '../../../base/brand.js';
import { LabError } from '../../../base/error.js';
import type { RandomRoot, Rng } from '../../../base/rng.js';
import type { Nanos } from '../../../base/time.js';
import type { WaitingList } from '../../../base/waiting.js';
import type {
  ConnectOptions,
  DatagramHandler,
  Deferred,
  DnsRecord,
  DnsType,
  Endpoint,
  Host,
  Listener,
  Lookup,
  ListenOptions,
  Secret,
  TcpStream,
  TlsMaterial,
  UdpOptions,
  UdpSocket,
} from '../../../host/host.js';
import type { PlanNode } from '../../../topology/plan.js';
import { deferred } from '../../../host/deferred.js';
import { EndpointTable } from '../../../host/endpoints.js';
import { StubResolver } from '../../../host/resolver.js';
import type { Told } from '../rpc/frame.js';
import { CauseLog } from './cause-log.js';
import type { ErrorQueues } from './error-queue.js';
import type { KernelClock } from './kernel-clock.js';
import type { RoleTimers } from './role-timers.js';
import { listenAt, openStream } from './tcp.js';
import { bindUdp } from './udp.js';
import { formatAddress } from '../../../protocol/stun/transport-address.js';

export interface KernelHostDeps {
  readonly plan: PlanNode;
  readonly clock: KernelClock;
  readonly timers: RoleTimers;
  readonly random: RandomRoot;
  readonly waiting: WaitingList;
  readonly tls: TlsMaterial;
  /** Null: ICMP errors cannot be read. */
  readonly errors: ErrorQueues | null;
  /** Out of the process, in order. */
  readonly tell: (told: Told) => void;
}

export class KernelHost implements Host {
  readonly name: string;
  readonly clock: KernelClock;
  readonly random: Rng;
  readonly addresses: readonly string[];
  readonly tls: TlsMaterial;
  readonly #deps: KernelHostDeps;
  /** Of its own, so that `random` gives a role the same numbers on every substrate. */
  readonly #ports: Rng;
  readonly #endpoints = new EndpointTable();
  readonly #causes: CauseLog;
  readonly #resolver: StubResolver;
  readonly #noted = new Set<string>();

  constructor(deps: KernelHostDeps) {
    this.#deps = deps;
    this.name = deps.plan.name;
    this.clock = deps.clock;
    this.#causes = new CauseLog(() => deps.clock.now, deps.tell);
    this.random = deps.random.stream(`node:${this.name}`);
    this.#ports = deps.random.stream(`node:${this.name}:ports`);
    this.tls = deps.tls;
    const all = deps.plan.interfaces.flatMap((iface) => iface.addresses);
    this.addresses = [...all.filter((a) => a.family === 4), ...all.filter((a) => a.family === 6)].map((a) => a.address);
    this.#resolver = new StubResolver(this, deps.plan.resolvers);
  }

  endpoint(address: string, port: number): Endpoint {
    return this.#endpoints.of(address, port);
  }

  async udp(options: UdpOptions, deliver: DatagramHandler): Promise<UdpSocket> {
    const address = this.#own(options.address);
    const socket = await bindUdp({ host: this, causes: this.#causes, ports: this.#ports, errors: this.#deps.errors }, address, options.port, deliver);
    this.#checkMark('udp', socket.local.port, options.dscp);
    if (options.dontFragment === true) this.#notSet('udp', socket.local.port, 'dont-fragment', 1);
    return socket;
  }

  async connect(options: ConnectOptions): Promise<TcpStream> {
    if (options.from !== undefined) this.#own(options.from);
    const stream = await openStream(this, options);
    this.#checkMark('tcp', stream.local.port, options.dscp);
    return stream;
  }

  async listen(options: ListenOptions, accept: (stream: TcpStream) => void): Promise<Listener> {
    const address = this.#own(options.address);
    const listener = await listenAt(this, { ...options, address }, accept);
    this.#checkMark('tcp', listener.local.port, options.dscp);
    return listener;
  }

  after(delay: Nanos, fn: () => void): TimerId {
    return this.#deps.timers.after(delay, fn);
  }

  cancel(timer: TimerId): void {
    this.#deps.timers.cancel(timer);
  }

  sleep(delay: Nanos): Promise<void> {
    const slept = this.deferred<void>(`a pause of ${delay / 1e9} s`);
    this.after(delay, () => {
      slept.resolve();
    });
    return slept.promise;
  }

  deferred<T>(waitingFor: string): Deferred<T> {
    // No driver holds time back here: there is nobody to touch.
    return deferred<T>(this.#deps.waiting, this.name, waitingFor, () => undefined);
  }

  resolve(name: string, type: DnsType, lookup?: Lookup): Promise<readonly DnsRecord[]> {
    return this.#resolver.resolve(name, type, lookup);
  }

  reveal(secret: Secret): void {
    const at = this.clock.now;
    if (secret.kind === 'tls') {
      this.#deps.tell({ reveal: secret, at });
      return;
    }
    const { ssrc, suite } = secret;
    const key = Array.from(secret.key, (octet) => octet.toString(16).padStart(2, '0')).join('');
    this.#deps.tell({ reveal: { kind: 'srtp', local: formatAddress(secret.local), remote: formatAddress(secret.remote), ssrc, suite, key }, at });
  }

  event(name: string, fields: Readonly<Record<string, string | number>>): void {
    const texts = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
    this.#deps.tell({ note: name, at: this.clock.now, fields: texts });
  }

  causes(causes: readonly Cause[]): Cause {
    return this.#causes.sets.of(causes);
  }

  discard(cause: Cause, reason: string): void {
    // The lab makes ids of the numbers; what they stand for must have been told before.
    const numbers = this.#causes.name(cause);
    this.event('discard', { cause: numbers.length === 0 ? '0' : numbers.join(), reason });
  }

  /** Everything that the role has done so far is told. */
  flush(): void {
    this.#causes.flush();
  }

  /** Errors: NET_ADDRESS_NOT_MINE for an address that the plan does not give to this node. */
  #own(text: string): string {
    const { address } = this.endpoint(text, 0);
    if (!this.addresses.includes(address)) {
      throw new LabError('NET_ADDRESS_NOT_MINE', `${this.name} has no address ${text}`, { expected: `one of: ${this.addresses.join(', ')}` });
    }
    return address;
  }

  /** A mark that the plan's policy sets anyway needs no note. */
  #checkMark(protocol: 'udp' | 'tcp', port: number, dscp: number | undefined): void {
    if (dscp === undefined) return;
    const policy = this.#deps.plan.dscp.find((rule) => rule.protocol === protocol && rule.from <= port && port <= rule.to);
    if ((policy?.dscp ?? 0) !== dscp) this.#notSet(protocol, port, 'dscp', dscp);
  }

  /** Once for each socket's port: a wish that this kind of host cannot fulfil must not pass for fulfilled. */
  #notSet(protocol: string, port: number, option: string, value: number): void {
    const key = `${protocol} ${port} ${option} ${value}`;
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.event('option-not-set', { protocol, port, option, value });
  }
}
