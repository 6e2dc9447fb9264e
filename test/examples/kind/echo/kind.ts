/**
 * Node kind `echo`: an Echo server over UDP (RFC 862), and a probe that asks another one.
 * @module
 */
import { zodConfigSchema } from '../../../../src/topology/config-schema.js';
import type { RoleKind } from '../../../../src/roles/role.js';
import { echoCommands } from './commands.js';
import { echoConfig } from './config.js';

export const echo: RoleKind = {
  kind: 'echo',
  summary: 'Echo server: sends every datagram back to where it came from',
  traits: { is: 'server' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(echoConfig),
  commands: echoCommands,
  load: () => import('./server.js'),
};
