/**
 * The lab's certificate authority. Keys and certificates are made before the clock starts; sizes are constant
 * (RSA-2048, serials of 16 octets) and validity is 2000-2049, since OpenSSL judges it by the real clock.
 * @module
 */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Rng } from '../../base/rng.js';
import { parseIpv4, parseIpv6 } from '../../wire/address.js';

/** PEM texts. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface LabPki {
  readonly ca: string;
  readonly identities: ReadonlyMap<string, Identity>;
}

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const NOT_BEFORE = new Date(Date.UTC(2000, 0, 1));
const NOT_AFTER = new Date(Date.UTC(2049, 11, 31, 23, 59, 59));

/** 16 octets that DER always encodes in 16: first octet 0x40..0x7f. */
function serial(random: Rng): string {
  const bytes = new Uint8Array(16);
  random.fill(bytes, 0, 16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

async function keys(): Promise<webcrypto.CryptoKeyPair> {
  return (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function isAddress(name: string): boolean {
  return parseIpv4(name) !== undefined || parseIpv6(name) !== undefined;
}

/**
 * A CA and one leaf per entry. `names` maps an identity to the DNS names and IP addresses that its certificate holds,
 * the first DNS name being the subject.
 */
export async function createLabPki(names: ReadonlyMap<string, readonly string[]>, random: Rng): Promise<LabPki> {
  x509.cryptoProvider.set(crypto);
  const [authority, ...leaves] = await Promise.all([keys(), ...Array.from(names, () => keys())]);
  if (authority === undefined) throw new Error('no key');
  const issuer = 'CN=callpath lab CA';
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(random),
    name: issuer,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const entries = [...names].map(([id, list], i) => ({ id, list, pair: leaves[i], serialNumber: serial(random) }));
  const identities = new Map<string, Identity>();
  for (const { id, list, pair, serialNumber } of entries) {
    if (pair === undefined) throw new Error('no key');
    const subject = list.find((name) => !isAddress(name)) ?? id;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject: `CN=${subject}`,
      issuer,
      notBefore: NOT_BEFORE,
      notAfter: NOT_AFTER,
      signingAlgorithm: ALGORITHM,
      signingKey: authority.privateKey,
      publicKey: pair.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension(list.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value }))),
      ],
    });
    identities.set(id, { certificate: certificate.toString('pem'), key: await pem(pair.privateKey) });
  }
  return { ca: root.toString('pem'), identities };
}
