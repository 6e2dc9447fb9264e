import { describe, expect, it } from 'vitest';
import { errorsOf, faultsOf, planOf } from '../testing/lab.js';

const lab = (users: string, organisations = '{ c: { domains: [c.example, d.example] } }'): string => `name: x
organisations: ${organisations}
topology:
  nodes:
    a: { kind: client }
    fe: { kind: front-end, config: { domains: [c.example] } }
    r: { kind: router }
users:
  ${users}
`;

describe('users', () => {
  it('belong to the organisation of their domain', () => {
    expect(planOf(lab('zoe@d.example: { node: a, home: fe, password: x }\n  al@c.example: { node: a, home: fe, password: y }')).users).toEqual([
      { address: 'al@c.example', name: 'al', organisation: 'c', node: 'a', home: 'fe', password: 'y', src: { file: 'test.lab.yaml', line: 10, column: 3 } },
      { address: 'zoe@d.example', name: 'zoe', organisation: 'c', node: 'a', home: 'fe', password: 'x', src: { file: 'test.lab.yaml', line: 9, column: 3 } },
    ]);
  });
  it.each([
    ['al@e.example: { node: a, home: fe, password: x }', '9:3 TOPOLOGY_REFERENCE no organisation has the domain "e.example"'],
    ['al@c.example: { node: aa, home: fe, password: x }', '9:25 TOPOLOGY_REFERENCE there is no node "aa"'],
    ['al@c.example: { node: r, home: fe, password: x }', '9:25 TOPOLOGY_REFERENCE nobody sits at "r": it is a router'],
    ['al@c.example: { node: a, home: a, password: x }', '9:34 TOPOLOGY_REFERENCE the node "a" is a client, not a front-end'],
    ['al@c.example: { node: a, home: ef, password: x }', '9:34 TOPOLOGY_REFERENCE there is no node "ef"'],
    ['al: { node: a, home: fe, password: x }', '9:3 TOPOLOGY_SCHEMA "al" can\'t be a name here'],
    ['al@c.example: { node: a, home: fe }', '9:3 TOPOLOGY_SCHEMA "password" is missing'],
  ])('%s', (users, fault) => expect(faultsOf(lab(users))).toEqual([fault]));

  it('suggest the nearest front end', () => {
    expect(errorsOf(lab('al@c.example: { node: a, home: ef, password: x }'))).toMatchObject([
      { expected: 'a node of kind front-end: fe', hint: 'did you mean "fe"?' },
    ]);
  });
  it('a domain belongs to one organisation', () => {
    const text = lab('al@c.example: { node: a, home: fe, password: x }', '{ c: { domains: [c.example] }, e: { domains: [c.example] } }');
    expect(faultsOf(text)).toEqual(['2:62 TOPOLOGY_DUPLICATE the domain "c.example" belongs to "c" already']);
  });
});
