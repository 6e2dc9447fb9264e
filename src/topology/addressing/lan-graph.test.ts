import { describe, expect, it } from 'vitest';
import { faultsOf, planOf } from '../testing/lab.js';

const bridges = (links: readonly string[]): string => `name: x
topology:
  nodes:
    s1: { kind: bridge }
    s2: { kind: bridge }
    s3: { kind: bridge }
    a: { kind: client }
    b: { kind: client }
  links:
${links.map((l) => `    - { endpoints: [${l}] }`).join('\n')}
`;

describe('LANs', () => {
  const tree = ['"a:eth0", "s1:p1"', '"s1:p2", "s2:p1"', '"s2:p2", "s3:p1"', '"s3:p2", "b:eth0"'];

  it('reach through a tree of bridges', () => {
    const plan = planOf(bridges(tree));
    const [a, b] = ['a', 'b'].map((n) => plan.nodes.find((x) => x.name === n)?.interfaces[0]);
    expect(a?.neighbours.map((n) => n.mac)).toEqual([b?.mac, b?.mac]);
  });
  it('refuse a loop of bridges, at the link that closes it', () => {
    expect(faultsOf(bridges([...tree, '"s3:p3", "s1:p3"']))).toEqual(['14:7 TOPOLOGY_ENDPOINT the link "s3--s1" closes a loop of bridges (s3, s1)']);
  });
  it('refuse two links between the same bridges', () => {
    expect(faultsOf(bridges([...tree, '"s1:p3", "s2:p3"']))).toContain('14:7 TOPOLOGY_ENDPOINT the link "s1--s2" closes a loop of bridges (s1, s2)');
  });
});
