/**
 * `callpath compose`: a topology as a Compose file.
 * @module
 */
import { composeFile } from '../substrates.js';
import { planOf } from '../files.js';

export function compose(topology: string): void {
  process.stdout.write(composeFile(planOf(topology), { topology }));
}
