/**
 * Writes impairments in netem's words; {@link parseNetem} reads the same specification back.
 * @module
 */
import { unreachable } from '../../base/assert.js';
import { NO_IMPAIRMENT } from '../impairment.js';
import type { ImpairmentSpec, LossModel } from '../impairment.js';
import { exact, writePercent, writeRate, writeTime } from './units.js';

/** Shortest text; empty for {@link NO_IMPAIRMENT}. */
export function formatNetem(spec: ImpairmentSpec): string {
  const parts: string[] = [];
  if (spec.delay > 0 || spec.jitter > 0) parts.push(formatDelay(spec));
  if (spec.loss !== null) parts.push(formatLoss(spec.loss));
  if (spec.corrupt > 0) parts.push(`corrupt ${writePercent(spec.corrupt)}`);
  if (spec.duplicate > 0) parts.push(`duplicate ${writePercent(spec.duplicate)}`);
  if (spec.reorder > 0) parts.push(`reorder ${writePercent(spec.reorder)}${spec.gap > 0 ? ` gap ${spec.gap}` : ''}`);
  if (spec.rate > 0) parts.push(`rate ${writeRate(spec.rate)}`);
  if (spec.limit !== NO_IMPAIRMENT.limit) parts.push(`limit ${spec.limit}`);
  if (spec.egress !== NO_IMPAIRMENT.egress) parts.push(`egress ${spec.egress}`);
  return parts.join(' ');
}

function formatDelay(spec: ImpairmentSpec): string {
  const jitter = spec.jitter > 0 ? ` ${writeTime(spec.jitter)}` : '';
  const distribution = spec.jitter > 0 && spec.distribution !== 'uniform' ? ` distribution ${spec.distribution}` : '';
  return `delay ${writeTime(spec.delay)}${jitter}${distribution}`;
}

function formatLoss(loss: LossModel): string {
  switch (loss.model) {
    case 'random':
      return `loss ${writePercent(loss.probability)}`;
    case 'gemodel':
      return `loss gemodel ${[loss.p, loss.r, exact(1 - loss.h), exact(1 - loss.k)].map(writePercent).join(' ')}`;
    default:
      return unreachable(loss);
  }
}
