/**
 * Node kind `bridge`: joins its links into one LAN (MAC bridge). It has no role code: the net stack does all of it.
 * @module
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';

export const bridge: RoleKind = {
  kind: 'bridge',
  summary: 'joins its links into one LAN (MAC bridge)',
  traits: { is: 'equipment' },
  forwards: false,
  bridge: true,
  schema: zodConfigSchema(z.strictObject({})),
  commands: {},
  load: null,
};
