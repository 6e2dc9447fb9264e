/**
 * Network byte order (big-endian) access, without DataView or allocation. No bounds are checked: a codec's `check`
 * has done that.
 * @module
 */
export function u8(b: Uint8Array, o: number): number {
  return b[o] as number;
}

export function u16(b: Uint8Array, o: number): number {
  return ((b[o] as number) << 8) | (b[o + 1] as number);
}

export function u24(b: Uint8Array, o: number): number {
  return ((b[o] as number) << 16) | ((b[o + 1] as number) << 8) | (b[o + 2] as number);
}

export function u32(b: Uint8Array, o: number): number {
  return (((b[o] as number) << 24) | ((b[o + 1] as number) << 16) | ((b[o + 2] as number) << 8) | (b[o + 3] as number)) >>> 0;
}

/** 48 bits as one number (exact). */
export function u48(b: Uint8Array, o: number): number {
  return u16(b, o) * 0x1_0000_0000 + u32(b, o + 2);
}

export function setU8(b: Uint8Array, o: number, v: number): void {
  b[o] = v;
}

export function setU16(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 8;
  b[o + 1] = v;
}

export function setU24(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 16;
  b[o + 1] = v >>> 8;
  b[o + 2] = v;
}

export function setU32(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 24;
  b[o + 1] = v >>> 16;
  b[o + 2] = v >>> 8;
  b[o + 3] = v;
}

export function setU48(b: Uint8Array, o: number, v: number): void {
  setU16(b, o, Math.floor(v / 0x1_0000_0000));
  setU32(b, o + 2, v % 0x1_0000_0000);
}

/** Copies `n` octets. A loop beats `set(subarray)` for headers, which are short; long copies go native. */
export function copy(from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number, n: number): void {
  if (n > 64) {
    to.set(from.subarray(fromOffset, fromOffset + n), toOffset);
    return;
  }
  for (let i = 0; i < n; i++) to[toOffset + i] = from[fromOffset + i] as number;
}

/** True when `n` octets are the same. */
export function equal(a: Uint8Array, ao: number, b: Uint8Array, bo: number, n: number): boolean {
  for (let i = 0; i < n; i++) if (a[ao + i] !== b[bo + i]) return false;
  return true;
}

/** Order of two byte strings as `memcmp` has it, a shorter prefix first: negative, 0 or positive. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const d = (a[i] as number) - (b[i] as number);
    if (d !== 0) return d;
  }
  return a.length - b.length;
}

/** Octets of a hexadecimal dump; white space and colons are skipped. `undefined` when it is none. */
export function parseHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** As {@link parseHex}, for constants: throws on anything else. */
export function hex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (bytes === undefined) throw new RangeError(`not hexadecimal: ${text}`);
  return bytes;
}

/** Lower-case hexadecimal of `n` octets from `o` on, with `separator` between octets. */
export function toHex(b: Uint8Array, o = 0, n = b.length - o, separator = ''): string {
  let text = '';
  for (let i = 0; i < n; i++) {
    if (i > 0) text += separator;
    text += (b[o + i] as number).toString(16).padStart(2, '0');
  }
  return text;
}
