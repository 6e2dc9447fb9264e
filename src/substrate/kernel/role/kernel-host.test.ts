import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import { millis, type Nanos, seconds } from '../../../base/time.js';
import type { Host, TcpStream } from '../../../host/host.js';
import { type ErrorQueues, openErrorQueues } from './error-queue.js';
import { kernelHost, type TestedHost } from './host.testkit.js';
import { openStream } from './tcp.js';

const ADDRESS = '127.77.3.1';
const NOWHERE = '192.0.2.1'; // RFC 5737; nothing with a loopback source ever leaves for it

describe('the Host port over the kernel', () => {
  let tested: TestedHost;

  beforeEach(async () => {
    tested = await kernelHost(ADDRESS, { dscp: [{ protocol: 'udp', from: 46_000, to: 46_009, dscp: 46 }] });
  });

  afterEach(() => {
    tested.close();
  });

  describe('UDP', () => {
    it('the sender may reuse its bytes at once, the receiver may keep none but copies', async () => {
      const { host } = tested;
      const got: number[][] = [];
      const all = host.deferred<null>('all');
      const receiver = await host.udp({ address: ADDRESS, port: 0 }, (buf, off, len) => {
        // A Buffer's slice would share.
        expect(Object.getPrototypeOf(buf)).toBe(Uint8Array.prototype);
        got.push([...buf.slice(off, off + len)]);
        if (got.length === 50) all.resolve(null);
      });
      const sender = await host.udp({ address: ADDRESS, port: 0 }, () => undefined);
      const scratch = Uint8Array.of(0, 0, 0, 0);
      for (let i = 0; i < 50; i++) {
        scratch.fill(i);
        sender.send(scratch, 1, 2, receiver.local);
        scratch.fill(255);
      }
      await all.promise;
      expect(got).toEqual(Array.from({ length: 50 }, (_, i) => [i, i]));
      sender.close();
      receiver.close();
    });

    it('an ICMP error about one peer costs no datagram to another', async () => {
      const { host } = tested;
      let got = 0;
      const all = host.deferred<null>('all');
      const receiver = await host.udp({ address: ADDRESS, port: 0 }, () => {
        if (++got === 20) all.resolve(null);
      });
      const sender = await host.udp({ address: ADDRESS, port: 0 }, () => undefined);
      const errors: string[] = [];
      sender.onError = (error, to) => errors.push(`${error} ${to.port}`);
      for (let i = 0; i < 20; i++) {
        sender.send(Uint8Array.of(1), 0, 1, host.endpoint(ADDRESS, 9));
        sender.send(Uint8Array.of(2), 0, 1, receiver.local);
      }
      await all.promise;
      expect(new Set(errors)).toEqual(new Set(['port-unreachable 9']));
      sender.close();
      receiver.close();
    });

    it('an error queue is emptied: a descriptor with errors left would be ready for ever, and the event loop never rest', async () => {
      const queues = must(await openErrorQueues(), 'koffi');
      const fds: number[] = [];
      const watched: ErrorQueues = {
        ...queues,
        bind: (address, port) => {
          const bound = queues.bind(address, port);
          if ('fd' in bound) fds.push(bound.fd);
          return bound;
        },
      };
      const { host, close } = await kernelHost(ADDRESS, { errors: watched });
      const socket = await host.udp({ address: ADDRESS, port: 0 }, () => undefined);
      let told = 0;
      const all = host.deferred<null>('all errors');
      socket.onError = () => {
        if (++told === 20) all.resolve(null);
      };
      for (let i = 0; i < 20; i++) socket.send(Uint8Array.of(1), 0, 1, host.endpoint(ADDRESS, 9));
      await all.promise;
      expect(queues.drain(must(fds[0], 'the descriptor'))).toEqual([]);
      socket.close();
      close();
    });

    it('what the node itself cannot send is told: too long, nowhere to go, another family', async () => {
      const { host } = tested;
      const socket = await host.udp({ address: ADDRESS, port: 0 }, () => undefined);
      const told: string[] = [];
      const all = host.deferred<null>('all');
      socket.onError = (error, to) => {
        if (told.push(`${error} ${to.address}`) === 3) all.resolve(null);
      };
      // RFC 768: length is 16 bits and counts the header of 8; RFC 791: so does the total length, with 20 more.
      const bytes = new Uint8Array(65_508);
      socket.send(bytes, 0, bytes.length, host.endpoint(ADDRESS, 9));
      socket.send(bytes, 0, 1, host.endpoint(NOWHERE, 9));
      socket.send(bytes, 0, 1, host.endpoint('::1', 9));
      await all.promise;
      expect(told.sort()).toEqual([`host-unreachable ${NOWHERE}`, 'host-unreachable ::1', `too-big ${ADDRESS}`].sort());
      socket.close();
    });

    it('a closed socket is silent, and its port free', async () => {
      const { host } = tested;
      const socket = await host.udp({ address: ADDRESS, port: 46_100 }, () => expect.unreachable());
      socket.send(Uint8Array.of(1), 0, 1, socket.local);
      socket.close();
      socket.close();
      socket.send(Uint8Array.of(1), 0, 1, socket.local);
      const again = await host.udp({ address: ADDRESS, port: 46_100 }, () => undefined);
      again.close();
    });

    it('a mark that the plan does not set by itself is noted, as is DF', async () => {
      const { host, told } = tested;
      const sockets = [
        await host.udp({ address: ADDRESS, port: 46_000, dscp: 46 }, () => undefined),
        await host.udp({ address: ADDRESS, port: 46_010, dscp: 0 }, () => undefined),
      ];
      expect(told).toEqual([]);
      sockets.push(await host.udp({ address: ADDRESS, port: 46_011, dscp: 34, dontFragment: true }, () => undefined));
      expect(told).toMatchObject([
        { note: 'option-not-set', fields: { protocol: 'udp', port: '46011', option: 'dscp', value: '34' } },
        { note: 'option-not-set', fields: { option: 'dont-fragment' } },
      ]);
      for (const socket of sockets) socket.close();
    });

    it('without the error queue: bound by dgram itself, same errors, ICMP untold', async () => {
      const { host, close } = await kernelHost(ADDRESS, { errors: null });
      const echo = await host.udp({ address: ADDRESS, port: 46_200 }, (buf, off, len, from) => {
        echo.send(buf, off, len, from);
      });
      const taken: unknown = await host.udp({ address: ADDRESS, port: 46_200 }, () => undefined).catch((e: unknown) => e);
      expect(LabError.is(taken) && taken.code).toBe('NET_ADDRESS_IN_USE');
      const answered = host.deferred<number>('echo');
      const socket = await host.udp({ address: ADDRESS, port: 0 }, (_buf, _off, len) => {
        answered.resolve(len);
      });
      socket.onError = () => expect.unreachable();
      socket.send(new Uint8Array(3), 0, 3, host.endpoint(ADDRESS, 9));
      socket.send(new Uint8Array(5), 0, 5, echo.local);
      expect(await answered.promise).toBe(5);
      socket.close();
      echo.close();
      close();
    });
  });

  describe('TCP', () => {
    it('nowhere to go is told apart from refused', async () => {
      const { host } = tested;
      const code = async (address: string, port: number): Promise<string> => {
        const error: unknown = await host.connect({ to: host.endpoint(address, port), from: ADDRESS, timeout: seconds(5) }).catch((e: unknown) => e);
        return LabError.is(error) ? error.code : String(error);
      };
      expect(await code(NOWHERE, 9)).toBe('NET_UNREACHABLE');
      expect(await code(ADDRESS, 9)).toBe('NET_REFUSED');
      expect(tested.waiting.size).toBe(0);
    });

    it('no answer in time', async () => {
      const { host } = tested;
      // A host whose time is up as soon as it is asked: nothing on loopback leaves a SYN unanswered.
      const hurried = {
        name: host.name,
        endpoint: host.endpoint.bind(host),
        cancel: host.cancel.bind(host),
        deferred: host.deferred.bind(host) as Host['deferred'],
        after: (delay: Nanos, fn: () => void) => {
          expect(delay).toBe(7e9);
          fn();
          return host.after(delay, fn);
        },
      };
      const error: unknown = await openStream(hurried, { to: host.endpoint(ADDRESS, 9), timeout: seconds(7) }).catch((e: unknown) => e);
      expect(LabError.is(error) && error.code).toBe('NET_TIMEOUT');
      expect(tested.waiting.size).toBe(0);
    });

    /** A stream that was accepted, and the plain socket at its other end. */
    async function pair(): Promise<{ stream: TcpStream; peer: Socket; done: () => void }> {
      const { host } = tested;
      const accepted = host.deferred<TcpStream>('a stream');
      const listener = await host.listen({ address: ADDRESS, port: 0 }, (stream) => {
        accepted.resolve(stream);
      });
      const peer = connect({ host: ADDRESS, port: listener.local.port, localAddress: ADDRESS, allowHalfOpen: true });
      const stream = await accepted.promise;
      stream.on('error', () => undefined);
      expect(stream.remote).toBe(host.endpoint(ADDRESS, must(peer.localPort, 'port')));
      expect(stream.local).toBe(listener.local);
      return {
        stream,
        peer,
        done: () => {
          stream.destroy();
          peer.destroy();
          listener.close();
        },
      };
    }

    it('a peer that does not read stops the writer', async () => {
      const { stream, peer, done } = await pair();
      peer.pause();
      let pending = 0;
      const chunk = new Uint8Array(65_536);
      // More than any buffer of loopback takes (tcp_wmem and tcp_rmem, 4 and 6 MiB by default).
      for (let i = 0; i < 512; i++) {
        pending++;
        stream.write(chunk, () => pending--);
      }
      expect(stream.writableNeedDrain).toBe(true);
      let got = 0;
      peer.on('data', (bytes) => (got += bytes.length));
      stream.end();
      peer.resume();
      await once(peer, 'end');
      expect([got, pending]).toEqual([512 * 65_536, 0]);
      done();
    });

    it('a role that does not read stops its peer', async () => {
      const { stream, peer, done } = await pair();
      peer.write(new Uint8Array(32 * 1024 * 1024));
      await tested.host.sleep(millis(50));
      // One chunk of the stream, one of the socket beneath: the rest waits in the kernel and at the peer.
      expect(stream.readableLength).toBeLessThanOrEqual(2 * 65_536);
      expect(peer.writableLength).toBeGreaterThan(0);
      let got = 0;
      stream.on('data', (bytes: Uint8Array) => (got += bytes.length));
      peer.end();
      await once(stream, 'end');
      expect(got).toBe(32 * 1024 * 1024);
      done();
    });

    it("destroy without end is RST: the peer's stream was reset", async () => {
      const { stream, peer, done } = await pair();
      stream.destroy();
      const [error] = (await once(peer, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNRESET');
      done();
    });

    it('destroy after end: all that was written gets through, though bytes lie unread', async () => {
      const { stream, peer, done } = await pair();
      peer.write('unread');
      await once(stream, 'readable');
      let got = 0;
      peer.on('data', (bytes) => (got += bytes.length));
      stream.write(new Uint8Array(2_000_000));
      stream.end();
      await once(stream, 'finish');
      stream.destroy();
      await once(peer, 'end');
      expect(got).toBe(2_000_000);
      done();
    });

    it("a peer's RST ends the stream with NET_RESET", async () => {
      const { stream, peer, done } = await pair();
      const failed = once(stream, 'error') as Promise<[Error]>;
      stream.resume();
      peer.resetAndDestroy();
      const [error] = await failed;
      expect(LabError.is(error) && error.code).toBe('NET_RESET');
      done();
    });

    it('a listener that is closed leaves its streams alone, and its port free', async () => {
      const { host } = tested;
      const accepted = host.deferred<TcpStream>('a stream');
      const listener = await host.listen({ address: ADDRESS, port: 46_300 }, (stream) => {
        accepted.resolve(stream);
      });
      const ours = await host.connect({ to: listener.local, timeout: seconds(5) });
      const theirs = await accepted.promise;
      listener.close();
      theirs.end('still here');
      expect(String((await once(ours, 'data'))[0])).toBe('still here');
      ours.end();
      await once(theirs.resume(), 'end');
      const server = createServer().listen({ host: ADDRESS, port: 46_300 });
      await once(server, 'listening');
      server.close();
      ours.destroy();
      theirs.destroy();
    });
  });
});
