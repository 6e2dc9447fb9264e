/**
 * Node kind `router`: forwards packets between its interfaces by its routes. It has no role code: the net stack does all of it.
 * @module
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';

export const router: RoleKind = {
  kind: 'router',
  summary: 'forwards packets between its interfaces by its routes',
  forwards: true,
  bridge: false,
  schema: zodConfigSchema(z.strictObject({})),
  commands: {},
  load: null,
};
