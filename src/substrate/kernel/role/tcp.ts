/**
 * Opening TCP streams on the kernel's stack.
 * @module
 */
import { connect as netConnect, createServer, type Socket } from 'node:net';
import type { ConnectOptions, Endpoint, Host, Listener, ListenOptions, TcpStream } from '../../../host/host.js';
import { netError } from '../../../host/stream.js';
import { NetStream } from './net-stream.js';
import { bindError, errnoOf, streamError } from './socket-error.js';
import { hostPort } from '../../../wire/address.js';

/** As many as the node's somaxconn lets there be; the kernel takes the smaller number. */
const BACKLOG = 65535;

type TcpHost = Pick<Host, 'name' | 'endpoint' | 'after' | 'cancel' | 'deferred'>;

/** Errors: NET_REFUSED, NET_TIMEOUT, NET_UNREACHABLE. */
export async function openStream(host: TcpHost, options: ConnectOptions): Promise<TcpStream> {
  const { to } = options;
  const opened = host.deferred<null>(`connection to ${hostPort(to.address, to.port)}`);
  const socket = netConnect({
    host: to.address,
    port: to.port,
    family: to.family,
    allowHalfOpen: true,
    ...(options.from !== undefined && { localAddress: options.from }),
  });
  const timer = host.after(options.timeout, () => {
    opened.reject(netError('timeout', to));
  });
  const failed = (error: Error): void => {
    opened.reject(streamError(error, to));
  };
  socket.once('error', failed);
  socket.once('connect', () => {
    opened.resolve(null);
  });
  try {
    await opened.promise;
  } catch (error) {
    // A failure that was told once may surface again.
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  } finally {
    host.cancel(timer);
    socket.off('error', failed);
  }
  return dressed(host, socket, to);
}

/** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. */
export async function listenAt(host: TcpHost, options: ListenOptions, accept: (stream: TcpStream) => void): Promise<Listener> {
  const { address, port } = options;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // The peer may have gone again before this is called.
    if (socket.remoteAddress === undefined || socket.remotePort === undefined) socket.destroy();
    else accept(dressed(host, socket, host.endpoint(socket.remoteAddress, socket.remotePort)));
  });
  const listening = host.deferred<null>(`listening at ${hostPort(address, port)}`);
  const failed = (error: Error): void => {
    listening.reject(bindError(errnoOf(error), address, port, host.name));
  };
  server.once('error', failed);
  server.listen({ host: address, port, exclusive: true, backlog: BACKLOG }, () => {
    listening.resolve(null);
  });
  await listening.promise;
  server.off('error', failed);
  const bound = server.address();
  return {
    local: host.endpoint(address, bound !== null && typeof bound === 'object' ? bound.port : port),
    close: () => {
      // Streams that were accepted live on.
      server.close();
    },
  };
}

function dressed(host: TcpHost, socket: Socket, remote: Endpoint): NetStream {
  return new NetStream(socket, host.endpoint(socket.localAddress ?? '', socket.localPort ?? 0), remote);
}
