/**
 * Node kind `router`: forwards packets between its interfaces by its routes. It has no role code: the net stack does all of it.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import { quirksFit } from '../quirks.js';
import type { RoleKind } from '../role.js';
import { routerConfig, type RouterConfig } from './config.js';

export const router: RoleKind = {
  kind: 'router',
  summary: 'forwards packets between its interfaces by its routes',
  traits: { is: 'equipment' },
  forwards: true,
  bridge: false,
  schema: zodConfigSchema(routerConfig),
  fits: (config, interfaces) => quirksFit((config as RouterConfig).quirks ?? {}, interfaces),
  emulated: (config) => (config as RouterConfig).quirks !== undefined,
  commands: {},
  load: null,
};
