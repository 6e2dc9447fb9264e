/**
 * The router of {@link simRouter} as a namespace of this machine's kernel, its wires TAP devices that the test holds.
 * @module
 */
import { must } from '../../../src/base/assert.js';
import { KernelNode } from '../../../src/substrate/kernel/namespace/kernel-node.js';
import { writeSysctl } from '../../../src/substrate/kernel/namespace/sysctl.js';
import { runTool } from '../../../src/substrate/kernel/namespace/tool.js';
import { loadLibc } from '../../../src/substrate/kernel/tap/libc.js';
import { isGroupReport } from '../../../src/substrate/kernel/tap/tap-port.js';
import { type CameOut, frameInto, natText, type Router, routerPlan, type RouterSpec, stateMarks, type Wire } from './router.js';

const WIRES: readonly Wire[] = ['in', 'out'];
/** Milliseconds. */
const PATIENCE = 100;

export async function kernelRouter(spec: RouterSpec = {}, rules = stateMarks() + natText(spec.nat ?? [])): Promise<Router> {
  const libc = await loadLibc();
  const node = KernelNode.create(libc, routerPlan(spec));
  const { namespace, devices } = node;
  const buffer = new Uint8Array(65_600);
  function* drain(): Iterable<CameOut> {
    for (const [i, device] of devices.entries()) {
      for (;;) {
        const n = libc.read(device.fd, buffer, buffer.length);
        if (n < 14) break;
        // Router solicitations and group reports are the kernel's own.
        if (!isGroupReport(buffer, 0, n) && !isSolicitation(buffer)) yield { wire: must(WIRES[i], 'wire'), frame: buffer.slice(0, n) };
      }
    }
  }
  try {
    await node.configure();
    await runTool(namespace, { tool: 'nft', arguments: ['-f', '-'], input: rules });
    namespace.inside(() => {
      for (const path of ['ipv4/icmp_ratelimit', 'ipv6/icmp/ratelimit']) writeSysctl('router', path, '0');
      for (const [name, value] of Object.entries(spec.conntrack ?? {})) writeSysctl('router', `netfilter/${name}`, String(value));
    });
  } catch (error) {
    node.close();
    throw error;
  }
  return {
    send(wire, packet, awaited = 0) {
      const frame = frameInto(wire, packet);
      for (const stray of drain()) void stray;
      libc.write(must(devices[WIRES.indexOf(wire)], wire).fd, frame, frame.length);
      const out = [...drain()];
      for (const until = performance.now() + PATIENCE; out.length < awaited && performance.now() < until; ) out.push(...drain());
      return out;
    },
    async connections() {
      const lists = await Promise.all(['ipv4', 'ipv6'].map((family) => runTool(namespace, { tool: 'conntrack', arguments: ['-L', '-f', family], input: '' })));
      return lists
        .flatMap((list) =>
          list
            .split('\n')
            .filter((line) => line !== '')
            .map(normalised),
        )
        .sort();
    },
    close() {
      node.close();
    },
  };
}

/** As our own listing: single spaces, no use count. */
function normalised(line: string): string {
  return line
    .replace(/ use=\d+$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function isSolicitation(b: Uint8Array): boolean {
  return b[0] === 0x33 && b[12] === 0x86 && b[20] === 58 && b[54] === 133;
}
