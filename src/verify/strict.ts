/**
 * Nothing that a flow did not ask about may break either: findings of signalling and media flows that broke in a run.
 * @module
 */
import type { Losses } from '../analysis/losses.js';
import type { Finding } from './finding.js';

/** One for each leg that was hurt, the first flow of it as its evidence; empty when all is well. */
export function strictFindings({ broken }: Losses): readonly Finding[] {
  const legs = [...new Set(broken.flatMap(({ hurt }) => hurt))];
  return legs.flatMap((leg) =>
    broken
      .filter(({ hurt }) => hurt.includes(leg))
      .slice(0, 1)
      .map(
        ({ name, why, example }): Finding => ({
          status: 'fail',
          check: `strict/${leg}`,
          subject: leg,
          expected: 'nothing breaks',
          observed: `broken: ${name}`,
          evidence: { packets: [example], total: 1, links: [], drops: [why] },
          src: null,
        }),
      ),
  );
}
