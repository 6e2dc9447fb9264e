/**
 * Ports of one m-line: RTP, and RTCP on the next one unless they share a port (RFC 3550 section 11, RFC 5761), the same
 * on every address of the host, out of a configured range.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { DatagramHandler, Host, UdpSocket } from '../../host/host.js';

export interface PortRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

export interface MediaSocket {
  readonly socket: UdpSocket;
  /** 1 RTP, 2 RTCP. */
  readonly component: number;
}

export interface PortOptions {
  readonly ports: PortRange;
  readonly components: number;
  readonly dscp?: number;
}

/**
 * Binds all sockets of an m-line, starting at a drawn port of the range and going round.
 * Errors: MEDIA_FAILED when every port of the range is in use.
 */
export async function bindPorts(
  host: Host,
  options: PortOptions,
  handlerOf: (address: string, component: number) => DatagramHandler,
): Promise<readonly MediaSocket[]> {
  const { ports, components } = options;
  // With RTCP beside RTP the latter is even.
  const low = components === 2 && ports.from % 2 === 1 ? ports.from + 1 : ports.from;
  const places = Math.floor((ports.to - low + 1) / components);
  if (places > 0) {
    const first = host.random.below(places);
    for (let i = 0; i < places; i++) {
      const bound = await bindAll(host, options, low + components * ((first + i) % places), handlerOf);
      if (bound !== null) return bound;
    }
  }
  throw new LabError('MEDIA_FAILED', `${host.name}: no free media port in ${ports.from}-${ports.to}`, {
    expected: `${components} free UDP port${components > 1 ? 's, the first of them even,' : ''} on every address`,
    hint: 'widen the port range of the node: every m-line of every call takes ports of its own',
  });
}

/** Null when one of the ports is in use; nothing stays bound then. */
async function bindAll(
  host: Host,
  options: PortOptions,
  port: number,
  handlerOf: (address: string, component: number) => DatagramHandler,
): Promise<MediaSocket[] | null> {
  const bound: MediaSocket[] = [];
  try {
    for (let component = 1; component <= options.components; component++) {
      for (const address of host.addresses) {
        const socket = await host.udp(
          { address, port: port + component - 1, ...(options.dscp !== undefined && { dscp: options.dscp }) },
          handlerOf(address, component),
        );
        bound.push({ socket, component });
      }
    }
    return bound;
  } catch (error) {
    for (const { socket } of bound) socket.close();
    if (LabError.is(error) && error.code === 'NET_ADDRESS_IN_USE') return null;
    throw error;
  }
}
