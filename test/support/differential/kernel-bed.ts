/**
 * The kernel's side: a network namespace whose interfaces are TAP devices. A frame written to one has gone through the
 * whole stack when the write returns, so what came out can be read at once.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { KernelNode } from '../../../src/substrate/kernel/namespace/kernel-node.js';
import { writeSysctl } from '../../../src/substrate/kernel/namespace/sysctl.js';
import { type Libc, loadLibc } from '../../../src/substrate/kernel/tap/libc.js';
import { isGroupReport } from '../../../src/substrate/kernel/tap/tap-port.js';
import { type Bed, type BedName, bedPlan, type BedState, type Emitted } from './bed.js';
import { NetfilterNetlink } from './netfilter-netlink.js';
import { Nftables } from './nftables-library.js';

/** What the simulator has no equal of, or time would decide. */
const SYSCTLS: readonly (readonly [string, string])[] = [
  ['ipv4/icmp_ratelimit', '0'],
  ['ipv4/icmp_ratemask', '0'],
  ['ipv6/icmp/ratelimit', '0'],
  ['ipv6/auto_flowlabels', '0'],
];

const LONGEST = 2048;
/** RFC 3810: reports of groups go on for some seconds after an interface came up. */
const SETTLING = 3000;

export class KernelBed implements Bed {
  readonly name = 'kernel';
  readonly #libc: Libc;
  readonly #node: KernelNode;
  readonly #nft: Nftables;
  readonly #netlink: NetfilterNetlink;
  readonly #buffer = new Uint8Array(LONGEST);

  private constructor(libc: Libc, node: KernelNode) {
    this.#libc = libc;
    this.#node = node;
    this.#nft = node.namespace.inside(() => new Nftables());
    this.#netlink = node.namespace.inside(() => new NetfilterNetlink());
  }

  static async open(name: BedName): Promise<KernelBed> {
    const libc = await loadLibc();
    const node = KernelNode.create(libc, bedPlan(name));
    await node.configure();
    node.namespace.inside(() => {
      for (const [path, value] of SYSCTLS) writeSysctl(name, path, value);
    });
    const bed = new KernelBed(libc, node);
    await new Promise((resolve) => setTimeout(resolve, SETTLING));
    bed.#drain();
    return bed;
  }

  reset(rules: string): void {
    this.#node.namespace.inside(() => {
      this.#nft.run('flush ruleset');
      this.#netlink.flushConnections();
      this.#nft.run(rules);
    });
    this.#drain();
  }

  load(rules: string): void {
    this.#node.namespace.inside(() => this.#nft.run(`flush ruleset\n${rules}`));
  }

  wait(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    this.#drain();
  }

  inject(iface: number, frame: Uint8Array): Emitted[] {
    const device = this.#node.devices[iface]!;
    if (this.#libc.write(device.fd, frame, frame.length) !== frame.length) throw new Error(`${device.name} takes no frame`);
    return this.#drain();
  }

  state(): BedState {
    return this.#node.namespace.inside(() => ({ counters: this.#netlink.counters(), connections: connectionLines() }));
  }

  close(): void {
    this.#nft.close();
    this.#netlink.close();
    this.#node.close();
  }

  #drain(): Emitted[] {
    const emitted: Emitted[] = [];
    this.#node.devices.forEach(({ fd }, iface) => {
      for (;;) {
        const length = this.#libc.read(fd, this.#buffer, LONGEST);
        if (length <= 0) return;
        if (!isGroupReport(this.#buffer, 0, length)) emitted.push({ iface, frame: this.#buffer.slice(0, length) });
      }
    });
    return emitted;
  }
}

/** Where the kernel shows its table; without CONFIG_NF_CONNTRACK_PROCFS conntrack(8) asks for it. */
const TABLE = '/proc/thread-self/net/nf_conntrack';

function connectionLines(): string[] {
  const lines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('ipv'));
  if (existsSync(TABLE)) return lines(readFileSync(TABLE, 'utf8'));
  return ['ipv4', 'ipv6'].flatMap((family) => lines(spawnSync('conntrack', ['-L', '-o', 'extended', '-f', family], { encoding: 'utf8' }).stdout));
}
