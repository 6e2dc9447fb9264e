import { describe, expect, it } from 'vitest';
import type { KindInfo } from '../plan.js';
import { parseTopology } from '../topology-file.js';
import { SAMPLE_KINDS } from '../testing/sample-kinds.js';
import { errorsOf, faultsOf, planOf } from '../testing/lab.js';

const lab = (users: string, organisations = '{ c: { domains: [c.example, d.example] } }'): string => `name: x
organisations: ${organisations}
topology:
  nodes:
    a: { kind: client }
    b: { kind: client }
    ns: { kind: dns }
    fe: { kind: front-end, config: { domains: [c.example] } }
    r: { kind: router }
users:
  ${users}
`;

describe('users', () => {
  it('belong to the organisation of their domain', () => {
    expect(planOf(lab('zoe@d.example: { node: b, home: fe, password: x }\n  al@c.example: { node: a, home: fe, password: y }')).users).toEqual([
      { address: 'al@c.example', name: 'al', organisation: 'c', node: 'a', home: 'fe', password: 'y', src: { file: 'test.lab.yaml', line: 12, column: 3 } },
      { address: 'zoe@d.example', name: 'zoe', organisation: 'c', node: 'b', home: 'fe', password: 'x', src: { file: 'test.lab.yaml', line: 11, column: 3 } },
    ]);
  });
  it.each([
    ['al@e.example: { node: a, home: fe, password: x }', '11:3 TOPOLOGY_REFERENCE no organisation has the domain "e.example"'],
    ['al@c.example: { node: aa, home: fe, password: x }', '11:25 TOPOLOGY_REFERENCE there is no node "aa"'],
    ['al@c.example: { node: r, home: fe, password: x }', '11:25 TOPOLOGY_REFERENCE nobody sits at "r": it is a router'],
    ['al@c.example: { node: ns, home: fe, password: x }', '11:25 TOPOLOGY_REFERENCE nobody sits at "ns": it is a dns'],
    [
      'al@c.example: { node: a, home: fe, password: x }\n  bo@c.example: { node: a, home: fe, password: x }',
      '12:25 TOPOLOGY_DUPLICATE "al@c.example" sits at "a" already',
    ],
    ['al@c.example: { node: a, home: a, password: x }', '11:34 TOPOLOGY_REFERENCE the node "a" is a client, not a front-end'],
    ['al@c.example: { node: a, home: ef, password: x }', '11:34 TOPOLOGY_REFERENCE there is no node "ef"'],
    ['al: { node: a, home: fe, password: x }', '11:3 TOPOLOGY_SCHEMA "al" can\'t be a name here'],
    ['al@c.example: { node: a, home: fe }', '11:3 TOPOLOGY_SCHEMA "password" is missing'],
  ])('%s', (users, fault) => expect(faultsOf(lab(users))).toEqual([fault]));

  it('suggest the nearest front end', () => {
    expect(errorsOf(lab('al@c.example: { node: a, home: ef, password: x }'))).toMatchObject([
      { expected: 'a node of kind front-end: fe', hint: 'did you mean "fe"?' },
    ]);
  });
  it('are homed where their domain is served', () => {
    const told = [...SAMPLE_KINDS].map(([name, kind]): [string, KindInfo] => [name, { ...kind, servedDomains: () => ['c.example'] }]);
    const errors = parseTopology(lab('al@d.example: { node: a, home: fe, password: x }'), 'test.lab.yaml', new Map(told));
    expect(errors).toMatchObject({
      errors: [
        { code: 'TOPOLOGY_REFERENCE', message: '"fe" does not serve the domain "d.example"', expected: '"d.example" among the domains of "fe": c.example' },
      ],
    });
  });
  it('a domain belongs to one organisation', () => {
    const text = lab('al@c.example: { node: a, home: fe, password: x }', '{ c: { domains: [c.example] }, e: { domains: [c.example] } }');
    expect(faultsOf(text)).toEqual(['2:62 TOPOLOGY_DUPLICATE the domain "c.example" belongs to "c" already']);
  });
});
