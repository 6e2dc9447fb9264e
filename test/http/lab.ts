/**
 * Two nodes with a router between them, jitter and loss on the way; a test does with their Hosts what roles would.
 */
import { randomRoot } from '../../src/base/rng.js';
import { type Nanos, seconds } from '../../src/base/time.js';
import type { PacketId } from '../../src/base/brand.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import type { Host } from '../../src/host/host.js';
import { secureContext } from '../../src/host/tls.js';
import { createLabPki, type LabPki } from '../../src/protocol/pki/lab-pki.js';
import type { RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { zodConfigSchema } from '../../src/topology/config-schema.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { z } from 'zod';

export const SERVER = '198.51.100.10';

const topology = (impairments: string): string => `
name: web
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { segment: customer, organisation: lab }
  nodes:
    a: { kind: web, addresses: { eth0: [192.0.2.10/24] }, routes: [{ to: 0.0.0.0/0, via: 192.0.2.1 }] }
    b: { kind: web, addresses: { eth0: [${SERVER}/24] }, routes: [{ to: 0.0.0.0/0, via: 198.51.100.1 }] }
    r: { kind: router, addresses: { eth0: [192.0.2.1/24], eth1: [198.51.100.1/24] } }
  links:
    - { endpoints: ["a:eth0", "r:eth0"], impairments: ${impairments} }
    - { endpoints: ["b:eth0", "r:eth1"], impairments: delay 1ms }
`;

/** Keys take long to make, and their bytes move no packet. */
let pki: Promise<LabPki> | null = null;

export interface Web {
  readonly a: Host;
  readonly b: Host;
}

export interface Ran<T> {
  readonly result: T;
  /** Each packet: length, when it was sent, when it passed each link, how it ended. */
  readonly records: readonly string[];
  readonly ended: Nanos;
}

/** A certificate of the lab's CA for these names. */
export const OTHER = ['shop.example', '*.shop.example'];
export async function otherIdentity(): Promise<ReturnType<typeof secureContext>> {
  const { ca, identities } = await labPki();
  return secureContext({ ca, ...identities.get('other')! });
}

function labPki(): Promise<LabPki> {
  pki ??= createLabPki(
    new Map([
      ['a', ['a.lab.example']],
      ['b', ['b.lab.example']],
      ['other', OTHER],
    ]),
    randomRoot(1).stream('pki'),
  );
  return pki;
}

export async function onSim<T>(
  script: (web: Web) => Promise<T>,
  { seed = 1, impairments = 'delay 5ms 1ms loss 2%', limit = seconds(600) } = {},
): Promise<Ran<T>> {
  const hosts = new Map<string, Host>();
  const web: RoleKind = {
    kind: 'web',
    summary: 'lends its Host to a test',
    traits: { is: 'server' },
    forwards: false,
    bridge: false,
    schema: zodConfigSchema(z.strictObject({})),
    tls: true,
    commands: {},
    load: () =>
      Promise.resolve({
        start(host) {
          hosts.set(host.name, host);
          return Promise.resolve({ call: () => Promise.resolve(null), stop: () => Promise.resolve() });
        },
      }),
  };
  const kinds: ReadonlyMap<string, RoleKind> = new Map([web, router].map((kind) => [kind.kind, kind]));
  const parsed = parseTopology(topology(impairments), 'web.lab.yaml', kinds);
  if (!parsed.ok) throw new Error(parsed.errors.map((e) => e.message).join('\n'));
  const { plan } = parsed;
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const run = { version: '0', topology: plan.name, hash: plan.hash, seed, records: 'both' } as const;
  const recorder = new Recorder({ points, decisions, sink: null, run, originSeconds: sim.originSeconds() });
  const lab = await sim.build(plan, { kinds, recorder, decisions, seed, pki: await labPki(), signal: new AbortController().signal });
  const result = await lab.run(() => script({ a: hosts.get('a')!, b: hosts.get('b')! }), limit);
  const ended = lab.clock.now;
  await lab.close();
  recorder.close(ended);
  const ledger = recorder.ledger();
  const records = Array.from({ length: ledger.packets }, (_, i) => {
    const journey = ledger.journey((i + 1) as PacketId);
    if (journey === null) return 'none';
    const hops = journey.hops.map((hop) => `${hop.point}:${hop.out}-${hop.in}`).join(' ');
    return `${journey.length} ${journey.start} ${hops} ${journey.end.kind}`;
  });
  return { result, records, ended };
}
