/**
 * HTTP, ALPN and SNI against programs of others, on loopback: curl and openssl as clients, openssl as server.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomRoot } from '../../src/base/rng.js';
import { seconds } from '../../src/base/time.js';
import type { Host } from '../../src/host/host.js';
import { type HttpHandler, httpRequest, httpServer, readBody } from '../../src/host/http.js';
import { secureContext, tlsConnect } from '../../src/host/tls.js';
import { createLabPki, type LabPki } from '../../src/protocol/pki/lab-pki.js';
import { kernelHost, type TestedHost } from '../../src/substrate/kernel/role/host.testkit.js';

const ADDRESS = '127.77.9.1';

/** Standard output, and error output behind it. */
function output(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: 20_000 }, (_error, out, err) => {
      resolve(out + err);
    });
    child.stdin?.end(input);
  });
}

describe('HTTP and TLS with programs of others', () => {
  let tested: TestedHost;
  let host: Host;
  let pki: LabPki;
  const folder = mkdtempSync(join(tmpdir(), 'callpath-http-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  let close: () => void = () => undefined;
  let http = 0;
  let https = 0;
  let ca = '';

  beforeAll(async () => {
    tested = await kernelHost(ADDRESS);
    pki = await createLabPki(
      new Map([
        ['own', ['own.example']],
        ['shop', ['shop.example']],
      ]),
      randomRoot(1).stream('pki'),
    );
    const own = secureContext({ ca: pki.ca, ...pki.identities.get('own')! });
    const shop = secureContext({ ca: pki.ca, ...pki.identities.get('shop')! });
    // The kit's host has no certificates: a node's has.
    const material = { ca: pki.ca, identity: own, trust: secureContext({ ca: pki.ca }) };
    host = new Proxy(tested.host, { get: (real, key) => (key === 'tls' ? material : bound(real, key)) });
    ca = file('ca.pem', pki.ca);
    const handler: HttpHandler = { request: (request, response) => void request.pipe(response) };
    const plain = await httpServer(host, { address: ADDRESS, port: 0 }, handler);
    const secure = await httpServer(
      host,
      { address: ADDRESS, port: 0, tls: { applicationProtocols: ['http/1.1'], identities: [{ names: ['shop.example'], identity: shop }] } },
      handler,
    );
    [http, https] = [plain.local.port, secure.local.port];
    close = () => {
      plain.close();
      secure.close();
    };
  });

  afterAll(() => {
    close();
    tested.close();
    rmSync(folder, { recursive: true });
  });

  it('curl posts 300 kB twice on one connection and gets them back', async () => {
    const body = 'callpath '.repeat(33_000);
    const sent = file('body', body);
    const got = await output('curl', [
      '-sv',
      '--data-binary',
      `@${sent}`,
      `http://${ADDRESS}:${http}/`,
      '--next',
      '-s',
      '--data-binary',
      `@${sent}`,
      `http://${ADDRESS}:${http}/`,
    ]);
    expect(got.split(body)).toHaveLength(3);
    expect(got).toContain('Re-using existing connection');
    expect(got).not.toMatch(/^< date:/im);
  });

  it('curl speaks HTTP/1.1 by ALPN and sees the certificate of the name that it asked for', async () => {
    for (const name of ['own.example', 'shop.example']) {
      const url = `https://${name}:${https}/`;
      const got = await output('curl', ['-sv', '--cacert', ca, '--resolve', `${name}:${https}:${ADDRESS}`, '--data', 'hello', url]);
      expect(got).toMatch(/ALPN: server accepted http\/1\.1|ALPN, server accepted to use http\/1\.1/);
      expect(got).toContain(`CN=${name}`);
      expect(got).toMatch(/^hello/);
    }
  });

  it('openssl s_client: what both can, the alert when there is nothing', async () => {
    const ask = (alpn: string, name: string): Promise<string> =>
      output('openssl', ['s_client', '-connect', `${ADDRESS}:${https}`, '-servername', name, '-alpn', alpn, '-CAfile', ca, '-verify_return_error'], '');
    const both = await ask('h2,http/1.1', 'shop.example');
    expect(both).toContain('ALPN protocol: http/1.1');
    expect(both).toMatch(/subject=CN ?= ?shop\.example/);
    expect(await ask('h2', 'own.example')).toContain('no application protocol');
  });

  it('openssl s_server sees what is offered, and agrees', async () => {
    const { certificate, key } = pki.identities.get('own')!;
    const args = [
      's_server',
      '-accept',
      `${ADDRESS}:0`,
      '-cert',
      file('cert.pem', certificate),
      '-key',
      file('key.pem', key),
      '-alpn',
      'http/1.1',
      '-www',
      '-tls1_3',
    ];
    const server = spawn('openssl', args);
    try {
      let said = '';
      while (!/ACCEPT .*:(\d+)/.test(said)) said += String((await once(server.stdout, 'data'))[0]);
      const to = host.endpoint(ADDRESS, Number(/ACCEPT .*:(\d+)/.exec(said)![1]));
      const stream = await tlsConnect(host, { to, serverName: 'own.example', timeout: seconds(5), applicationProtocols: ['h2', 'http/1.1'] });
      expect(stream.applicationProtocol).toBe('http/1.1');
      stream.destroy();
      const { response } = await httpRequest(host, { to, timeout: seconds(5), tls: { serverName: 'own.example', applicationProtocols: ['http/1.1'] } });
      expect([response.statusCode, new TextDecoder().decode(await readBody(host, response)).includes('s_server')]).toEqual([200, true]);
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  });
});

function bound(real: Host, key: string | symbol): unknown {
  const value: unknown = Reflect.get(real, key, real);
  return typeof value === 'function' ? (value.bind(real) as unknown) : value;
}
