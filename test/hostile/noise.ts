/**
 * What a hostile node says: octets that are nothing, and spoilt messages of the protocols that are spoken where it sends them.
 */
import type { Rng } from '../../src/base/rng.js';
import { randomRoot } from '../../src/base/rng.js';
import type { Ledger } from '../../src/capture/ledger.js';
import type { Plan } from '../../src/topology/plan.js';

export const UDP_PORTS = [53, 3478, 3479, 50000, 50001, 50002] as const;
export const TCP_PORTS = [53, 443, 5061] as const;

/** A STUN Binding request, a DNS question, an RTP packet, an RTCP report, a ClientHello's beginning, a SIP request. */
const SEEDS: readonly (readonly number[])[] = [
  [0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 6, 0, 3, 97, 58, 98, 0],
  [7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 7, 101, 120, 97, 109, 112, 108, 101, 0, 0, 1, 0, 1],
  [0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, ...Array.from({ length: 40 }, (_, i) => i)],
  [0x80, 200, 0, 6, ...Array.from({ length: 24 }, (_, i) => i)],
  [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, ...Array.from({ length: 60 }, (_, i) => i)],
  [...'INVITE sip:alice@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS x\r\nContent-Length: 99999\r\n\r\n'].map((c) => c.charCodeAt(0)),
];

/** One piece of it. */
export function noise(random: Rng): Uint8Array {
  const seed = SEEDS[random.below(SEEDS.length + 2)];
  if (seed === undefined) return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
  const bytes = Uint8Array.from(seed);
  for (let edits = random.below(4); edits > 0; edits--) bytes[random.below(bytes.length)] = random.below(256);
  return bytes.subarray(0, random.below(8) === 0 ? random.below(bytes.length) : bytes.length);
}

export interface Targets {
  readonly addresses: readonly string[];
  readonly udp: readonly number[];
  readonly tcp: readonly number[];
}

/** All addresses of the lab that a node reaches by the one family that it has, but its own. */
export function targetsOf(plan: Plan, own: string): Targets {
  const family = plan.nodes.find(({ name }) => name === own)?.interfaces[0]?.addresses[0]?.family;
  const addresses = plan.nodes.flatMap((node) =>
    node.name === own ? [] : node.interfaces.flatMap((iface) => iface.addresses.filter((a) => a.family === family)),
  );
  return { addresses: [...new Set(addresses.map(({ address }) => address))], udp: UDP_PORTS, tcp: TCP_PORTS };
}

/** The same noise as a program of Node: `node -e`. Ends when it is ended. */
export function noiseScript(targets: Targets, seed: number): string {
  const random = randomRoot(seed).stream('noise');
  const pieces = Array.from({ length: 60 }, () => noise(random)).map((bytes) => Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(''));
  const pairs = (ports: readonly number[]): readonly (readonly [string, number])[] =>
    shuffled(
      targets.addresses.flatMap((address) => ports.map((port) => [address, port] as const)),
      random,
    );
  // Datagrams in bounded number: what is shown is how roles bear noise, not how many frames a machine forwards in a second.
  return (
    `const u=${JSON.stringify(pairs(targets.udp))},c=${JSON.stringify(pairs(targets.tcp))},p=${JSON.stringify(pieces)}.map(h=>Buffer.from(h,'hex'));` +
    `let n=0,m=0,k=0;const next=()=>p[n++%p.length];const d=require('dgram').createSocket('udp4');d.on('error',()=>{});` +
    `d.bind(0,()=>{setInterval(()=>{const [a,q]=u[m++%u.length];d.send(next(),q,a,()=>{})},50);` +
    `setInterval(()=>{const [a,q]=c[k++%c.length],s=require('net').connect(q,a,()=>{s.write(next());s.write(next());setTimeout(()=>s.destroy(),500)});` +
    `s.on('error',()=>{});setTimeout(()=>s.destroy(),1500)},100);console.log('ready')});`
  );
}

function shuffled<T>(all: readonly T[], random: Rng): readonly T[] {
  const left = [...all];
  return all.flatMap(() => left.splice(random.below(left.length), 1));
}

/** Handshakes that servers refused, of that address: they know it by the name that translators gave it, the ledger by both. */
export function refusedBy(ledger: Ledger, address: string): number {
  const names = new Set(
    ledger
      .flows()
      .filter(({ a }) => a.startsWith(`${address}:`))
      .flatMap(({ a, aliases }) => [a, ...aliases.flatMap((pair) => [pair.a, pair.b])]),
  );
  const refused = ledger.events().filter(({ name }) => name === 'tls-refused');
  return refused.filter(({ fields }) => names.has(/ at (\S+) failed/.exec(fields['why'] ?? '')?.[1] ?? '')).length;
}
