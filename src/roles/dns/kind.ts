/**
 * Node kind `dns`: an authoritative server for the zones that name it; what it does not hold it asks of the node's own
 * `resolvers`, if it has any.
 * @module
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';

export const dns: RoleKind = {
  kind: 'dns',
  summary: 'DNS server: its zones, and a forwarder where the node has resolvers',
  traits: { is: 'server', resolves: true },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(z.strictObject({})),
  commands: {},
  load: () => import('./server.js'),
};
