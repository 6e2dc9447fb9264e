/**
 * Node kind `probe`: a role whose commands exercise the Host port and report plain data, so that one contract suite
 * judges every substrate, in process or not.
 */
import { z } from 'zod';
import { zodConfigSchema } from '../../../src/topology/config-schema.js';
import type { RoleKind } from '../../../src/roles/role.js';

export const probe: RoleKind = {
  kind: 'probe',
  summary: 'exercises the Host port',
  traits: { is: 'server' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(z.strictObject({})),
  tls: true,
  commands: {
    'udp-echo': 'echoes datagrams on a port',
    'udp-exchange': 'sends datagrams and reports what came back',
    'udp-send': 'sends a datagram and waits for nothing',
    'udp-relay': 'sends on each datagram that comes, because of it',
    'udp-mix': 'sends one datagram for every so many that came, because of all of them',
    'udp-bind': 'binds and reports the error, if any',
    'tcp-echo': 'echoes streams on a port, then half-closes',
    'tcp-sink': 'accepts streams and reads nothing for a while',
    'tcp-exchange': 'connects, writes, half-closes, reads to the end',
    'tcp-connect': 'connects and reports the error, if any',
    'tls-echo': 'echoes TLS streams on a port',
    'tls-exchange': 'connects by TLS, writes, reads back',
    'tls-names': 'tells TLS clients the names that they proved',
    'tls-ask': 'connects by TLS, reads what it is told',
    'http-serve': 'serves HTTP or HTTPS: an echo of bodies, a stream of events, an upgrade',
    'http-exchange': 'asks an HTTP server, several times on one connection',
    timers: 'reports the order in which timers fired',
    stall: 'waits for something that never comes',
    resolve: 'asks the DNS',
    endpoints: 'reports whether endpoints are interned',
    random: 'draws numbers',
  },
  load: () => import('./server.js'),
};
