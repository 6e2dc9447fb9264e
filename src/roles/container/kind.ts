/**
 * Node kind `container`: any image, with the network of its node and nothing else.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import { programCommands } from '../process/commands.js';
import type { RoleKind } from '../role.js';
import { containerConfig } from './config.js';

export const container: RoleKind = {
  kind: 'container',
  summary: 'any container image, run in the network of its node',
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(containerConfig),
  commands: programCommands,
  load: null,
  program: 'container',
  tls: true,
};
