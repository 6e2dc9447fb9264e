/**
 * The peering topology played while links of its circuit fail, on any substrate: by which link a datagram goes, and its
 * echo comes back.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/base/assert.js';
import type { PacketId } from '../../src/base/brand.js';
import { millis, seconds } from '../../src/base/time.js';
import { bridge } from '../../src/roles/bridge/kind.js';
import type { RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import type { Substrate } from '../../src/substrate/substrate.js';
import type { ImpairmentSpec } from '../../src/topology/impairment.js';
import { u16 } from '../../src/wire/bytes.js';
import { probe } from '../contract/probe/kind.js';
import { buildLab, planOf } from '../kernel/support.js';

export const KINDS: ReadonlyMap<string, RoleKind> = new Map([probe, router, bridge].map((kind) => [kind.kind, kind]));

const TEXT = readFileSync(join(import.meta.dirname, '..', '..', 'topologies', 'peering.lab.yaml'), 'utf8');
/** Its clients send and echo what they are told to. */
const PROBES = TEXT.replaceAll('kind: client', 'kind: probe');

const DEAD: Partial<ImpairmentSpec> = { loss: { model: 'random', probability: 1 } };

export interface PeeringPlay {
  /** For each datagram the links outside the LANs, there and back: `er-primary er-primary`; `-` where it was lost. */
  readonly ways: readonly string[];
  /** `bgp-session` events in order, without times: `ce down msee1: interface down`. */
  readonly sessions: readonly string[];
  /** Lab seconds between the silent death of the primary and the change of the route at ce. */
  readonly detected: number;
}

export async function playPeering(substrate: Substrate): Promise<PeeringPlay> {
  const plan = planOf(PROBES, KINDS);
  const recorded = await buildLab(substrate, plan, { kinds: KINDS });
  const { lab } = recorded;
  const address = (node: string): string => must(plan.nodes.find((n) => n.name === node)?.interfaces[0]?.addresses[0], node).address;
  const link = (name: string): (typeof plan.links)[0]['id'] =>
    must(
      plan.links.find((l) => l.name === name),
      name,
    ).id;
  let port = 5000;
  let died = 0;
  await lab.run(
    async ({ sleep }) => {
      await lab.role('service').call('udp-echo', { address: address('service'), port: 7 });
      const send = async (): Promise<void> => {
        await lab.role('alice').call('udp-send', { address: address('alice'), port: ++port, to: { address: address('service'), port: 7 }, length: 20 });
        await sleep(millis(500));
      };
      const set = async (name: string, change: Parameters<typeof lab.links.set>[2], pause: number): Promise<void> => {
        lab.links.set(link(name), 'both', change);
        await sleep(millis(pause));
      };
      await send();
      // Known at once at both ends; Microsoft's core hears of it a few milliseconds later.
      await set('er-primary', { up: false }, 400);
      await send();
      // Five seconds and two round trips after it is up again it is back.
      await set('er-primary', { up: true }, 6000);
      await send();
      // Dead without a sign: BFD takes 900 ms to find out, and until then packets are lost.
      died = lab.clock.now;
      await set('er-primary', DEAD, 100);
      await send();
      await sleep(seconds(1));
      await send();
      // Both: the customer's addresses of the circuit are not known on the Internet, so echoes are lost there.
      await set('er-secondary', { up: false }, 400);
      await send();
    },
    (lab.clock.now + seconds(60)) as typeof lab.clock.now,
  );
  const ledger = await recorded.finish();
  const ways = new Map<number, string[]>();
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const journey = ledger.journey(cursor.id as PacketId);
    const frame = journey === null ? null : ledger.bytes(cursor.id as PacketId, journey.hops[0]?.point ?? 0);
    if (journey === null || frame === null || frame[23] !== 17) continue;
    const [source, target] = [u16(frame, 34), u16(frame, 36)];
    const back = source === 7;
    const crossed = journey.hops
      .map((hop) => ledger.points.at(hop.point).name.split(':')[0] ?? '')
      .filter((name) => plan.links.some((l) => l.name === name && l.segment !== 'customer' && l.segment !== 'microsoft'));
    const way = journey.end.kind === 'delivered' ? crossed.join('+') : '-';
    const entry = ways.get(back ? target : source) ?? [];
    entry[back ? 1 : 0] = way;
    ways.set(back ? target : source, entry);
  }
  const events = ledger.events();
  const moved = events.find((event) => event.name === 'bgp-route' && event.node === 'ce' && event.at > died && event.fields['dev'] === 'er2');
  const sessions = events
    .filter((event) => event.name === 'bgp-session')
    .map(({ node, fields }) => `${node ?? ''} ${fields['state'] ?? ''} ${fields['peer'] ?? ''}${fields['why'] === undefined ? '' : `: ${fields['why']}`}`);
  ledger.close();
  return {
    ways: [...ways].sort(([a], [b]) => a - b).map(([, way]) => [way[0] ?? '-', way[1] ?? '-'].join(' ')),
    sessions,
    detected: ((moved?.at ?? NaN) - died) / 1e9,
  };
}

/** What BGP's rules and timers make of it. */
export const EXPECTED = {
  ways: ['er-primary er-primary', 'er-secondary er-secondary', 'er-primary er-primary', '- -', 'er-secondary er-secondary', 'access+internet -'],
  sessions: [
    'ce down msee1: interface down',
    'msee1 down ce: interface down',
    'ce up msee1',
    'msee1 up ce',
    'ce down msee1: BFD expired after 900ms',
    'msee1 down ce: BFD expired after 900ms',
    'ce down msee2: interface down',
    'msee2 down ce: interface down',
  ],
} as const;
