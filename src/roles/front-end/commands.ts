/**
 * What a scenario may ask of a front end.
 * @module
 */
import { z } from 'zod';
import { command, NOTHING } from '../commands.js';

export const frontEndCommands = {
  users: command('who is signed in here', NOTHING, z.array(z.string())),
};
