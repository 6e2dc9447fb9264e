/**
 * Node kind `container`: any image, with the network of its node and nothing else.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import { programCommands } from '../process/commands.js';
import type { RoleKind } from '../role.js';
import { programTraits } from '../process/config.js';
import { type ContainerConfig, containerConfig } from './config.js';

export const container: RoleKind = {
  kind: 'container',
  summary: 'any container image, run in the network of its node',
  traits: (config) => programTraits(config as ContainerConfig),
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(containerConfig),
  commands: programCommands,
  load: null,
  program: 'container',
  tls: true,
};
