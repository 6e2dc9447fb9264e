/**
 * A decision's pairs (the grammar of `capture/comment.ts`) as typed facts.
 * @module
 */
import type { Pairs } from '../../capture/comment.js';
import type { Decided, Line, RouteTaken, RuleMet, Translation } from './story.js';

const NOTHING: Decided = { stage: '', route: null, rule: null, ct: null, nat: [], said: {} };

export function decidedOf(said: Pairs): Decided {
  if (Object.keys(said).length === 0) return NOTHING;
  return { stage: said['stage'] ?? '', route: routeOf(said), rule: ruleOf(said), ct: said['ct'] ?? null, nat: translationsOf(said), said };
}

function routeOf(said: Pairs): RouteTaken | null {
  const prefix = said['route'];
  if (prefix === undefined) return null;
  return {
    prefix,
    via: said['via'] ?? null,
    dev: said['dev'] ?? null,
    metric: said['metric'] ?? null,
    table: said['table'] ?? null,
    member: said['member'] ?? null,
    proto: said['proto'] ?? null,
    chosen: null,
  };
}

/** A chain without a rule's number: its policy. */
function ruleOf(said: Pairs): RuleMet | null {
  const chain = said['chain'];
  if (chain === undefined) return null;
  const number = Number(said['rule'] ?? NaN);
  return { chain, rule: Number.isInteger(number) && number > 0 ? number : null, src: lineOf(said['src']), says: said['says'] ?? null };
}

/** `FILE:LINE`; the file's name may have colons in it. */
export function lineOf(src: string | undefined): Line | null {
  const match = /^(.+):(\d+)$/.exec(src ?? '');
  return match === null ? null : { file: match[1] ?? '', line: Number(match[2]) };
}

/** `from>to`; source and destination may both be translated: `from>to,from>to`. */
function translationsOf(said: Pairs): readonly Translation[] {
  return (said['nat'] ?? '').split(',').flatMap((one) => {
    const [from, to] = one.split('>');
    return from === undefined || from === '' || to === undefined || to === '' ? [] : [{ from, to }];
  });
}
