/**
 * What a scenario may ask of a program; kinds `process` and `container` have the same.
 * @module
 */
import { z } from 'zod';
import { command, NOTHING } from '../commands.js';

/** How a program ended: its exit code, or the signal that ended it. */
const programEnd = z.strictObject({ code: z.int().nullable(), signal: z.string().nullable() });

export const programCommands = {
  start: command('starts the program, as the topology says; done when it is ready', NOTHING, NOTHING),
  wait: command('waits for its end', NOTHING, programEnd),
  stop: command('ends it by SIGTERM, after 2 s by SIGKILL; then as `wait`', NOTHING, programEnd),
  output: command('what it has written since its start, the last 64 KiB', NOTHING, z.string()),
};
