/**
 * Node kind `client` of these tests: a phone that speaks SIP and no media, so that signalling is judged alone.
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../../src/topology/config-schema.js';
import type { RoleKind } from '../../../src/roles/role.js';

export const phone: RoleKind = {
  kind: 'client',
  summary: 'a phone without media',
  traits: { is: 'endpoint' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(z.looseObject({})),
  commands: {
    register: 'registers at { host, port }',
    unregister: '',
    call: 'calls { to }',
    bye: '',
    offer: '',
    message: '{ to, text }',
    request: '{ method, to }',
    raw: 'writes octets to { host, port }, reads for a second',
  },
  load: () => import('./phone.js'),
};
