/**
 * Node kind `process`: any program of this machine, with the network of its node and nothing else.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { programCommands } from './commands.js';
import { type ProcessConfig, processConfig, programTraits } from './config.js';

export const process: RoleKind = {
  kind: 'process',
  summary: 'any program of this machine, run in the network of its node',
  traits: (config) => programTraits(config as ProcessConfig),
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(processConfig),
  commands: programCommands,
  load: null,
  program: 'process',
  tls: true,
};
