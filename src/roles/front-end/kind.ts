/**
 * Node kind `front-end`: registrar and proxy of its domains. Users who are homed elsewhere are redirected to their home
 * when they sign in; requests for them go on to it.
 * @module
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';

export const frontEndConfig = z.strictObject({
  domains: z.array(z.string()).min(1).describe('SIP domains that it serves'),
  ports: z.array(z.int().min(1).max(65535)).min(1).default([5061]).describe('TCP ports that it listens on with TLS'),
});

export type FrontEndConfig = z.infer<typeof frontEndConfig>;

export const frontEnd: RoleKind = {
  kind: 'front-end',
  summary: 'SIP registrar and proxy of its domains, over TLS',
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(frontEndConfig),
  tls: true,
  commands: { users: 'who is signed in here' },
  load: () => import('./server.js'),
};
