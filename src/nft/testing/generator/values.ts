/**
 * Generated values of a data type, and sets of them whose elements do not overlap.
 * @module
 */
import { clash } from '../../meaning/overlaps.js';
import { BITMASKS, CONSTANTS } from '../../meaning/values/constants.js';
import { maximum } from '../../meaning/values/types.js';
import type { TypeInfo } from '../../meaning/values/types.js';
import { addressNumber } from '../../meaning/values/values.js';
import type { Element, MapData, Pattern, SetBody, Value } from '../../ruleset.js';
import type { Dice, World } from './world.js';

export const NOWHERE = { file: 'generated', line: 1, column: 1 } as const;

const number = (value: number): Value => ({ is: 'number', number: value });

/** A single value. */
export function anyValue(dice: Dice, world: World, { type, bits, time }: TypeInfo): Value {
  if (time) return number(dice.pick([500, 1000, 30_000, 90_000, 3_600_000]));
  switch (type) {
    case 'ipv4_addr':
      return { is: 'address', family: 4, address: dice.pick(world.hosts4) };
    case 'ipv6_addr':
      return { is: 'address', family: 6, address: dice.pick(world.hosts6) };
    case 'ifname':
      return { is: 'interface', name: dice.pick(world.interfaces), wildcard: false };
    case 'iface_index':
      // The one that every namespace has.
      return { is: 'interface', name: 'lo', wildcard: false };
    case 'inet_service':
      return number(dice.pick(world.ports));
    case 'mark':
      return number(dice.pick([0, 1, 2, 0x10, 0xff, 0xdeadbeef]));
    case 'inet_proto':
      return number(dice.pick([1, 6, 17, 58]));
    case 'ether_type':
      return number(dice.pick([0x800, 0x86dd]));
    case 'integer':
      return number(dice.pick([0, 1, maximum(Math.min(bits, 8)), maximum(bits) >>> 1]));
    default: {
      const names = [...CONSTANTS[type].values()];
      return number(dice.pick(names));
    }
  }
}

/** A value, a range, a prefix or a wildcard. */
export function anyPattern(dice: Dice, world: World, info: TypeInfo): Pattern {
  const { type } = info;
  if (type === 'ipv4_addr' && world.networks4.length > 0 && dice.chance(50)) return { is: 'prefix', family: 4, ...dice.pick(world.networks4) };
  if (type === 'ipv6_addr' && world.networks6.length > 0 && dice.chance(50)) return { is: 'prefix', family: 6, ...dice.pick(world.networks6) };
  if (type === 'ifname' && dice.chance(25)) return { is: 'interface', name: dice.pick(world.interfaces).slice(0, 2), wildcard: true };
  if (dice.chance(25) && isOrdered(info)) return anyRange(dice, world, info);
  return anyValue(dice, world, info);
}

/** nft compares flags as flags and names as names. */
function isOrdered({ type }: TypeInfo): boolean {
  return (
    !BITMASKS.has(type) &&
    type !== 'ifname' &&
    type !== 'iface_index' &&
    type !== 'ether_type' &&
    type !== 'nf_proto' &&
    type !== 'ct_dir' &&
    type !== 'pkt_type'
  );
}

function anyRange(dice: Dice, world: World, info: TypeInfo): Pattern {
  const ends = [anyValue(dice, world, info), anyValue(dice, world, info)].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { is: 'range', from: ends[0] as Value, to: ends[1] as Value };
}

function order(value: Value): bigint {
  return value.is === 'number' ? BigInt(value.number) : value.is === 'address' ? addressNumber(value.address) : 0n;
}

/** An interval of one value is one value. */
const isRange = (p: Pattern): boolean => p.is === 'range' || p.is === 'prefix' || (p.is === 'interface' && p.wildcard);

/**
 * Up to five elements that do not overlap.
 * @param data of a map, for each element
 */
export function anyElements(
  dice: Dice,
  world: World,
  key: readonly TypeInfo[],
  { ranges, data }: { ranges: boolean; data: (() => MapData) | null },
): readonly Element[] {
  const found: Element[] = [];
  for (let i = dice.between(1, 5); i > 0; i--) {
    const parts = key.map((info) => anyPattern(dice, world, info));
    if (!ranges && parts.some(isRange)) continue;
    const element: Element = { key: parts, data: data?.() ?? null, src: NOWHERE };
    if (clash([...found, element], false) === null && !found.some((one) => JSON.stringify(one.key) === JSON.stringify(parts))) found.push(element);
  }
  if (found.length > 0) return found;
  return [{ key: key.map((info) => anyValue(dice, world, info)), data: data?.() ?? null, src: NOWHERE }];
}

export function setBody(key: readonly TypeInfo[], gives: SetBody['gives'], elements: readonly Element[]): SetBody {
  return { types: key.map(({ type }) => type), gives, elements };
}
