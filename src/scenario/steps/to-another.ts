/**
 * Steps between two actors: nobody calls themselves.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { SourceRef } from '../../base/error.js';

interface Between {
  readonly from: string;
  readonly to: string;
  readonly src: SourceRef;
}

/** @param verb what one does to the other */
export function toAnother({ from, to, src }: Between, verb: string): readonly LabError[] {
  return from === to ? [new LabError('FLOW_STEP', `"${from}" cannot ${verb} themselves`, { where: src, expected: 'two actors' })] : [];
}
