import type { Cause } from '../../../src/base/brand.js';
import { LabError } from '../../../src/base/error.js';
import { millis, seconds } from '../../../src/base/time.js';
import type { Endpoint, Host, TcpStream } from '../../../src/host/host.js';
import { HttpClient, httpServer, readBody, streamOf } from '../../../src/host/http.js';
import { tlsConnect, tlsListen } from '../../../src/host/tls.js';
import { serve } from '../../../src/roles/commands.js';
import type { RoleServer } from '../../../src/roles/role.js';
import { probeCommands } from './kind.js';

/** Bytes that show a lost, repeated or moved octet: a counter with a long period. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8) * 7) & 0xff);
}

export function sameAsPattern(bytes: Uint8Array): boolean {
  const expected = pattern(bytes.length);
  return bytes.every((byte, i) => byte === expected[i]);
}

async function attempt<T>(work: () => Promise<T>): Promise<T | { error: string }> {
  try {
    return await work();
  } catch (error) {
    if (LabError.is(error)) return { error: error.code };
    throw error;
  }
}

/** Reads a stream to its end. */
async function readAll(host: Host, stream: NodeJS.ReadableStream): Promise<Uint8Array> {
  const done = host.deferred<Uint8Array>('end of stream');
  const parts: Uint8Array[] = [];
  stream.on('data', (part: Uint8Array) => parts.push(part));
  stream.on('end', () => {
    done.resolve(new Uint8Array(parts.reduce<number[]>((all, part) => (all.push(...part), all), [])));
  });
  stream.on('error', (error: Error) => {
    done.reject(LabError.is(error) ? error : new LabError('NET_CLOSED', error.message));
  });
  return done.promise;
}

export function start(host: Host): Promise<RoleServer> {
  const open: { close(): void }[] = [];

  const commands = serve(host.name, probeCommands, {
    async 'udp-echo'({ address, port }) {
      const socket = await host.udp({ address, port }, (buf, off, len, from, cause) => {
        socket.send(buf, off, len, from, cause);
      });
      open.push(socket);
      return { port: socket.local.port };
    },

    async 'udp-exchange'({ address, to, count, length }) {
      const got: { length: number; intact: boolean; interned: boolean }[] = [];
      const errors: string[] = [];
      const peer = host.endpoint(to.address, to.port);
      const finished = host.deferred<null>('all echoes');
      const socket = await host.udp({ address, port: 0 }, (buf, off, len, from) => {
        got.push({ length: len, intact: sameAsPattern(buf.slice(off, off + len)), interned: from === peer });
        if (got.length === count) finished.resolve(null);
      });
      socket.onError = (error) => {
        errors.push(error);
        finished.resolve(null);
      };
      const bytes = pattern(length);
      for (let i = 0; i < count; i++) socket.send(bytes, 0, bytes.length, peer);
      const patience = host.after(seconds(3), () => {
        finished.resolve(null);
      });
      await finished.promise;
      host.cancel(patience);
      socket.close();
      return { got, errors, drawn: socket.local.port };
    },

    async 'udp-relay'({ address, port, to }) {
      const next = host.endpoint(to.address, to.port);
      const socket = await host.udp({ address, port }, (buf, off, len, _from, cause) => {
        socket.send(buf, off, len, next, cause);
      });
      open.push(socket);
      return { port: socket.local.port };
    },

    /** Its own octets, as a mixer's are. */
    async 'udp-mix'({ address, port, to, count, length }) {
      const next = host.endpoint(to.address, to.port);
      let heard: Cause[] = [];
      const socket = await host.udp({ address, port }, (_buf, _off, _len, _from, cause) => {
        heard.push(cause);
        if (heard.length < count) return;
        socket.send(pattern(length), 0, length, next, host.causes(heard));
        heard = [];
      });
      open.push(socket);
      return { port: socket.local.port };
    },

    async 'udp-send'({ address, port, to, length }) {
      const socket = await host.udp({ address, port }, () => undefined);
      socket.onError = () => undefined;
      socket.send(pattern(length), 0, length, host.endpoint(to.address, to.port));
      open.push(socket);
      return {};
    },

    'udp-bind': ({ address, port }) =>
      attempt(async () => {
        const socket = await host.udp({ address, port }, () => undefined);
        open.push(socket);
        return { port: socket.local.port };
      }),

    async 'tcp-echo'({ address, port }) {
      const listener = await host.listen({ address, port }, (stream) => {
        stream.on('error', () => undefined);
        stream.pipe(stream);
      });
      open.push(listener);
      return { port: listener.local.port };
    },

    async 'tcp-sink'({ address, port, stall }) {
      const listener = await host.listen({ address, port }, (stream) => {
        stream.on('error', () => undefined);
        host.after(millis(stall), () => {
          stream.pipe(stream);
        });
      });
      open.push(listener);
      return { port: listener.local.port };
    },

    'tcp-exchange': ({ to, length, address }) =>
      attempt(async () => {
        const began = host.clock.now;
        const stream: TcpStream = await host.connect({ to: host.endpoint(to.address, to.port), timeout: seconds(10), from: address });
        const all = readAll(host, stream);
        stream.end(pattern(length));
        const bytes = await all;
        return { length: bytes.length, intact: sameAsPattern(bytes), local: stream.local.address, elapsed: host.clock.now - began };
      }),

    'tcp-connect': ({ to, timeout }) =>
      attempt(async () => {
        const stream = await host.connect({ to: host.endpoint(to.address, to.port), timeout: millis(timeout) });
        stream.on('error', () => undefined);
        stream.destroy();
        return { connected: true };
      }),

    async 'tls-echo'({ address, port }) {
      const listener = await tlsListen(host, { address, port }, (stream) => {
        stream.on('error', () => undefined);
        stream.pipe(stream);
      });
      open.push(listener);
      return { port: listener.local.port };
    },

    'tls-exchange': ({ to, length, name }) =>
      attempt(async () => {
        const stream = await tlsConnect(host, { to: host.endpoint(to.address, to.port), serverName: name, timeout: seconds(10) });
        const all = readAll(host, stream);
        stream.end(pattern(length));
        const bytes = await all;
        return { length: bytes.length, intact: sameAsPattern(bytes) };
      }),

    /** Tells each client which names its certificate proved. */
    async 'tls-names'({ address, port }) {
      const listener = await tlsListen(host, { address, port, asksClients: true }, (stream) => {
        stream.on('error', () => undefined);
        stream.end(JSON.stringify(stream.clientNames));
      });
      open.push(listener);
      return { port: listener.local.port };
    },

    'tls-ask': ({ to, name, identified }) =>
      attempt(async () => {
        const stream = await tlsConnect(host, { to: host.endpoint(to.address, to.port), serverName: name, timeout: seconds(10), identified });
        return JSON.parse(new TextDecoder().decode(await readAll(host, stream))) as string[];
      }),

    async 'http-serve'({ address, port, secure }) {
      const listener = await httpServer(
        host,
        { address, port, ...(secure && { tls: { applicationProtocols: ['http/1.1'] } }) },
        {
          request(request, response) {
            if (request.url === '/echo') request.pipe(response);
            else if (request.url === '/events') {
              for (const n of [1, 2, 3]) host.after(millis(20 * n), () => void (n < 3 ? response.write(`data: ${n}\n\n`) : response.end('data: 3\n\n')));
            } else response.end(String(streamOf(request).remote.port));
          },
          upgrade(_request, stream) {
            stream.on('error', () => undefined);
            stream.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
            stream.pipe(stream);
          },
        },
      );
      open.push(listener);
      return { port: listener.local.port };
    },

    /** One after the other: who asks, a body there and back, events, another protocol; then what nobody serves. */
    'http-exchange': ({ to, length, secure, name }) =>
      attempt(async () => {
        const where = {
          to: host.endpoint(to.address, to.port),
          timeout: seconds(20),
          ...(secure && { tls: { serverName: name ?? '', applicationProtocols: ['http/1.1'] } }),
        };
        const client = new HttpClient(host, where);
        const text = async (path: string): Promise<string> => new TextDecoder().decode(await readBody(host, (await client.request({ path })).response));
        const ports = [await text('/'), await text('/')];
        const echo = await client.request({ method: 'POST', path: '/echo', body: pattern(length) });
        const bytes = await readBody(host, echo.response);
        const events = await text('/events');
        const { response, stream } = await client.request({ path: '/chat', headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
        if (stream === null) return { error: 'not upgraded' };
        const back = readAll(host, stream);
        stream.end('another protocol');
        const upgraded = new TextDecoder().decode(await back);
        client.close();
        return {
          kept: ports[0] === ports[1],
          length: bytes.length,
          intact: sameAsPattern(bytes),
          dated: 'date' in echo.response.headers,
          events,
          status: response.statusCode ?? 0,
          upgraded,
        };
      }),

    async timers() {
      const order: string[] = [];
      const note = (what: string) => (): void => void order.push(`${what}@${Math.round((host.clock.now - began) / 1e6)}`);
      const began = host.clock.now;
      host.after(millis(30), note('c'));
      host.after(millis(10), note('a'));
      host.after(millis(10), note('b'));
      const stale = host.after(millis(20), note('never'));
      host.cancel(stale);
      host.cancel(stale);
      await host.sleep(millis(40));
      return { order };
    },

    async stall() {
      await host.deferred<null>('a letter that nobody wrote').promise;
      return {};
    },

    resolve: ({ name, type }) => attempt(() => host.resolve(name, type)),

    endpoints({ address }) {
      const a: Endpoint = host.endpoint(address, 5);
      return Promise.resolve({ same: a === host.endpoint(address, 5), other: a === host.endpoint(address, 6), addresses: [...host.addresses] });
    },

    random: () => Promise.resolve(Array.from({ length: 4 }, () => host.random.u32())),
  });

  return Promise.resolve({
    ...commands,
    stop: () => {
      for (const thing of open) thing.close();
      return Promise.resolve();
    },
  });
}
