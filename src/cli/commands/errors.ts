/**
 * `callpath errors`: what the codes mean.
 * @module
 */
import { ERROR_CODES, LabError } from '../../base/error.js';
import type { ErrorCode } from '../../base/error.js';
import { ERROR_HELP, errorReference } from '../../base/error-help.js';
import { didYouMean } from '../../base/suggest.js';
import { ExitCode } from '../exit.js';
import { print } from '../io.js';
import type { Io } from '../io.js';

export function errors(code: string | undefined, io: Io): ExitCode {
  if (code === undefined) {
    io.stdout.write(errorReference());
    return ExitCode.Documented;
  }
  const name = code.toUpperCase();
  if (!isCode(name)) {
    throw new LabError('CLI_USAGE', `there is no error code "${code}"`, {
      expected: 'a code as it stands in a message',
      ...didYouMean(name, Object.keys(ERROR_CODES)),
    });
  }
  print(io, `${name}\n  ${ERROR_HELP[name].meaning}\n  mend it:  ${ERROR_HELP[name].mend}`);
  return ExitCode.Documented;
}

function isCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_CODES, name);
}
