/**
 * Node kind `front-end`: registrar and proxy of its domains. Users who are homed elsewhere are redirected to their home
 * when they sign in; requests for them go on to it.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { frontEndCommands } from './commands.js';
import { type FrontEndConfig, frontEndConfig } from './config.js';

export const frontEnd: RoleKind = {
  kind: 'front-end',
  summary: 'SIP registrar and proxy of its domains, over TLS',
  traits: { is: 'server', homes: true },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(frontEndConfig),
  servedDomains: (config) => (config as FrontEndConfig).domains,
  tls: true,
  commands: frontEndCommands,
  load: () => import('./server.js'),
};
