/**
 * Node kind `client`: a person's softphone. Signs in at the user's home, calls, answers, hangs up, sends messages.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { clientConfig } from './config.js';

export const client: RoleKind = {
  kind: 'client',
  summary: "a person's softphone: signs in, calls, answers, hangs up, sends messages",
  traits: { is: 'endpoint' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(clientConfig),
  references: [{ key: 'stun', trait: 'reflects', addresses: true }],
  commands: {
    'sign-in': 'finds the sign-in server by DNS and registers at the home of the user',
    'sign-out': 'removes the registration',
    call: 'calls a user: { to }; done when media flows or the call was refused',
    'hang-up': 'ends the call',
    mute: 'sends no sound in any call: no RTP at all, as with silence suppression',
    unmute: 'sends sound again',
    message: 'sends an instant message: { to, text }',
    statistics: 'what was sent and received, per call',
  },
  load: () => import('./client.js'),
};
