/**
 * The Echo server. "When a datagram is received, the data from it is sent back in an answering datagram" (RFC 862).
 * @module
 */
import { must } from '../../../../src/base/assert.js';
import { type Nanos, seconds } from '../../../../src/base/time.js';
import type { Host, UdpSocket } from '../../../../src/host/host.js';
import { serve } from '../../../../src/roles/commands.js';
import type { RoleContext, RoleServer } from '../../../../src/roles/role.js';
import { echoCommands } from './commands.js';
import { echoConfig } from './config.js';

/** So long is an answer waited for. */
const PATIENCE = seconds(1);

export async function start(host: Host, { node }: RoleContext): Promise<RoleServer> {
  const { port } = echoConfig.parse(node.config ?? {});
  const sent = { datagrams: 0, octets: 0 };
  const sockets: UdpSocket[] = [];
  for (const address of host.addresses) {
    const socket = await host.udp({ address, port }, (buf, off, len, from, cause) => {
      // The cause is what lets the ledger say which datagram an answer belongs to.
      socket.send(buf, off, len, from, cause);
      sent.datagrams += 1;
      sent.octets += len;
    });
    sockets.push(socket);
  }
  return {
    ...serve(host.name, echoCommands, {
      count: () => ({ ...sent }),
      probe: (asked) => probe(host, asked),
    }),
    stop: () => {
      for (const socket of sockets) socket.close();
      return Promise.resolve();
    },
  };
}

interface Probing {
  readonly to: string;
  readonly port: number;
  readonly datagrams: number;
}

/** Time and promises are the Host's: on the simulator the clock waits for them, and nothing else. */
async function probe(host: Host, { to, port, datagrams }: Probing): Promise<{ answered: number; roundTrip: number | null }> {
  const target = host.endpoint(to, port);
  const address = must(
    host.addresses.find((own) => own.includes(':') === (target.family === 6)),
    `an address of the family of ${to}`,
  );
  let heard: (number: number) => void = () => undefined;
  const socket = await host.udp({ address, port: 0 }, (buf, off) => {
    heard(buf[off] as number);
  });
  const trips: number[] = [];
  for (let i = 0; i < datagrams; i++) {
    const number = i & 0xff;
    const sentAt = host.clock.now;
    const answer = host.deferred<Nanos | null>(`${host.name}: an echo of ${to}`);
    // A datagram that comes back too late belongs to no question any more.
    heard = (which) => {
      if (which === number) answer.resolve((host.clock.now - sentAt) as Nanos);
    };
    const timer = host.after(PATIENCE, () => {
      answer.resolve(null);
    });
    socket.send(Uint8Array.of(number), 0, 1, target);
    const trip = await answer.promise;
    host.cancel(timer);
    if (trip !== null) trips.push(trip);
  }
  socket.close();
  return { answered: trips.length, roundTrip: trips.length === 0 ? null : Math.min(...trips) };
}
