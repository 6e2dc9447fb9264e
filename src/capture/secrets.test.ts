import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import * as x509 from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { DROP } from '../base/drop.js';
import { millis } from '../base/time.js';
import { extract } from './extract.js';
import { FileSink } from './store/byte-store.js';
import { ipv4Frame, linkEnd, packetOf, seenAt, smallLab, tcpPayload } from './testing/small-lab.js';
import { describeWith, inFolder, judged } from './testing/tools.js';

const MESSAGE =
  'OPTIONS sip:bob@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS 10.0.0.5;branch=z9hG4bK1\r\nCall-ID: secret-call\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';

async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=edge.contoso.example',
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date('2000-01-01'),
      notAfter: new Date('2049-12-31'),
      serialNumber: '01',
    },
    webcrypto,
  );
  return { cert: cert.toString('pem'), key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string };
}

interface Exchange {
  /** What each side wrote, in order, and the key-log lines between. */
  readonly log: readonly ({ readonly from: 0 | 1; readonly bytes: Uint8Array } | { readonly line: string })[];
}

/** A TLS 1.3 session over two joined streams, in which the client sends one SIP message. */
async function exchange(): Promise<Exchange> {
  const log: Exchange['log'][number][] = [];
  const ends: Duplex[] = [];
  for (const from of [0, 1] as const) {
    ends.push(
      new Duplex({
        read: () => undefined,
        write: (chunk: Uint8Array, _, done) => {
          log.push({ from, bytes: Uint8Array.from(chunk) });
          ends[1 - from]?.push(chunk);
          done();
        },
      }),
    );
  }
  const { cert, key } = await certificate();
  const server = new tls.TLSSocket(ends[1]!, { isServer: true, cert, key, minVersion: 'TLSv1.3' });
  const client = tls.connect({ socket: ends[0]!, ca: cert, servername: 'edge.contoso.example', minVersion: 'TLSv1.3', checkServerIdentity: () => undefined });
  client.on('keylog', (line: Uint8Array) => log.push({ line: new TextDecoder().decode(line) }));
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    server.on('error', reject);
    server.on('data', () => {
      resolve();
    });
    client.on('secureConnect', () => client.write(MESSAGE));
  });
  client.destroy();
  server.destroy();
  return { log };
}

/** The session as TCP segments over the first link of the lab, seen at both ends. */
function write(path: string, { log }: Exchange, hold: boolean): void {
  const { recorder } = smallLab(new FileSink(path));
  if (hold) recorder.hold();
  const seq: [number, number] = [1000, 5000];
  let id = 0;
  const segment = (from: 0 | 1, flags: number, data: Uint8Array): void => {
    id++;
    const tcp = from === 0 ? tcpPayload(50000, 5061, seq[0], flags, data) : tcpPayload(5061, 50000, seq[1], flags, data);
    new DataView(tcp.buffer).setUint32(8, (flags & 0x10) === 0 ? 0 : seq[1 - from]!);
    seq[from] += data.length + (flags & 2) / 2;
    const p = packetOf(from === 0 ? ipv4Frame('10.0.0.5', '10.0.0.1', 6, tcp) : ipv4Frame('10.0.0.1', '10.0.0.5', 6, tcp), id);
    recorder.sent(seenAt(p, millis(id)), linkEnd(0, from), DROP.NONE);
    recorder.received(seenAt(p, millis(id + 0.5)), linkEnd(0, from === 0 ? 1 : 0));
    recorder.ended(p);
  };
  segment(0, 0x02, new Uint8Array(0));
  segment(1, 0x12, new Uint8Array(0));
  segment(0, 0x10, new Uint8Array(0));
  for (const entry of log) {
    if ('line' in entry) recorder.secret(entry.line);
    else for (let at = 0; at < entry.bytes.length; at += 1400) segment(entry.from, 0x18, entry.bytes.subarray(at, at + 1400));
  }
  if (hold) recorder.release();
  recorder.close(millis(id + 1));
}

describeWith(describe, ['tshark'], 'secrets in the file', () => {
  test('Wireshark shows the SIP inside the TLS, in the run and in the extract of either end', async () => {
    const session = await exchange();
    expect(session.log.filter((e) => 'line' in e).length).toBeGreaterThanOrEqual(4);
    inFolder((path) => {
      write(path('run.pcapng'), session, true);
      const sip = (file: string): readonly string[] =>
        judged('tshark', ['-r', path(file), '-Y', 'sip', '-T', 'fields', '-e', 'sip.Method', '-e', 'sip.Call-ID'])
          .trim()
          .split('\n');
      expect(sip('run.pcapng')).toContain('OPTIONS\tsecret-call');
      for (const at of ['l1:alice', 'l1:r1']) {
        extract({ from: path('run.pcapng'), to: path('one.pcapng'), at: [at] });
        expect(sip('one.pcapng')).toEqual(['OPTIONS\tsecret-call']);
      }
    });
  });
});
