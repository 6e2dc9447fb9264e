/**
 * Node kind `client` of these tests: a phone that speaks SIP and no media, so that signalling is judged alone.
 */
import { zodConfigSchema } from '../../../src/topology/config-schema.js';
import { z } from 'zod';
import { command, NOTHING } from '../../../src/roles/commands.js';
import type { RoleKind } from '../../../src/roles/role.js';

const at = { host: z.string(), port: z.int() };
const status = z.strictObject({ status: z.int() });

export const phoneCommands = {
  listen: command('listens there too', z.strictObject({ port: z.int() }), NOTHING),
  register: command('registers at a server', z.strictObject(at), z.strictObject({ expires: z.int(), at: z.string() })),
  unregister: command('removes the registration', NOTHING, NOTHING),
  call: command(
    'calls a URI',
    z.strictObject({ to: z.string() }),
    z.union([
      z.strictObject({ kind: z.literal('answered'), body: z.string() }),
      z.strictObject({ kind: z.literal('cancelled') }),
      z.strictObject({ kind: z.literal('refused'), status: z.int(), reason: z.string(), error: z.string().nullable() }),
    ]),
  ),
  'hang-up': command('ends the last call, and waits for that', NOTHING, NOTHING),
  bye: command('ends the last call', NOTHING, NOTHING),
  offer: command('offers something new in the last call', NOTHING, status),
  message: command('sends a text', z.strictObject({ to: z.string(), text: z.string() }), status),
  request: command('sends a request outside calls', z.strictObject({ method: z.string(), to: z.string() }), status),
  'request-in-call': command('sends a request in the last call', z.strictObject({ method: z.string() }), status),
  'leave-ringing': command('from now on it rings on when it is called', NOTHING, NOTHING),
  raw: command(
    'writes octets to a server, reads for a second',
    z.strictObject({ ...at, text: z.string() }),
    z.strictObject({ got: z.string(), closed: z.boolean() }),
  ),
};

export const phone: RoleKind = {
  kind: 'client',
  summary: 'a phone without media',
  traits: { is: 'endpoint' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(z.looseObject({})),
  tls: true,
  commands: phoneCommands,
  load: () => import('./phone.js'),
};
