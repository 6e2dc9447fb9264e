/**
 * Node kind `nat`: a NAPT of IPv4 with the behaviours of RFC 4787 by name. It has no role code: the emulated node does
 * all of it, on every substrate.
 * @module
 */
import { zodConfigSchema } from '../../topology/config-schema.js';
import type { RoleKind } from '../role.js';
import { natConfig, type NatConfig, natFits } from './config.js';

const why = 'it keeps its own table of mappings';
const instead = 'a router with rules beside it';

export const nat: RoleKind = {
  kind: 'nat',
  summary: 'translates addresses and ports of IPv4 between inside and outside (RFC 4787)',
  traits: { is: 'equipment' },
  forwards: true,
  bridge: false,
  schema: zodConfigSchema(natConfig),
  refuses: [
    { key: 'firewall', why, instead },
    { key: 'conntrack', why, instead: 'timeouts, in its config' },
  ],
  fits: (config, interfaces) => natFits(config as NatConfig, interfaces),
  emulated: () => true,
  commands: {},
  load: null,
};
