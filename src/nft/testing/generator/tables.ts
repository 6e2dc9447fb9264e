/**
 * Generated rule sets: tables with base chains at the hooks, regular chains, named sets, counters and limits.
 * What comes out is valid: nft takes its text, and the parser reads it back as it was.
 * @module
 * @example
 * const ruleset = generateRuleset(randomRoot(7).stream('rules'), { ...SMALL_WORLD, deterministic: true });
 * writeFileSync('fw.nft', formatRuleset(ruleset));
 */
import type { Rng } from '../../../base/rng.js';
import { typeInfo } from '../../meaning/values/types.js';
import type { BaseChain, Chain, ChainHook, DataType, NamedCounter, NamedLimit, NamedSet, Ruleset, Table, TableFamily } from '../../ruleset.js';
import { anyRule } from './rules.js';
import type { RulePlace } from './rules.js';
import type { TableContents } from './contents.js';
import { NOWHERE, anyElements, setBody } from './values.js';
import { Dice } from './world.js';
import type { World } from './world.js';

/** One table or two; the same stream gives the same rules. */
export function generateRuleset(rng: Rng, world: World): Ruleset {
  const dice = new Dice(rng);
  const families: readonly TableFamily[] = [
    ...(world.hosts4.length > 0 ? (['ip'] as const) : []),
    ...(world.hosts6.length > 0 ? (['ip6'] as const) : []),
    'inet',
    'inet',
  ];
  const tables = [anyTable(dice, world, dice.pick(families), 'one')];
  if (dice.chance(30)) tables.push(anyTable(dice, world, dice.pick(families), 'two'));
  return { files: ['generated'], tables };
}

const SET_TYPES: readonly DataType[] = ['ipv4_addr', 'ipv6_addr', 'inet_service', 'ifname', 'mark', 'inet_proto', 'dscp'];

function anyTable(dice: Dice, world: World, family: TableFamily, name: string): Table {
  const usable = SET_TYPES.filter((type) => (type !== 'ipv4_addr' || world.hosts4.length > 0) && (type !== 'ipv6_addr' || world.hosts6.length > 0));
  const keys = dice.chance(60) ? dice.some(usable).map((type) => [typeInfo(type)]) : [];
  const sets = keys.map(
    (key, i): NamedSet => ({
      name: `set${i}`,
      ...setBody(key, null, dice.chance(90) ? anyElements(dice, world, key, { ranges: true, data: null }) : []),
      src: NOWHERE,
    }),
  );
  const counters = dice.chance(50) ? ['hits', 'misses'].map((counter): NamedCounter => ({ name: counter, packets: 0, bytes: 0, src: NOWHERE })) : [];
  const limits: readonly NamedLimit[] = dice.chance(30)
    ? [{ name: 'slow', limit: { over: false, what: 'packets', amount: dice.between(1, 100), unit: 'second', burst: 5 }, src: NOWHERE }]
    : [];
  const contents: TableContents = {
    family,
    sets: sets.map((set, i) => ({ name: set.name, key: keys[i] ?? [], gives: null })),
    counters: counters.map((c) => c.name),
    limits,
  };
  return { family, name, chains: anyChains(dice, world, contents), sets, counters, limits, src: NOWHERE };
}

const FILTERS: readonly ChainHook[] = ['input', 'forward', 'forward', 'output', 'prerouting', 'postrouting'];

function anyChains(dice: Dice, world: World, table: TableContents): readonly Chain[] {
  const helpers = Array.from({ length: dice.below(4) }, (_, i) => `helper${i}`);
  const place = (more: Partial<RulePlace>): RulePlace => ({
    dice,
    world,
    table,
    family: table.family === 'ip' ? 4 : table.family === 'ip6' ? 6 : null,
    chains: [],
    may: { reject: false, source: false, destination: false, notrack: false, log: true },
    ...more,
  });
  const none = { reject: false, source: false, destination: false, notrack: false, log: true };
  const chains: Chain[] = [];
  for (const [i, hook] of dice.some(FILTERS).entries()) {
    const base = anyBase(dice, 'filter', hook);
    // A chain that is left by a jump may reject, so nothing jumps after routing is done.
    const here =
      hook === 'postrouting'
        ? place({ may: none })
        : place({ chains: helpers, may: { ...none, reject: true, notrack: hook === 'prerouting' && base.priority < -200 } });
    chains.push(anyChain(`${hook}${i}`, base, here));
  }
  const translates = world.nat4.length + world.nat6.length > 0;
  if (translates && dice.chance(50)) chains.push(anyChain('dstnat', anyBase(dice, 'nat', 'prerouting'), place({ may: { ...none, destination: true } })));
  if (translates && dice.chance(50)) chains.push(anyChain('srcnat', anyBase(dice, 'nat', 'postrouting'), place({ may: { ...none, source: true } })));
  // Only to later ones, so no jump leads back.
  for (const [i, name] of helpers.entries()) chains.push(anyChain(name, null, place({ chains: helpers.slice(i + 1), may: { ...none, reject: true } })));
  return chains;
}

function anyBase(dice: Dice, type: 'filter' | 'nat', hook: ChainHook): BaseChain {
  const priorities = type === 'nat' ? [hook === 'prerouting' ? -100 : 100, 0] : hook === 'prerouting' ? [-300, -150, 0] : [-150, 0, 0, 10];
  return { type, hook, priority: dice.pick(priorities), policy: type === 'filter' && dice.chance(30) ? 'drop' : 'accept', policySrc: NOWHERE };
}

function anyChain(name: string, base: BaseChain | null, place: RulePlace): Chain {
  const rules = Array.from({ length: place.dice.below(7) }, (_, i) => ({ number: i + 1, ...anyRule(place) }));
  return { name, base, rules, src: NOWHERE };
}
