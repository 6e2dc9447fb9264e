/**
 * `callpath compose`: a topology as a Compose file.
 * @module
 */
import { planOf } from '../../library/load/load.js';
import { composeFile } from '../../library/substrates.js';
import { ExitCode } from '../exit.js';
import type { Io } from '../io.js';

export function compose(topology: string, io: Io): ExitCode {
  io.stdout.write(composeFile(planOf(topology), { topology }));
  return ExitCode.Documented;
}
