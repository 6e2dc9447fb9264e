/**
 * What was lost in a run and what broke, in a line or two below its findings.
 * @module
 */
import { kindOf } from '../analysis/losses.js';
import type { BrokenFlow, Loss, Losses } from '../analysis/losses.js';
import { placeWords } from '../analysis/why/words.js';
import { table } from './table.js';
import type { Paint } from './table.js';
import { plural } from './words.js';

/** A reader takes in no more; the report for programs has them all. */
const SHOWN = 8;

/** @param capture the ledger's file, where there is one @param room columns of the terminal */
export function lossText({ groups, broken }: Losses, capture: string | undefined, paint: Paint, room = Infinity): readonly string[] {
  if (groups.length === 0 && broken.length === 0) return [];
  const rows = groups.slice(0, SHOWN).map((loss) => [`${loss.packets}`, loss.reason, placeText(loss)]);
  const rest = groups.slice(SHOWN);
  const more = rest.length === 0 ? [] : [[`${rest.reduce((sum, { packets }) => sum + packets, 0)}`, `for ${plural(rest.length, 'other reason')}`, '']];
  return [
    ...(rows.length === 0 ? [] : [table([['dropped', 'why', 'where'].map(paint.dim), ...rows, ...more], '     ', room)]),
    ...(broken.length === 0 ? [] : [paint.bad(`     ${brokenText(broken)}`), ...hint(broken, capture).map(paint.dim)]),
  ];
}

/** `inet-fw, lab/rules/internet-filter.nft:22`. */
export function placeText({ where, rule }: Loss): string {
  return rule === null ? where : `${where}, ${placeWords(rule)}`;
}

/** `3 flows broken: 1 signalling, 2 stun`. */
function brokenText(broken: readonly BrokenFlow[]): string {
  const counts = new Map<string, number>();
  for (const flow of broken) counts.set(kindOf(flow), (counts.get(kindOf(flow)) ?? 0) + 1);
  return `${plural(broken.length, 'flow')} broken: ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')}`;
}

function hint(broken: readonly BrokenFlow[], capture: string | undefined): readonly string[] {
  const first = broken.find(({ hurt }) => hurt.length > 0) ?? broken[0];
  return capture === undefined || first === undefined ? [] : [`     callpath why ${capture} 'frame.packet_id == ${first.example}'`];
}
