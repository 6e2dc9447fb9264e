/**
 * Which address of a pool a connection gets: the kernel's choice (find_best_ips_proto), a hash of source and destination,
 * or of the source alone (`persistent`), so that a client keeps its address. The hash is Bob Jenkins' lookup3 over the
 * addresses as a little-endian machine reads them.
 * @see http://burtleburtle.net/bob/c/lookup3.c (public domain)
 * @module
 */
const INITIAL = 0xdeadbeef;

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** Of four words, which is what an address takes in both families. */
export function hash4(words: Uint32Array, initial: number): number {
  let a = (INITIAL + 16 + initial) | 0;
  let b = a;
  let c = a;
  a = (a + (words[0] ?? 0)) | 0;
  b = (b + (words[1] ?? 0)) | 0;
  c = (c + (words[2] ?? 0)) | 0;
  a = ((a - c) | 0) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = ((b - a) | 0) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = ((c - b) | 0) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = ((a - c) | 0) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = ((b - a) | 0) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = ((c - b) | 0) ^ rotate(b, 4);
  b = (b + a) | 0;
  a = (a + (words[3] ?? 0)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

/** `hash` scaled to [0, n). */
function scale(hash: number, n: number): number {
  return Number((BigInt(hash) * BigInt(n)) >> 32n);
}

const littleEndian = (bytes: Uint8Array, at: number): number =>
  (((bytes[at + 3] ?? 0) << 24) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0)) >>> 0;
const bigEndian = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;

/**
 * The address out of `from` to `to` for a connection. Addresses in network order, 4 or 16 bytes, all of one family.
 * @param persistent by the source alone
 */
export function addressOfPool(from: Uint8Array, to: Uint8Array, source: Uint8Array, destination: Uint8Array, persistent: boolean): Uint8Array {
  const words = source.length / 4;
  const key = Uint32Array.from({ length: 4 }, (_, i) => (i < words ? littleEndian(source, i * 4) : 0));
  let hash = hash4(key, persistent ? 0 : littleEndian(destination, (words - 1) * 4));
  const chosen = new Uint8Array(source.length);
  // Once a word is below the pool's last, those after it are free.
  let free = false;
  for (let i = 0; i < words; i++) {
    const least = free ? 0 : bigEndian(from, i * 4);
    const count = free ? 0xffffffff : bigEndian(to, i * 4) - least + 1;
    const word = (least + scale(hash, count)) >>> 0;
    for (let k = 0; k < 4; k++) chosen[i * 4 + k] = word >>> (24 - 8 * k);
    if (word !== bigEndian(to, i * 4)) free = true;
    if (!persistent) hash = (hash ^ littleEndian(destination, i * 4)) >>> 0;
  }
  return chosen;
}
