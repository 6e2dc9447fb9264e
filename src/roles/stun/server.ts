/**
 * The STUN server role: a socket for each address and port, the Binding server of `protocol/stun` behind all of them.
 * @module
 */
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import type { Host, UdpSocket } from '../../host/host.js';
import { BindingServer, type BindingServerOut } from '../../protocol/stun/binding-server.js';
import { formatAddress, type TransportAddress } from '../../protocol/stun/transport-address.js';
import { serve } from '../commands.js';
import type { RoleContext, RoleServer } from '../role.js';
import { stunConfig } from './config.js';
import { familyOf } from '../../wire/address.js';

export async function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const { port, alternatePort } = stunConfig.parse(context.node.config ?? {});
  const others = alternatePort === undefined ? new Map<string, TransportAddress>() : pairs(host.addresses, port, alternatePort);
  const server = new BindingServer({ software: 'callpath', classic: true, other: (local) => others.get(formatAddress(local)) ?? null });
  const sockets = new Map<string, UdpSocket>();
  const open = async (address: string, at: number): Promise<void> => {
    const socket = await host.udp({ address, port: at }, (buf, off, len, from, cause) => {
      const out: BindingServerOut[] = [];
      server.handle({ kind: 'datagram', local: socket.local, from, bytes: buf.slice(off, off + len), cause }, host.clock.now, out);
      for (const one of out) {
        if (one.kind === 'discard') {
          host.discard(one.cause, one.why);
          continue;
        }
        const to = one.to.port === from.port ? from : host.endpoint(from.address, one.to.port);
        must(sockets.get(formatAddress(one.local)), 'the socket of an origin').send(one.bytes, 0, one.bytes.length, to, one.cause);
      }
    });
    sockets.set(formatAddress(socket.local), socket);
  };
  for (const address of host.addresses) await open(address, port);
  for (const { address, port: at } of others.values()) if (at !== port) await open(address, at);
  return {
    ...serve(host.name, {}, {}),
    stop: () => {
      for (const socket of sockets.values()) socket.close();
      return Promise.resolve();
    },
  };
}

/**
 * RFC 5780 section 6: of two addresses and two ports, each has one in which both differ. The first two addresses of a
 * family, by the four places that they make with the ports. Errors: LAB_ROLE_FAILED when no family has two.
 */
function pairs(addresses: readonly string[], port: number, alternate: number): ReadonlyMap<string, TransportAddress> {
  const places = new Map<string, TransportAddress>();
  for (const family of [4, 6] as const) {
    const [first, second] = addresses.filter((address) => familyOf(address) === family);
    if (first === undefined || second === undefined) continue;
    for (const [address, other] of [
      [first, second],
      [second, first],
    ] as const) {
      places.set(formatAddress({ address, port, family }), { address: other, port: alternate, family });
      places.set(formatAddress({ address, port: alternate, family }), { address: other, port, family });
    }
  }
  if (places.size > 0) return places;
  throw new LabError('LAB_ROLE_FAILED', '`alternatePort` needs two addresses of one family at the node');
}
