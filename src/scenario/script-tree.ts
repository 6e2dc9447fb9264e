/**
 * What a script is made of: a list of steps, one after the other; in it steps side by side (`together`), and steps at a
 * time (`at`). Plain data.
 * @module
 */
import type { SourceRef } from '../base/error.js';
import { plus, ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { StepTable } from './steps/step-kind.js';
import { STEPS, stepKindOf, type Step } from './steps/table.js';

/** Each item begins when the one before it has ended. */
export type StepList = readonly ScriptItem[];
export type ScriptItem = Step | Together | At;

/** Lists that begin at one time; it ends when each of them has. */
export interface Together {
  readonly do: 'together';
  readonly branches: readonly StepList[];
  readonly src: SourceRef;
}

/** Begins when that much lab time has passed since the list began in which it stands; a branch of its own is a list. */
export interface At {
  readonly do: 'at';
  readonly time: Nanos;
  readonly item: Step | Together;
  /** Where the time is written. */
  readonly src: SourceRef;
}

/** All steps, in the order of the file. */
export function stepsOf(list: StepList): readonly Step[] {
  return list.flatMap((item) => {
    if (item.do === 'together') return item.branches.flatMap(stepsOf);
    return item.do === 'at' ? stepsOf([item.item]) : [item];
  });
}

export interface Late {
  readonly at: At;
  /** How long what stands before it in its list takes, at least. */
  readonly earliest: Nanos;
}

/** Times that are over when their list comes to them, as far as that can be known before a run. @param table that the steps are of */
export function lateTimes(list: StepList, table: StepTable = STEPS): readonly Late[] {
  return walk(list, table).late;
}

/** How long a list takes at least, and what comes too late in it. */
function walk(list: StepList, table: StepTable): { readonly end: Nanos; readonly late: readonly Late[] } {
  const late: Late[] = [];
  let end = ZERO;
  for (const item of list) {
    if (item.do === 'at') {
      if (item.time < end) late.push({ at: item, earliest: end });
      else end = item.time;
    }
    const inner = item.do === 'at' ? item.item : item;
    if (inner.do === 'together') {
      const branches = inner.branches.map((branch) => walk(branch, table));
      late.push(...branches.flatMap((branch) => branch.late));
      end = plus(end, Math.max(...branches.map((branch) => branch.end)) as Nanos);
    } else {
      end = plus(end, stepKindOf(inner, table).lasts?.(inner) ?? ZERO);
    }
  }
  return { end, late };
}
