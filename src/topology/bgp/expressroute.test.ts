/**
 * ExpressRoute as Microsoft documents it (expressroute-routing, -optimize-routing, -bfd, -asymmetric-routing): AS 12076,
 * a circuit of two links, private AS numbers stripped, services told by communities, 200 prefixes a session.
 */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../base/time.js';
import type { BgpCandidate } from './bgp.js';
import { BgpLab } from '../testing/bgp-lab.js';
import { nodeOf } from '../testing/lab.js';

interface Customer {
  readonly as?: number;
  /** Keys of the sessions of ce: primary, secondary. */
  readonly primary?: string;
  readonly secondary?: string;
  readonly networks?: string;
  /** Keys of both sessions at Microsoft's edge. */
  readonly edge?: string;
  readonly timers?: string;
}

/** Name, ends, the first three octets, the last one of the first end (the other has one more), delay in milliseconds. */
const LINKS = [
  ['er-primary', 'ce:er1', 'msee1:er', '198.18.12', 1, 5],
  ['er-secondary', 'ce:er2', 'msee2:er', '198.18.12', 5, 5],
  ['access', 'ce:isp', 'isp:ce', '192.0.2', 1, 20],
  ['core-1', 'msee1:core', 'core:msee1', '192.0.2', 5, 1],
  ['core-2', 'msee2:core', 'core:msee2', '192.0.2', 9, 1],
  ['transit', 'isp:core', 'core:isp', '192.0.2', 13, 20],
] as const;

function end(text: string, network: string, last: number): string {
  const [node, name] = text.split(':');
  return `{ node: ${node}, interface: ${name}, addresses: [${network}.${last}/30] }`;
}

/** ce with two links to msee1 and msee2; both speak iBGP with core, which has the services; isp is the other way. */
function circuit({
  as = 65010,
  primary = '',
  secondary = '',
  networks = '198.51.100.0/24',
  edge = 'maxPrefixes: 200, import: { set: { removePrivateAs: true } }',
  timers = '',
}: Customer = {}): string {
  const more = (words: string): string => (words === '' ? '' : `, ${words}`);
  return `name: x
topology:
  addressing:
    networks: { many: [${Array.from({ length: 201 }, (_, i) => `10.1.${i}.0/24`).join(', ')}] }
  nodes:
    ce:
      kind: router
      bgp:
        as: ${as}
        networks: [${networks}]
        neighbors: [{ node: msee1${more(primary)}${more(timers)} }, { node: msee2${more(secondary)}${more(timers)} }, { node: isp }]
    isp: { kind: router, bgp: { as: 64500, neighbors: [{ node: ce }, { node: core }] } }
    msee1: { kind: router, bgp: { as: 12076, neighbors: [{ node: ce, ${edge}${more(timers)} }, { node: core, nextHopSelf: true }] } }
    msee2: { kind: router, bgp: { as: 12076, neighbors: [{ node: ce, ${edge}${more(timers)} }, { node: core, nextHopSelf: true }] } }
    core:
      kind: router
      bgp:
        as: 12076
        networks: [203.0.113.0/25, 203.0.113.128/25]
        neighbors:
          - { node: msee1, export: &tags [{ match: { prefixes: 203.0.113.0/25 }, set: { addCommunities: "12076:5030" } }, { set: { addCommunities: "12076:5010" } }] }
          - { node: msee2, export: *tags }
          - { node: isp, export: *tags }
  links:
${LINKS.map(([name, one, other, network, last, delay]) => `    - { name: ${name}, endpoints: [${end(one, network, last)}, ${end(other, network, last + 1)}], impairments: delay ${delay}ms }`).join('\n')}
`;
}

const entry = (played: BgpLab, node: string, prefix: string): readonly BgpCandidate[] =>
  nodeOf(played.plan, node).bgp?.table.find((one) => one.prefix === prefix)?.candidates ?? [];
const SERVICE = '203.0.113.0/25';
const OTHER = '203.0.113.128/25';
const CUSTOMER = '198.51.100.0/24';

describe('private AS numbers', () => {
  it('of the customer are stripped: prepending with them has no effect', () => {
    const played = new BgpLab(circuit({ secondary: 'export: { set: { prepend: 3 } }' }));
    expect(entry(played, 'msee2', CUSTOMER).find((c) => c.neighbor === 0)?.path.asPath).toEqual([]);
    // Both links look alike: the decision falls to what means nothing, and not to the prepends.
    expect(entry(played, 'core', CUSTOMER).map((c) => [c.status, c.path.nextHop, c.step])).toEqual([
      ['best', '192.0.2.5', 'router-id'],
      ['lost', '192.0.2.9', 'router-id'],
      ['lost', '192.0.2.13', 'as-path'],
    ]);
  });

  it('public numbers stay: prepending with them makes the secondary longer', () => {
    const played = new BgpLab(circuit({ as: 64496, primary: 'export: { set: { prepend: 2 } }' }));
    expect(entry(played, 'core', CUSTOMER)).toMatchObject([
      { status: 'best', path: { nextHop: '192.0.2.9', asPath: [64496] }, why: 'AS path of 1 < 2' },
      {},
      {},
    ]);
  });

  it('where nobody strips them they count', () => {
    const played = new BgpLab(circuit({ primary: 'export: { set: { prepend: 2 } }', edge: 'maxPrefixes: 200' }));
    expect(entry(played, 'core', CUSTOMER)[0]).toMatchObject({ path: { nextHop: '192.0.2.9', asPath: [65010] }, step: 'as-path' });
  });
});

describe('communities', () => {
  it('12076:5030 alone accepted: SIP and media by the circuit, all else by the Internet', () => {
    const filter = 'import: { match: { communities: "12076:5030" } }';
    const played = new BgpLab(circuit({ primary: filter, secondary: filter }));
    expect(played.routes('ce')).toEqual([`${SERVICE} via 198.18.12.2 dev er1 20`, `${OTHER} via 192.0.2.2 dev isp 20`]);
    expect(entry(played, 'ce', OTHER).map((c) => [c.status, c.why])).toEqual([
      ['best', 'the only one'],
      ['denied', 'no statement of the import policy fits it'],
      ['denied', 'no statement of the import policy fits it'],
    ]);
  });

  it('without a filter everything comes by the circuit: its AS path is shorter', () => {
    expect(new BgpLab(circuit()).routes('ce')).toEqual([`${SERVICE} via 198.18.12.2 dev er1 20`, `${OTHER} via 198.18.12.2 dev er1 20`]);
    expect(
      entry(new BgpLab(circuit()), 'ce', OTHER)
        .map((c) => c.why)
        .at(-1),
    ).toBe('AS path of 2 > 1');
  });

  it('the local preference raised to 150 on one link draws the traffic there', () => {
    const played = new BgpLab(circuit({ secondary: 'import: { set: { localPref: 150 } }' }));
    expect(entry(played, 'ce', SERVICE)[0]).toMatchObject({ neighbor: 1, why: 'local preference 150 > 100' });
  });
});

describe('the limit of 200 prefixes', () => {
  it('is kept by 200', () => {
    const played = new BgpLab(circuit({ networks: 'many' }).replace('10.1.200.0/24', '10.1.199.0/24'));
    expect(nodeOf(played.plan, 'msee1').bgp?.sessions).toEqual([null, null]);
  });

  it('passed by one tears the sessions down, for good: everything falls to the Internet', () => {
    const played = new BgpLab(circuit({ networks: 'many' }));
    expect(nodeOf(played.plan, 'msee1').bgp?.sessions).toEqual(['201 prefixes, over the limit of 200', null]);
    expect(nodeOf(played.plan, 'ce').bgp?.sessions).toEqual(['closed by the neighbour', 'closed by the neighbour', null]);
    expect(played.routes('ce')).toEqual([`${SERVICE} via 192.0.2.2 dev isp 20`, `${OTHER} via 192.0.2.2 dev isp 20`]);
    played.set('er-primary', { up: false });
    played.set('er-primary', { up: true });
    played.until(seconds(600));
    expect(played.routes('ce')).toHaveLength(2);
    expect(played.routes('ce').join()).not.toContain('er1');
  });
});

describe('primary and secondary', () => {
  it('active and active: both are used, by flow', () => {
    const played = new BgpLab(circuit().replace('as: 65010\n', 'as: 65010\n        multipath: 2\n'));
    expect(played.routes('ce')[0]).toBe(`${SERVICE} via 198.18.12.2 dev er1 + via 198.18.12.6 dev er2 20`);
    played.set('er-primary', { up: false });
    expect(played.routes('ce')[0]).toBe(`${SERVICE} via 198.18.12.6 dev er2 20`);
  });

  it.each([
    ['', '180s'],
    ['hold: 10s, keepalive: 3s', '10s'],
    ['hold: 180s, bfd: true', '900ms'],
    ['hold: 180s, bfd: { interval: 750ms }', '2.25s'],
  ])('a primary that breaks without a sign (%s) is left after %s', (timers, after) => {
    const played = new BgpLab(circuit({ timers }));
    played.set('er-primary', { loss: { model: 'random', probability: 1 } });
    played.until(seconds(600));
    expect(played.changes('ce', SERVICE)).toEqual([`${after} via 198.18.12.6`]);
    expect(played.changes('core', CUSTOMER)[0]).toMatch(/via 192\.0\.2\.9$/);
  });

  it('both down: the Internet is left; back when the circuit is', () => {
    const played = new BgpLab(circuit());
    for (const link of ['er-primary', 'er-secondary']) played.set(link, { up: false });
    expect(played.routes('ce')).toEqual([`${SERVICE} via 192.0.2.2 dev isp 20`, `${OTHER} via 192.0.2.2 dev isp 20`]);
    played.until(seconds(1));
    expect(played.routes('core')).toEqual([`${CUSTOMER} via 192.0.2.13 dev isp 20`]);
    for (const link of ['er-primary', 'er-secondary']) played.set(link, { up: true });
    played.until(seconds(20));
    expect(played.routes('ce')).toEqual(new BgpLab(circuit()).routes('ce'));
    expect(played.routes('core')).toEqual(new BgpLab(circuit()).routes('core'));
  });
});
