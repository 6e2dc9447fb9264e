/**
 * Node kind `process`: any program of this machine, with the network of its node and nothing else.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { type ProcessConfig, processConfig, programTraits } from './config.js';

/** What a scenario may ask of a program; kinds `process` and `container` have the same. */
export const PROGRAM_COMMANDS = {
  start: 'starts the program, as the topology says; done when it is ready',
  wait: 'waits for its end: { code, signal }',
  stop: 'ends it',
  output: 'what it has written since its start, the last 64 KiB',
} as const;

export const process: RoleKind = {
  kind: 'process',
  summary: 'any program of this machine, run in the network of its node',
  traits: (config) => programTraits(config as ProcessConfig),
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(processConfig),
  commands: PROGRAM_COMMANDS,
  load: null,
  program: 'process',
  tls: true,
};
