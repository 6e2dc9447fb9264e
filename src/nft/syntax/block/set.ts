/**
 * Named sets and maps.
 * @see nft(8), "Sets", "Maps", "Elements"
 * @module
 */
import type { LabError } from '../../../base/error.js';
import { fault, unsupported } from '../../fault.js';
import type { Named } from './block.js';
import { takeBlock } from './block.js';
import { leftSide, setInBraces, takeComment, variable } from '../rule/expressions.js';
import type { File } from '../file.js';
import { placeOf } from '../lexing/token.js';
import type { Expr, NameTree, SetTree, TypeTree } from '../tree.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function takeSetBody(f: File, { name, src }: Named, map: boolean): SetTree {
  const set: Mutable<SetTree> = { name, map, key: null, data: null, interval: false, autoMerge: false, dataInterval: false, size: null, elements: null, src };
  takeBlock(f, () => setItem(f, set));
  return set;
}

function setItem(f: File, set: Mutable<SetTree>): boolean {
  const s = f.reader.tokens;
  const token = s.peek();
  if (s.takeWord('type')) takeTypes(f, set, () => typeNames(f));
  else if (s.takeWord('typeof')) takeTypes(f, set, () => typeExample(f));
  else if (s.takeWord('flags')) takeFlags(f, set);
  else if (s.takeWord('elements')) {
    s.wantSign('=');
    set.elements = takeElements(f);
    return false;
  } else if (!set.map && s.takeWord('auto-merge')) {
    set.autoMerge = true;
    return false;
  } else if (s.takeWord('comment')) takeComment(s);
  else if (s.takeWord('size')) set.size = s.wantNumber('a number of elements').value;
  else if (s.takeWord('policy')) {
    if (!s.takeWord('performance', 'memory')) throw s.wrong('performance or memory');
  } else if (s.atWord('timeout', 'gc-interval')) throw unsupported(token, `a set whose elements time out (${token.text})`);
  else if (s.atWord('counter', 'limit', 'quota', 'ct', 'last')) throw unsupported(token, `a statement at the elements of a set (${token.text})`);
  else throw noItem(f);
  return true;
}

function noItem(f: File): LabError {
  return f.reader.tokens.wrong('one of: type, typeof, flags, elements, auto-merge, size, policy, comment; or "}"');
}

/** `{ ... }`, or a variable that holds it. */
export function takeElements(f: File): Expr {
  return f.reader.tokens.atSign('$') ? variable(f.reader) : setInBraces(f.reader);
}

const FLAGS = ['constant', 'interval', 'timeout', 'dynamic'] as const;

function takeFlags(f: File, set: Mutable<SetTree>): void {
  const s = f.reader.tokens;
  do {
    const token = s.peek();
    const flag = FLAGS.find((word) => s.takeWord(word));
    if (flag === undefined) throw s.wrong(`one of: ${FLAGS.join(', ')}`);
    if (flag === 'timeout') throw unsupported(token, 'a set whose elements time out (flags timeout)');
    if (flag === 'dynamic') throw unsupported(token, 'a set that rules fill (flags dynamic)');
    if (flag === 'interval') set.interval = true;
  } while (s.takeSign(','));
}

function takeTypes(f: File, set: Mutable<SetTree>, take: () => TypeTree): void {
  const s = f.reader.tokens;
  const key = take();
  if (!set.map) {
    set.key = key;
    if (s.atSign(':')) throw s.wrong('the end of the line or ";"', 'a set has no data: write "map" for it');
    return;
  }
  s.wantSign(':', '":" and the type of what the map gives');
  if (s.atWord('counter', 'quota', 'limit', 'secmark', 'synproxy')) throw unsupported(s.peek(), `a map that gives a ${s.peek().text}`);
  if (s.takeWord('verdict')) set.data = 'verdict';
  else {
    set.dataInterval = s.takeWord('interval');
    set.data = take();
  }
  // Both or none: of half a type nothing can be said.
  set.key = key;
}

function typeNames(f: File): TypeTree {
  const s = f.reader.tokens;
  const src = placeOf(s.peek());
  const names: NameTree[] = [];
  do {
    const token = s.peek();
    if (token.kind !== 'word') throw s.wrong('a type, such as ipv4_addr');
    names.push({ name: s.next().text, src: placeOf(token) });
  } while (s.takeSign('.'));
  return { by: 'name', names, src };
}

function typeExample(f: File): TypeTree {
  const expression = leftSide(f.reader);
  return { by: 'example', expression, src: expression.src };
}

/** The parts of a set that must be there. */
export function checkSet(set: SetTree): void {
  if (set.key === null) throw fault('NFT_SYNTAX', set.src, `"${set.name}" has no type`, { expected: set.map ? 'type ipv4_addr : verdict' : 'type ipv4_addr' });
}
