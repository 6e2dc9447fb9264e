/**
 * Which of several paths to a prefix a speaker uses: the decision process in the order of RFC 4271 9.1.1 and 9.1.2.2.
 * A step keeps those that are best by it; what it leaves out has lost there. MED is compared among paths of one
 * neighbouring AS alone, by elimination, so the order in which paths came decides nothing.
 * @module
 */
import { must } from '../../base/assert.js';
import { BGP_ORIGINS, type BgpCandidate, type BgpPath, type BgpStep } from './bgp.js';

/** A path with what the decision asks of the session that it came by. */
export interface Contender {
  readonly path: BgpPath;
  /** Index of the neighbour; null: the speaker's own. */
  readonly neighbor: number | null;
  readonly ebgp: boolean;
  /** Metric of the route to the next hop. */
  readonly igpCost: number;
  readonly routerId: string;
  readonly peerAddress: string;
  /** Of the speaker. */
  readonly ownAs: number;
}

/** A smaller rank is better. */
interface Rule {
  readonly step: BgpStep;
  readonly rank: (c: Contender) => number;
  /** What is compared, and how a value reads. */
  readonly what: string;
  readonly shown: (c: Contender) => string;
  /** Compared only among those alike by this. */
  readonly among?: (c: Contender) => number;
}

/** RFC 4271 9.1.2.2 c: the AS from which a path was learned; inside an AS that of the speaker. */
const neighbourAs = (c: Contender): number => c.path.asPath[0] ?? c.ownAs;

const RULES: readonly Rule[] = [
  { step: 'own', rank: (c) => (c.neighbor === null ? 0 : 1), what: '', shown: (c) => (c.neighbor === null ? 'its own network' : 'learned') },
  { step: 'local-pref', rank: (c) => -c.path.localPref, what: 'local preference ', shown: (c) => String(c.path.localPref) },
  { step: 'as-path', rank: (c) => c.path.asPath.length, what: 'AS path of ', shown: (c) => String(c.path.asPath.length) },
  { step: 'origin', rank: (c) => BGP_ORIGINS.indexOf(c.path.origin), what: 'origin ', shown: (c) => c.path.origin },
  { step: 'med', rank: (c) => c.path.med ?? 0, what: 'MED ', shown: (c) => String(c.path.med ?? 0), among: neighbourAs },
  { step: 'ebgp', rank: (c) => (c.ebgp ? 0 : 1), what: 'learned by ', shown: (c) => (c.ebgp ? 'eBGP' : 'iBGP') },
  { step: 'igp-cost', rank: (c) => c.igpCost, what: 'cost to the next hop ', shown: (c) => String(c.igpCost) },
  { step: 'router-id', rank: (c) => ipv4Number(c.routerId), what: 'router id ', shown: (c) => c.routerId },
  { step: 'peer-address', rank: () => 0, what: 'peer address ', shown: (c) => c.peerAddress },
];

/** Before this step paths are as good as each other, and may be used side by side. */
const TIE_BREAK: BgpStep = 'router-id';

interface Loss {
  readonly rule: Rule;
  /** Who was better at that step. */
  readonly to: Contender;
}

/**
 * Every contender with its status and reason: the best first, then those used beside it, then the others as they came.
 * @param multipath how many may be used side by side, 1 = the best alone
 */
export function decide(contenders: readonly Contender[], multipath: number): readonly BgpCandidate[] {
  const lost = new Map<Contender, Loss>();
  let left = contenders;
  let tied: readonly Contender[] = [];
  const contests: { readonly rule: Rule; readonly losers: readonly Contender[] }[] = [];
  for (const rule of RULES) {
    if (rule.step === TIE_BREAK) tied = left;
    const kept = rule.step === 'peer-address' ? lowestAddress(left) : bestBy(rule, left);
    const losers = left.filter((c) => !kept.includes(c));
    for (const loser of losers)
      lost.set(loser, {
        rule,
        to: must(
          kept.find((k) => comparable(rule, k, loser)),
          'a winner of the step',
        ),
      });
    if (losers.length > 0) contests.push({ rule, losers });
    left = kept;
  }
  const [best] = left;
  if (best === undefined) return [];
  const beside = best.neighbor === null ? [] : inOrder(tied.filter((c) => c !== best)).slice(0, multipath - 1);
  const losers = contenders.filter((c) => c !== best && !beside.includes(c));
  return [
    { ...of(best), status: 'best', ...decided(best, contests) },
    ...beside.map((c): BgpCandidate => ({ ...of(c), status: 'multipath', step: null, why: 'as good as the best: used beside it' })),
    ...losers.map((c): BgpCandidate => {
      const loss = lost.get(c);
      return { ...of(c), status: 'lost', step: loss?.rule.step ?? null, why: loss === undefined ? '' : versus(loss.rule, c, loss.to) };
    }),
  ];
}

/** The last step at which the best left others behind, and the nearest of these. */
function decided(best: Contender, contests: readonly { readonly rule: Rule; readonly losers: readonly Contender[] }[]): Pick<BgpCandidate, 'step' | 'why'> {
  for (const { rule, losers } of [...contests].reverse()) {
    const [nearest] = inOrder(losers.filter((loser) => comparable(rule, best, loser))).sort((a, b) => rule.rank(a) - rule.rank(b));
    if (nearest !== undefined) return { step: rule.step, why: versus(rule, best, nearest) };
  }
  return { step: null, why: 'the only one' };
}

function comparable(rule: Rule, a: Contender, b: Contender): boolean {
  return rule.among === undefined || rule.among(a) === rule.among(b);
}

function of({ path, neighbor }: Contender): Pick<BgpCandidate, 'path' | 'neighbor'> {
  return { path, neighbor };
}

function bestBy(rule: Rule, contenders: readonly Contender[]): readonly Contender[] {
  const least = new Map<number, number>();
  const group = rule.among ?? ((): number => 0);
  for (const c of contenders) least.set(group(c), Math.min(least.get(group(c)) ?? Infinity, rule.rank(c)));
  return contenders.filter((c) => rule.rank(c) === least.get(group(c)));
}

/** Two sessions with one address cannot be, so one is left. */
function lowestAddress(contenders: readonly Contender[]): readonly Contender[] {
  return inOrder(contenders).slice(0, 1);
}

/** By router id, then by peer address: the order of the last two steps. */
function inOrder(contenders: readonly Contender[]): Contender[] {
  return [...contenders].sort((a, b) => ipv4Number(a.routerId) - ipv4Number(b.routerId) || compareAddresses(a.peerAddress, b.peerAddress));
}

/** `AS path of 2 < 3`: its own value first. */
function versus(rule: Rule, c: Contender, other: Contender): string {
  if (rule.step === 'own' || rule.step === 'ebgp') return `${rule.what}${rule.shown(c)}, the other ${rule.shown(other)}`;
  const better = rule.step === 'peer-address' ? compareAddresses(c.peerAddress, other.peerAddress) < 0 : rule.rank(c) < rule.rank(other);
  // Of local preference more is better, of all else less.
  const sign = better === (rule.step !== 'local-pref') ? '<' : '>';
  const group = rule.among === undefined ? '' : ` of AS ${rule.among(c)}`;
  return `${rule.what}${rule.shown(c)} ${sign} ${rule.shown(other)}${group}`;
}

function ipv4Number(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** IPv4 numerically; IPv6 by its canonical text expanded. */
function compareAddresses(a: string, b: string): number {
  if (!a.includes(':') && !b.includes(':')) return ipv4Number(a) - ipv4Number(b);
  const [x, y] = [expanded(a), expanded(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function expanded(address: string): string {
  const [head = '', tail] = address.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [words(head), words(tail ?? '')];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((word) => word.padStart(4, '0')).join(':');
}
