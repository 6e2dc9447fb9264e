/** One fault is told once, and nothing that follows from it. */
import { expect, it } from 'vitest';
import { faultsOf } from './testing/rulesets.js';

const table = (...lines: readonly string[]): string => `table ip t {\n${lines.join('\n')}\n}\n`;
const USE = 'chain c {\n type filter hook input priority 0\n ip saddr @s accept\n ip saddr vmap @s\n jump d\n}';

it.each([
  ['a map of what is not supported, with elements', table('map m {', 'type ipv4_addr : counter', 'elements = { 10.0.0.1 : "x" }', '}'), ['NFT_UNSUPPORTED']],
  ['a chain with a wrong priority, and its rules', table('chain c {', 'type nat hook output priority dstnat', 'accept', 'drop', '}'), ['NFT_CONFLICT']],
  ['a set of an unknown type, and its uses', table('set s {', 'type ipv4_adr', '}', 'chain d {', '}', USE), ['NFT_UNKNOWN']],
  ['a chain that cannot be, and a jump to it', table('chain d {', 'type nat hook forward priority 0', '}', 'chain c {', 'jump d', '}'), ['NFT_CONFLICT']],
  ['what never was is told', table('chain c {', 'jump nowhere', '}'), ['NFT_UNKNOWN']],
])('%s', (_, text, codes) => expect(faultsOf(text).map(({ code }) => code)).toEqual(codes));
