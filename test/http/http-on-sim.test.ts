/**
 * HTTP over the Host port on virtual time: what a browser, a live stream, a proxy and a WebSocket do, and the same
 * packets at the same times in every run of a seed.
 */
import { createHook } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../src/base/error.js';
import { millis, type Nanos, seconds } from '../../src/base/time.js';
import type { Host, TcpStream } from '../../src/host/host.js';
import { HttpClient, type HttpClientOptions, type HttpHandler, httpRequest, httpServer, readBody, streamOf } from '../../src/host/http.js';
import { tlsConnect, tlsOver, tlsServer } from '../../src/host/tls.js';
import { OTHER, onSim, otherIdentity, SERVER, type Web } from './lab.js';

const MIB = new Uint8Array(1 << 20).map((_, i) => (i * 31 + (i >>> 8) * 7) & 0xff);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((octet, i) => octet === b[i]);

/** RFC 6455 section 4.2.2. */
const accepted = (key: string): string => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** What the server of these tests does, by path. */
function site(host: Host): HttpHandler {
  return {
    request(request, response) {
      switch (request.url) {
        case '/chunked': {
          // Three parts, the later ones from a timer: each leaves at its time.
          response.write('one ');
          host.after(millis(100), () => response.write('two '));
          host.after(millis(200), () => response.end('three'));
          return;
        }
        case '/events': {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          let n = 0;
          const next = (): void => {
            if (response.destroyed) return;
            response.write(`data: ${n++}\n\n`);
            host.after(millis(50), next);
          };
          next();
          return;
        }
        case '/mirror':
          request.pipe(response);
          return;
        case '/slow':
          host.after(seconds(1), () => response.end('late'));
          return;
        default:
          response.end(`${request.method ?? ''} ${request.url ?? ''} by ${streamOf(request).remote.address}`);
      }
    },
    upgrade(request, stream) {
      stream.on('error', () => undefined);
      const key = request.headers['sec-websocket-key'] ?? '';
      stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted(key)}\r\n\r\n`);
      stream.pipe(stream);
    },
    connect(_request, stream) {
      stream.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tlsServer(host, {}, (inner) => {
        inner.on('error', () => undefined);
        inner.pipe(inner);
      })(stream);
    },
  };
}

async function listening({ b }: Web, secure: boolean, handler: HttpHandler = site(b)): Promise<HttpClientOptions & { port: number }> {
  const port = secure ? 443 : 80;
  await httpServer(b, { address: SERVER, port, ...(secure && { tls: { applicationProtocols: ['http/1.1'] } }) }, handler);
  return {
    to: b.endpoint(SERVER, port),
    timeout: seconds(20),
    port,
    ...(secure && { tls: { serverName: 'b.lab.example', applicationProtocols: ['http/1.1'] } }),
  };
}

/** Writes as fast as the stream takes it, and no faster. */
const slowly =
  (bytes: Uint8Array) =>
  (out: Writable): void => {
    let off = 0;
    const go = (): void => {
      while (off < bytes.length) {
        const part = bytes.subarray(off, off + 10_000);
        off += part.length;
        if (!out.write(part)) {
          out.once('drain', go);
          return;
        }
      }
      out.end();
    };
    go();
  };

const get = async (host: Host, client: HttpClient, path: string): Promise<string> => text(await readBody(host, (await client.request({ path })).response));

/** Bytes until the other side ends. */
function readAll(host: Host, stream: NodeJS.ReadableStream): Promise<string> {
  const done = host.deferred<string>('the end of a stream');
  let got = '';
  stream.on('data', (part: Uint8Array) => (got += text(part)));
  stream.on('end', () => {
    done.resolve(got);
  });
  return done.promise;
}

function readSome(host: Host, stream: NodeJS.ReadableStream): Promise<string> {
  const done = host.deferred<string>('bytes of a stream');
  stream.once('data', (part: Uint8Array) => {
    done.resolve(text(part));
  });
  return done.promise;
}

const CASES: Readonly<Record<string, (web: Web, secure: boolean) => Promise<unknown>>> = {
  async 'a GET'(web, secure) {
    const to = await listening(web, secure);
    const { response } = await httpRequest(web.a, { ...to, path: '/x?y=1' });
    expect(response.statusCode).toBe(200);
    expect(response.headers).not.toHaveProperty('date');
    expect(text(await readBody(web.a, response))).toBe('GET /x?y=1 by 192.0.2.10');
  },
  async 'requests on one kept connection'(web, secure) {
    const ports = new Set<number>();
    const to = await listening(web, secure, {
      request(request, response) {
        ports.add(streamOf(request).remote.port);
        response.end('x'.repeat(3000));
      },
    });
    const client = new HttpClient(web.a, to);
    for (let i = 0; i < 5; i++) expect(await get(web.a, client, `/${i}`)).toHaveLength(3000);
    client.close();
    expect(ports.size).toBe(1);
  },
  async 'requests side by side'(web, secure) {
    const to = await listening(web, secure);
    const client = new HttpClient(web.a, to);
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => get(web.a, client, `/${i}`)));
    expect(all).toEqual(all.map((_, i) => `GET /${i} by 192.0.2.10`));
    expect(await get(web.a, client, '/again')).toContain('/again');
    client.close();
  },
  async 'a chunked response, its parts from timers'(web, secure) {
    const to = await listening(web, secure);
    const { response } = await httpRequest(web.a, { ...to, path: '/chunked' });
    expect(response.headers['transfer-encoding']).toBe('chunked');
    expect(text(await readBody(web.a, response))).toBe('one two three');
  },
  async '1 MiB each way, with back-pressure'(web, secure) {
    const to = await listening(web, secure);
    const { response } = await httpRequest(web.a, { ...to, method: 'POST', path: '/mirror', body: slowly(MIB) });
    expect(same(await readBody(web.a, response), MIB)).toBe(true);
  },
  async 'server-sent events, given up in the middle'(web, secure) {
    const to = await listening(web, secure);
    const { response } = await httpRequest(web.a, { ...to, path: '/events' });
    let got = '';
    const enough = web.a.deferred<null>('five events');
    response.on('data', (part: Uint8Array) => {
      got += text(part);
      if (got.includes('data: 4')) enough.resolve(null);
    });
    await enough.promise;
    response.destroy();
    await web.a.sleep(seconds(2));
    expect(got).toMatch(/^data: 0\n\ndata: 1\n\n/);
  },
  async 'pipelined requests'(web, secure) {
    const to = await listening(web, secure);
    const stream: TcpStream = to.tls === undefined ? await web.a.connect(to) : await tlsConnect(web.a, { ...to, ...to.tls });
    const all = readAll(web.a, stream);
    stream.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\nGET /slow HTTP/1.1\r\nHost: b\r\n\r\nGET /3 HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n');
    const got = await all;
    stream.end();
    const bodies = ['GET /1 by', 'late', 'GET /3 by'].map((body) => got.indexOf(body));
    expect(bodies).toEqual([...bodies].sort((x, y) => x - y));
    expect(bodies[0]).toBeGreaterThan(0);
  },
  async 'a tunnel by CONNECT, TLS inside'(web, secure) {
    const to = await listening(web, secure);
    const { response, stream } = await httpRequest(web.a, { ...to, method: 'CONNECT', path: 'b.lab.example:443' });
    expect(response.statusCode).toBe(200);
    const inner = await tlsOver(web.a, stream!, { serverName: 'b.lab.example', timeout: seconds(20) });
    const back = readAll(web.a, inner);
    inner.end('through the tunnel');
    expect(await back).toBe('through the tunnel');
  },
  async 'a WebSocket'(web, secure) {
    const to = await listening(web, secure);
    // Key and answer of RFC 6455 section 1.3.
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const { response, stream } = await httpRequest(web.a, { ...to, path: '/chat', headers });
    expect([response.statusCode, response.headers['sec-websocket-accept']]).toEqual([101, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
    const echo = readSome(web.a, stream!);
    stream!.write('frame');
    expect(await echo).toBe('frame');
    stream!.end();
  },
};

describe.each([
  ['in the clear', false],
  ['over TLS', true],
])('HTTP on the simulator, %s', (_, secure) => {
  it.each(Object.keys(CASES))('%s: works, and three runs of a seed are one run', async (name) => {
    const first = await onSim((web) => CASES[name]!(web, secure));
    expect(first.records.length).toBeGreaterThanOrEqual(8);
    for (let i = 0; i < 2; i++) {
      const again = await onSim((web) => CASES[name]!(web, secure));
      expect(again.records).toEqual(first.records);
      expect(again.ended).toBe(first.ended);
    }
    expect((await onSim((web) => CASES[name]!(web, secure), { seed: 2 })).records).not.toEqual(first.records);
  });
});

describe('HTTP and virtual time', () => {
  it.each([false, true])('starts no timer of Node (TLS: %s)', async (secure) => {
    const started: string[] = [];
    const hook = createHook({
      init(_id, type) {
        if (type !== 'Timeout') return;
        const { stack = '' } = new Error();
        if (/node:(_http|net|internal\/http|_tls|internal\/js_stream)/.test(stack)) started.push(stack);
      },
    });
    hook.enable();
    try {
      for (const run of Object.values(CASES)) await onSim((web) => run(web, secure));
    } finally {
      hook.disable();
    }
    expect(started).toEqual([]);
  });

  it.each([false, true])('a part written by a timer leaves at that time, whatever else happens meanwhile (TLS: %s)', async (secure) => {
    const arrivals = async (noise: boolean): Promise<Nanos[]> =>
      (
        await onSim(
          async (web) => {
            const to = await listening(web, secure);
            const { response } = await httpRequest(web.a, { ...to, path: '/chunked' });
            const times: Nanos[] = [];
            response.on('data', () => times.push(web.a.clock.now));
            // Events that touch nothing: without a word to the driver it would run through all of them first.
            let ticks = 0;
            const tick = (): void => {
              if (noise && ticks++ < 5000) web.b.after(millis(0.1), tick);
            };
            tick();
            await readBody(web.a, response);
            return times;
          },
          { impairments: 'delay 5ms' },
        )
      ).result;
    const quiet = await arrivals(false);
    expect(await arrivals(true)).toEqual(quiet);
    expect(quiet.slice(1).map((t, i) => Math.round((t - quiet[i]!) / 1e6))).toEqual([100, 100]);
  });

  it('a GET takes the two round trips that it must: one to connect, one for the answer', async () => {
    const { result } = await onSim(
      async (web) => {
        const to = await listening(web, false);
        const began = web.a.clock.now;
        const { response } = await httpRequest(web.a, { ...to, path: '/' });
        await readBody(web.a, response);
        return web.a.clock.now - began;
      },
      { impairments: 'delay 5ms' },
    );
    // 12 ms each: links without a rate take no time to send.
    expect(result).toBe(millis(24));
  });

  it('a chunk is one segment, not four', async () => {
    const { records } = await onSim(
      async (web) => {
        const to = await listening(web, false, {
          request(_request, response) {
            response.writeHead(200);
            web.b.after(millis(50), () => response.end('last'));
            response.write('first');
          },
        });
        await readBody(web.a, (await httpRequest(web.a, to)).response);
      },
      { impairments: 'delay 5ms' },
    );
    // Frames of the server with text: head and first chunk; the last chunk and the end. RFC 9112 section 7.1.
    const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'.length;
    const bare = 14 + 20 + 20;
    const lengths = records.map((record) => Number(record.split(' ')[0]));
    expect(lengths).toContain(bare + head + '5\r\nfirst\r\n'.length);
    expect(lengths).toContain(bare + '4\r\nlast\r\n0\r\n\r\n'.length);
  });
});

describe('what goes wrong is told by a code', () => {
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'nothing',
      (error: unknown) => (LabError.is(error) ? error.code : String(error)),
    );
  const still = { impairments: 'delay 5ms' };

  it('nobody listens, nobody answers, the wrong name', async () => {
    await onSim(async (web) => {
      const nobody = { to: web.b.endpoint(SERVER, 8080), timeout: seconds(1) };
      expect(await code(httpRequest(web.a, nobody))).toBe('NET_REFUSED');
      expect(await code(httpRequest(web.a, { ...nobody, to: web.b.endpoint('198.51.100.99', 80) }))).toBe('NET_TIMEOUT');
      const to = await listening(web, true);
      expect(await code(httpRequest(web.a, { ...to, tls: { serverName: 'evil.example' } }))).toBe('TLS_HANDSHAKE');
    }, still);
  });

  it('a server that does not answer in time, one that closes, one that resets, one that speaks no HTTP', async () => {
    await onSim(async (web) => {
      const told: string[] = [];
      const raw = async (port: number, serve: (stream: TcpStream) => void): Promise<HttpClientOptions> => {
        await web.b.listen({ address: SERVER, port }, (stream) => {
          stream.on('error', () => undefined);
          stream.once('data', () => {
            serve(stream);
          });
        });
        return { to: web.b.endpoint(SERVER, port), timeout: seconds(1) };
      };
      for (const [port, serve] of [
        [1, () => undefined],
        [2, (stream: TcpStream) => stream.end()],
        [3, (stream: TcpStream) => stream.destroy()],
        [4, (stream: TcpStream) => stream.end('SSH-2.0-nothing\r\n')],
      ] as const)
        told.push(await code(httpRequest(web.a, await raw(port, serve))));
      expect(told).toEqual(['NET_TIMEOUT', 'NET_CLOSED', 'NET_RESET', 'HTTP_MALFORMED']);
    }, still);
  });

  it('a body that breaks off is no shorter body', async () => {
    await onSim(async (web) => {
      const to = await listening(web, false, {
        request(_request, response) {
          response.writeHead(200, { 'Content-Length': 100 });
          response.write('only this');
          web.b.after(millis(50), () => response.destroy());
        },
      });
      const { response } = await httpRequest(web.a, to);
      expect(await code(readBody(web.a, response))).toMatch(/^NET_(CLOSED|RESET)$/);
      // Nor is it waited for in vain by who asks later, or gave it up.
      const late = await httpRequest(web.a, to);
      await web.a.sleep(seconds(1));
      expect(await code(readBody(web.a, late.response))).toMatch(/^NET_(CLOSED|RESET)$/);
      const given = await httpRequest(web.a, to);
      const body = code(readBody(web.a, given.response));
      given.response.destroy();
      expect(await body).toBe('NET_CLOSED');
    }, still);
  });

  it('a client that speaks no HTTP gets 400, and the server hears why; the next one is served', async () => {
    await onSim(async (web) => {
      const refused: string[] = [];
      await httpServer(web.b, { address: SERVER, port: 80 }, site(web.b), (error) => refused.push(error.code));
      const to = { to: web.b.endpoint(SERVER, 80), timeout: seconds(5) };
      const stream = await web.a.connect(to);
      const all = readAll(web.a, stream);
      stream.end('\x16\x03\x01 this is no request\r\n\r\n');
      expect(await all).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
      expect(refused).toEqual(['HTTP_MALFORMED']);
      expect((await httpRequest(web.a, to)).response.statusCode).toBe(200);
    }, still);
  });

  it('a tunnel that the server has no room for is 501, and no upgrade is an ordinary answer', async () => {
    await onSim(async (web) => {
      const to = await listening(web, false, { request: (_request, response) => response.end('plain') });
      const tunnel = await httpRequest(web.a, { ...to, method: 'CONNECT', path: 'x:1' });
      expect([tunnel.response.statusCode, tunnel.stream]).toEqual([501, null]);
      const chat = await httpRequest(web.a, { ...to, headers: { Connection: 'Upgrade', Upgrade: 'websocket' } });
      expect([chat.response.statusCode, chat.stream]).toEqual([200, null]);
    }, still);
  });
});

describe('connections that are kept', () => {
  it('a server that closes ends idle ones at once and busy ones after their response; the client opens no request on them', async () => {
    await onSim(
      async (web) => {
        const { a, b } = web;
        const address = { address: SERVER, port: 80 };
        const serve = (): ReturnType<typeof httpServer> => httpServer(b, address, site(b));
        const first = await serve();
        const client = new HttpClient(a, { to: b.endpoint(SERVER, 80), timeout: seconds(5) });
        await Promise.all([get(a, client, '/1'), get(a, client, '/2')]);
        const slow = get(a, client, '/slow');
        await a.sleep(millis(500));
        first.close();
        expect(await slow).toBe('late');
        await a.sleep(millis(100));
        await serve();
        expect(await get(a, client, '/3')).toContain('/3');
        client.close();
      },
      { impairments: 'delay 5ms' },
    );
  });
});

describe('ALPN and SNI, both ends on the simulator', () => {
  const meet = (
    offered: readonly string[] | undefined,
    taken: readonly string[] | undefined,
    serverName = 'b.lab.example',
  ): Promise<{ client: string; server: string; names: string }> =>
    onSim(
      async ({ a, b }) => {
        const met = b.deferred<string>('a TLS client');
        const identity = await otherIdentity();
        await b.listen(
          { address: SERVER, port: 443 },
          tlsServer(
            b,
            { identities: [{ names: OTHER, identity }], ...(taken !== undefined && { applicationProtocols: taken }) },
            (stream) => {
              met.resolve(`${stream.applicationProtocol} ${stream.serverName}`);
              stream.end();
            },
            (error) => {
              met.reject(error);
            },
          ),
        );
        met.promise.catch(() => undefined);
        const stream = await tlsConnect(a, {
          to: a.endpoint(SERVER, 443),
          serverName,
          timeout: seconds(5),
          ...(offered !== undefined && { applicationProtocols: offered }),
        });
        const names = (stream as unknown as { getPeerX509Certificate(): { subjectAltName: string } }).getPeerX509Certificate().subjectAltName;
        return { client: stream.applicationProtocol, server: await met.promise, names };
      },
      { impairments: 'delay 5ms' },
    ).then(({ result }) => result);

  it("the server's order decides what is spoken (RFC 7301 section 3.2)", async () => {
    expect(await meet(['http/1.1', 'h2'], ['h2', 'http/1.1'])).toMatchObject({ client: 'h2', server: 'h2 b.lab.example' });
    expect(await meet(['http/1.1'], ['h2', 'http/1.1'])).toMatchObject({ client: 'http/1.1', server: 'http/1.1 b.lab.example' });
  });
  it('nothing in common is an alert; one side without ALPN means none', async () => {
    await expect(meet(['sip'], ['h2'])).rejects.toMatchObject({ code: 'TLS_HANDSHAKE' });
    expect(await meet(undefined, ['h2'])).toMatchObject({ client: '', server: ' b.lab.example' });
    expect(await meet(['h2'], undefined)).toMatchObject({ client: '', server: ' b.lab.example' });
  });
  it('the certificate goes by the name that is asked for', async () => {
    for (const name of ['shop.example', 'www.shop.example', 'WWW.Shop.Example'])
      expect((await meet(undefined, undefined, name)).names).toContain('DNS:shop.example');
    expect((await meet(undefined, undefined)).names).toBe('DNS:b.lab.example');
    // One label more, no two, and no other domain.
    for (const name of ['a.b.shop.example', 'notshop.example']) await expect(meet(undefined, undefined, name)).rejects.toMatchObject({ code: 'TLS_HANDSHAKE' });
  });
});
