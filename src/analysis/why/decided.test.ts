import { describe, expect, it, test } from 'vitest';
import { decidedOf, lineOf } from './decided.js';

describe("a decision's pairs as facts", () => {
  it('a rule, a state and translations', () => {
    const said = {
      at: 'ce',
      stage: 'forward',
      chain: 'inet/filter/forward',
      rule: '7',
      src: 'rules/fw1.nft:12',
      says: 'no relay range',
      ct: 'new',
      nat: '10.0.1.2:5>192.0.2.1:6,192.0.2.9:7>10.0.4.2:8',
    };
    expect(decidedOf(said)).toEqual({
      stage: 'forward',
      route: null,
      rule: { chain: 'inet/filter/forward', rule: 7, src: { file: 'rules/fw1.nft', line: 12 }, says: 'no relay range' },
      ct: 'new',
      nat: [
        { from: '10.0.1.2:5', to: '192.0.2.1:6' },
        { from: '192.0.2.9:7', to: '10.0.4.2:8' },
      ],
      said,
    });
  });

  it('a route, with what it says and without', () => {
    const route = { route: '10.0.0.0/8', via: '10.0.0.1', dev: 'eth0', metric: '10', table: '100', member: '1/2', proto: 'bgp' };
    const { route: prefix, ...rest } = route;
    expect(decidedOf(route).route).toEqual({ prefix, ...rest, chosen: null });
    expect(decidedOf({ route: '0.0.0.0/0' }).route).toEqual({
      prefix: '0.0.0.0/0',
      via: null,
      dev: null,
      metric: null,
      table: null,
      member: null,
      proto: null,
      chosen: null,
    });
  });

  it('nothing where nothing was said, and where what was said is none', () => {
    expect(decidedOf({})).toEqual({ stage: '', route: null, rule: null, ct: null, nat: [], said: {} });
    expect(decidedOf({ rule: '7', via: '10.0.0.1', nat: 'x>' })).toMatchObject({ rule: null, route: null, nat: [] });
  });

  it.each([undefined, '0', 'x', '1.5'])('a chain whose rule is %s is met by its policy', (rule) => {
    expect(decidedOf({ chain: 'ip/f/c', ...(rule !== undefined && { rule }) }).rule).toEqual({ chain: 'ip/f/c', rule: null, src: null, says: null });
  });
});

test.each([
  ['fw1.nft:12', { file: 'fw1.nft', line: 12 }],
  ['C:/rules/a.nft:3', { file: 'C:/rules/a.nft', line: 3 }],
  ['fw1.nft', null],
  [':12', null],
  [undefined, null],
])('the line %s', (src, line) => {
  expect(lineOf(src)).toEqual(line);
});
