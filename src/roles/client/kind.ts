/**
 * Node kind `client`: a person's softphone. Signs in at the user's home, calls, answers, hangs up, sends messages.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { clientCommands } from './commands.js';
import { clientConfig } from './config.js';

export const client: RoleKind = {
  kind: 'client',
  summary: "a person's softphone: signs in, calls, answers, hangs up, sends messages",
  traits: { is: 'endpoint' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(clientConfig),
  references: [{ key: 'stun', trait: 'reflects', addresses: true }],
  commands: clientCommands,
  load: () => import('./client.js'),
};
