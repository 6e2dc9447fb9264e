import { describe, expect, it } from 'vitest';
import { CONTOSO, CONTOSO_FILE, planOf } from '../testing/lab.js';
import { planWarnings } from './warnings.js';

/** Two routers on a LAN, a host behind each. */
const LAB = `
name: two
organisations: { ex: {} }
topology:
  defaults: { organisation: ex }
  nodes:
    a: { kind: client, addresses: { eth0: [10.1.0.10/24] } }
    b: { kind: client, addresses: { eth0: [10.2.0.10/24] } }
    left: { kind: router, addresses: { lan: [10.1.0.1/24], mid: [192.0.2.1/24] }, routes: [{ to: 10.2.0.0/24, via: right }] }
    right: { kind: router, addresses: { lan: [10.2.0.1/24], mid: [192.0.2.2/24] }, routes: [{ to: 10.1.0.0/24, via: left }] }
    lan: { kind: bridge, prefixes: [192.0.2.0/24] }
  links:
    - { endpoints: ["a:eth0", "left:lan"] }
    - { endpoints: ["b:eth0", "right:lan"] }
    - { endpoints: ["left:mid", "lan:p1"] }
    - { endpoints: ["right:mid", "lan:p2"] }
`;

function warnings(...changes: readonly (readonly [string, string])[]): readonly string[] {
  const text = changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(from);
    return before.replace(from, to);
  }, LAB);
  return planWarnings(planOf(text)).map(({ where, code, message }) => `${where?.line ?? 0} ${code} ${message}`);
}

describe('what hardly is meant', () => {
  it('nothing of a lab in which all is in order, nor of the reference topology', () => {
    expect(warnings()).toEqual([]);
    expect(planWarnings(planOf(CONTOSO, CONTOSO_FILE))).toEqual([]);
  });

  it('a node without links', () => {
    expect(warnings(['    lan: { kind', '    alone: { kind: client }\n    lan: { kind'])).toEqual(['11 TOPOLOGY_DOUBTFUL no link leads to "alone"']);
  });

  it('routes that lead back to where packets came from', () => {
    const third: readonly [string, string] = [
      '    lan: { kind',
      '    far: { kind: client, addresses: { eth0: [192.0.2.9/24] }, routes: [{ to: default, via: left }] }\n    lan: { kind',
    ];
    const link: readonly [string, string] = ['  links:\n', '  links:\n    - { endpoints: ["far:eth0", "lan:p3"] }\n'];
    // 10.2.0.0/24 lies behind right; left sends it there, right sends it back since its own interface is another network now.
    const moved: readonly [string, string] = [
      'right: { kind: router, addresses: { lan: [10.2.0.1/24]',
      'right: { kind: router, addresses: { lan: [10.3.0.1/24]',
    ];
    const back: readonly [string, string] = ['routes: [{ to: 10.1.0.0/24, via: left }]', 'routes: [{ to: default, via: left }]'];
    const both: readonly [string, string] = ['["b:eth0", "right:lan"]', '["b:eth0", "right:lan"], prefixes: [10.2.0.0/24, 10.3.0.0/24]'];
    expect(warnings(third, link, moved, back, both)).toEqual(['9 TOPOLOGY_DOUBTFUL packets to 10.2.0.10 (b) go round in a circle: left, right']);
  });

  it('a host that two routers could lead out, of which none is chosen', () => {
    const host: readonly [string, string] = ['    lan: { kind', '    far: { kind: client, addresses: { eth0: [192.0.2.9/24] } }\n    lan: { kind'];
    const link: readonly [string, string] = ['  links:\n', '  links:\n    - { endpoints: ["far:eth0", "lan:p3"] }\n'];
    expect(warnings(host, link)).toEqual(['11 TOPOLOGY_DOUBTFUL "far" has no IPv4 route out of its LAN: of left and right none was chosen']);
    expect(warnings([host[0], host[1].replace('/24] } }', '/24] }, routes: [{ to: default, via: right }] }')], link)).toEqual([]);
  });
});
