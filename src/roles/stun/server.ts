/**
 * The STUN server role: one socket for each address, the Binding server of `protocol/stun` behind all of them.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Host, UdpSocket } from '../../host/host.js';
import { BindingServer, type BindingServerOut } from '../../protocol/stun/binding-server.js';
import type { RoleContext, RoleServer } from '../role.js';
import { stunConfig } from './config.js';

export async function start(host: Host, context: RoleContext): Promise<RoleServer> {
  const { port } = stunConfig.parse(context.node.config ?? {});
  const server = new BindingServer({ software: 'callpath' });
  const sockets: UdpSocket[] = [];
  for (const address of host.addresses) {
    const socket = await host.udp({ address, port, sync: true }, (buf, off, len, from, cause) => {
      const out: BindingServerOut[] = [];
      server.handle({ kind: 'datagram', local: socket.local, from, bytes: buf.slice(off, off + len), cause }, host.clock.now, out);
      for (const one of out) {
        if (one.kind === 'send') socket.send(one.bytes, 0, one.bytes.length, from, one.cause);
        else host.discard(one.cause, one.why);
      }
    });
    sockets.push(socket);
  }
  return {
    call: (command) => Promise.reject(new LabError('ROLE_COMMAND', `stun knows no command ${command}`, { expected: 'none: a stun node only answers' })),
    stop: () => {
      for (const socket of sockets) socket.close();
      return Promise.resolve();
    },
  };
}
