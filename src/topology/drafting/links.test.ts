import { describe, expect, it } from 'vitest';
import { errorsOf, faultsOf, planOf } from '../testing/lab.js';
import { formatNetem } from '../netem/format-netem.js';

const lab = (link: string, more = ''): string => `name: x
organisations: { one: {}, two: {} }
topology:
  nodes:
    a: { kind: client, organisation: one }
    b: { kind: client, organisation: two }
    c: { kind: client, segment: internet }
    d: { kind: client }
  links:
    - ${link}
${more}`;

const good = '{ endpoints: ["a:eth0", "d:eth0"] }';

describe('links', () => {
  it('get a name, a group, a segment and an organisation', () => {
    expect(planOf(lab(good)).links).toMatchObject([
      {
        id: 0,
        name: 'a--d',
        group: 'a--d',
        segment: 'customer',
        organisation: 'one',
        mtu: 1500,
        up: true,
        ends: [{ nodeName: 'a', interface: 'eth0' }, { nodeName: 'd' }],
        src: { line: 10, column: 7 },
      },
    ]);
    expect(planOf(lab('{ endpoints: ["a:eth0", "c:eth0"], name: l, group: g, segment: internet, mtu: 9000, up: false }')).links).toMatchObject([
      { name: 'l', group: 'g', segment: 'internet', organisation: null, mtu: 9000, up: false },
    ]);
  });
  it('take impairments for both directions, and for each on top of both', () => {
    const both = planOf(lab('{ endpoints: ["a:eth0", "d:eth0"], impairments: delay 1ms }')).links[0]?.impairments.map(formatNetem);
    expect(both).toEqual(['delay 1ms', 'delay 1ms']);
    const each = planOf(lab('{ endpoints: ["a:eth0", "d:eth0"], impairments: { both: delay 1ms, "d->a": loss 1%, "a -> d": delay 2ms } }'));
    expect(each.links[0]?.impairments.map(formatNetem)).toEqual(['delay 2ms', 'delay 1ms loss 1%']);
  });

  it.each([
    ['{ endpoints: ["a:eth0", "x:eth0"] }', '10:31 TOPOLOGY_ENDPOINT there is no node "x"'],
    ['{ endpoints: ["a:eth0", "a:eth1"] }', '10:31 TOPOLOGY_ENDPOINT the link joins "a" to itself'],
    ['{ endpoints: ["a:eth0", "d"] }', '10:31 TOPOLOGY_ENDPOINT "d" is no endpoint'],
    ['{ endpoints: ["a:eth0", "c:eth0"] }', '10:7 TOPOLOGY_SCHEMA the link joins the segments customer and internet, and says not to which it belongs'],
    ['{ endpoints: ["a:eth0", "b:eth0"] }', '10:7 TOPOLOGY_SCHEMA the link joins the organisations one and two, and says not whose it is'],
    ['{ endpoints: ["a:eth0", "b:eth0"], organisation: oen }', '10:56 TOPOLOGY_REFERENCE there is no organisation "oen"'],
    ['{ endpoints: ["a:eth0", "d:eth0"], segment: intranet }', '10:51 TOPOLOGY_SCHEMA "segment" is the text "intranet"'],
    ['{ endpoints: ["a:eth0", "d:eth0"], impairments: { "a->b": loss 1% } }', '10:57 TOPOLOGY_IMPAIRMENT "a->b" is no direction of this link'],
    ['{ endpoints: ["a:eth0", "d:eth0"], impairments: "delay 1ms loss 200%" }', '10:71 TOPOLOGY_IMPAIRMENT "200%" can\'t stand here'],
    ['{ endpoints: ["a:eth0"] }', '10:20 TOPOLOGY_SCHEMA "endpoints" is a list'],
  ])('%s', (link, fault) => expect(faultsOf(lab(link))).toEqual([fault]));

  it('refuse an interface on two links, and two links of one name', () => {
    expect(faultsOf(lab(good, '    - { endpoints: ["d:eth0", "a:eth1"] }\n'))).toEqual(['11:21 TOPOLOGY_ENDPOINT the interface d:eth0 is on two links']);
    expect(errorsOf(lab(good, '    - { endpoints: ["a:eth1", "d:eth1"] }\n'))).toMatchObject([
      { code: 'TOPOLOGY_DUPLICATE', where: { line: 11, column: 7 }, hint: expect.stringContaining('"name"') as string },
    ]);
    expect(faultsOf(lab(good, '    - { endpoints: ["a:eth1", "c:eth1"], segment: customer, name: a--d }\n'))).toEqual([
      '11:67 TOPOLOGY_DUPLICATE two links are called "a--d"',
    ]);
  });
  it('refuse addresses that are given twice', () => {
    const text = lab('{ endpoints: [{ node: a, interface: eth0, addresses: [192.0.2.1/24] }, "d:eth0"] }').replace(
      'organisation: one }',
      'organisation: one, addresses: { eth0: [192.0.2.2/24] } }',
    );
    expect(faultsOf(text)).toEqual(['10:49 TOPOLOGY_DUPLICATE the addresses of a:eth0 are given twice']);
  });
});
