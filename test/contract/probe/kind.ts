/**
 * Node kind `probe`: a role whose commands exercise the Host port and report plain data, so that one contract suite
 * judges every substrate, in process or not.
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../../src/topology/config-schema.js';
import { command, NOTHING } from '../../../src/roles/commands.js';
import type { RoleKind } from '../../../src/roles/role.js';

const at = { address: z.string(), port: z.int() };
const to = z.strictObject(at);
const listening = z.strictObject({ port: z.int() });
const length = z.int();
/** The code of what the Host refused. */
const error = z.strictObject({ error: z.string() });
const ttl = z.int();

export const probeCommands = {
  'udp-echo': command('echoes datagrams on a port', z.strictObject(at), listening),
  'udp-exchange': command(
    'sends datagrams and reports what came back',
    z.strictObject({ address: z.string(), to, count: z.int(), length }),
    z.strictObject({
      got: z.array(z.strictObject({ length, intact: z.boolean(), interned: z.boolean() })),
      errors: z.array(z.string()),
      drawn: z.int(),
    }),
  ),
  'udp-send': command('sends a datagram and waits for nothing', z.strictObject({ ...at, to, length }), NOTHING),
  'udp-relay': command('sends on each datagram that comes, because of it', z.strictObject({ ...at, to }), listening),
  'udp-mix': command(
    'sends one datagram for every so many that came, because of all of them',
    z.strictObject({ ...at, to, count: z.int(), length }),
    listening,
  ),
  'udp-bind': command('binds and reports the error, if any', z.strictObject(at), z.union([listening, error])),
  'tcp-echo': command('echoes streams on a port, then half-closes', z.strictObject(at), listening),
  'tcp-sink': command('accepts streams and reads nothing for a while', z.strictObject({ ...at, stall: z.number() }), listening),
  'tcp-exchange': command(
    'connects, writes, half-closes, reads to the end',
    z.strictObject({ address: z.string(), to, length }),
    z.union([z.strictObject({ length, intact: z.boolean(), local: z.string(), elapsed: z.number() }), error]),
  ),
  'tcp-connect': command(
    'connects and reports the error, if any',
    z.strictObject({ to, timeout: z.number() }),
    z.union([z.strictObject({ connected: z.boolean() }), error]),
  ),
  'tls-echo': command('echoes TLS streams on a port', z.strictObject(at), listening),
  'tls-exchange': command(
    'connects by TLS, writes, reads back',
    z.strictObject({ to, length, name: z.string() }),
    z.union([z.strictObject({ length, intact: z.boolean() }), error]),
  ),
  'tls-names': command('tells TLS clients the names that they proved', z.strictObject(at), listening),
  'tls-ask': command(
    'connects by TLS, reads what it is told',
    z.strictObject({ to, name: z.string(), identified: z.boolean() }),
    z.union([z.array(z.string()), error]),
  ),
  'http-serve': command(
    'serves HTTP or HTTPS: an echo of bodies, a stream of events, an upgrade',
    z.strictObject({ ...at, secure: z.boolean().optional() }),
    listening,
  ),
  'http-exchange': command(
    'asks an HTTP server, several times on one connection',
    z.strictObject({ to, length, secure: z.boolean().optional(), name: z.string().optional() }),
    z.union([
      z.strictObject({ kept: z.boolean(), length, intact: z.boolean(), dated: z.boolean(), events: z.string(), status: z.int(), upgraded: z.string() }),
      error,
    ]),
  ),
  timers: command('reports the order in which timers fired', NOTHING, z.strictObject({ order: z.array(z.string()) })),
  stall: command('waits for something that never comes', NOTHING, NOTHING),
  resolve: command(
    'asks the DNS',
    z.strictObject({ name: z.string(), type: z.enum(['A', 'AAAA', 'SRV', 'CNAME']) }),
    z.union([
      z
        .array(
          z.union([
            z.strictObject({ type: z.enum(['A', 'AAAA']), address: z.string(), ttl }),
            z.strictObject({ type: z.literal('CNAME'), target: z.string(), ttl }),
            z.strictObject({ type: z.literal('SRV'), priority: z.int(), weight: z.int(), port: z.int(), target: z.string(), ttl }),
          ]),
        )
        .readonly(),
      error,
    ]),
  ),
  endpoints: command(
    'reports whether endpoints are interned',
    z.strictObject({ address: z.string() }),
    z.strictObject({ same: z.boolean(), other: z.boolean(), addresses: z.array(z.string()) }),
  ),
  random: command('draws numbers', NOTHING, z.array(z.int())),
};

export const probe: RoleKind = {
  kind: 'probe',
  summary: 'exercises the Host port',
  traits: { is: 'server' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(z.strictObject({})),
  tls: true,
  commands: probeCommands,
  load: () => import('./server.js'),
};
