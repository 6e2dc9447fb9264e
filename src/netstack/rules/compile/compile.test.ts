import { describe, expect, it } from 'vitest';
import { compiled, listing } from './testing.js';

const FILE = `table inet filter {
  chain web {
    tcp dport 80 accept comment "the web"
  }
  chain forward {
    type filter hook forward priority 5; policy drop;
    jump web
    drop
  }
}
table ip nat {
  chain web {
    accept
  }
  chain post {
    type nat hook postrouting priority srcnat
    oifname "eth1" masquerade
  }
}
`;

describe('a rule set', () => {
  const { program } = compiled(FILE);

  it('has its chains one after the other; the end of a chain follows its last rule', () =>
    expect(listing(program).map((line) => line.replace(/^(\d+: \w+) .*(else \d+)$/, '$1 $2'))).toEqual([
      '0: EQ else 2',
      '1: ACCEPT else 2',
      '2: END else 3',
      '3: JUMP else 4',
      '4: DROP else 5',
      '5: END else 6',
      '6: ACCEPT else 7',
      '7: END else 8',
      '8: EQ else 10',
      '9: NAT else 10',
      '10: END else 11',
    ]));

  it('tells of base chains where they hook in, and where they start', () =>
    expect(program.baseChains.map(({ name, type, point, priority, drops, family, start }) => [name, type, point, priority, drops, family, start / 6])).toEqual([
      ['inet/filter/forward', 'filter', 'forward', 5, true, 0, 3],
      ['ip/nat/post', 'nat', 'postrouting', 100, false, 4, 8],
    ]));

  it('numbers rules through, with what people know of them', () =>
    expect(program.rules.map(({ chain, number, text, comment, src }) => `${chain} ${number} ${text} (${comment ?? ''}) ${src.line}`)).toEqual([
      'inet/filter/web 1 tcp dport 80 accept (the web) 3',
      'inet/filter/forward 1 jump web () 7',
      'inet/filter/forward 2 drop () 8',
      'ip/nat/web 1 accept () 13',
      'ip/nat/post 1 oifname "eth1" masquerade () 17',
    ]));

  it('a jump goes to the chain of its own table', () => expect(listing(program)[3]).toBe('3: JUMP - 0 0 0 else 4'));
});

it('the same name in another table is another set', () => {
  const { program } = compiled(`table ip a { set s { type mark; elements = { 1 } }
  chain c {
    meta mark @s accept
  }
}
table ip b { set s { type mark; elements = { 2 } }
  chain c {
    meta mark @s accept
  }
}
`);
  expect(program.sets.map((set) => [set.find(Int32Array.of(1)), set.find(Int32Array.of(2))])).toEqual([
    [0, -1],
    [-1, 0],
  ]);
});

it('nothing is compiled to nothing', () => {
  const { program } = compiled('table inet t { }\n');
  expect([program.code.length, program.baseChains.length]).toEqual([0, 0]);
});
