/**
 * Node kind `stun`: a STUN server (RFC 8489 section 12) that tells clients how they look from its place, also clients of
 * RFC 3489.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { stunConfig } from './config.js';

export const stun: RoleKind = {
  kind: 'stun',
  summary: 'STUN server: answers Binding requests on every address of the node',
  traits: { is: 'server', reflects: true },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(stunConfig),
  commands: {},
  load: () => import('./server.js'),
};
