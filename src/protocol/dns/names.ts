/**
 * Domain names between octets and text (RFC 1035 sections 3.1, 4.1.4 and 5.1): letters as they came, no trailing dot,
 * what is no printable ASCII and what means something to the text as `\DDD` or `\.`. The root is the empty text.
 * @module
 */

/** RFC 1035 section 2.3.4. */
const MAX_NAME = 255;
const MAX_LABEL = 63;
const POINTER = 0xc0;
const MAX_POINTER = 0x3fff;

export interface ReadName {
  readonly name: string;
  /** Offset after the name, where it was found. */
  readonly next: number;
}

/** Null for what is no name: it runs over the end, is too long, or its pointers do not lead backwards. */
export function readName(bytes: Uint8Array, at: number): ReadName | null {
  const labels: string[] = [];
  let next = -1;
  let length = 1;
  let from = at;
  let before = at;
  for (;;) {
    const n = bytes[from];
    if (n === undefined) return null;
    if ((n & POINTER) === POINTER) {
      const to = ((n & 0x3f) << 8) | (bytes[from + 1] ?? 0);
      // Section 4.1.4: "a prior occurrence"; so that every pointer ends.
      if (from + 1 >= bytes.length || to >= before) return null;
      if (next < 0) next = from + 2;
      before = to;
      from = to;
      continue;
    }
    if (n > MAX_LABEL) return null;
    if (n === 0) return { name: labels.join('.'), next: next < 0 ? from + 1 : next };
    length += n + 1;
    if (length > MAX_NAME || from + 1 + n > bytes.length) return null;
    labels.push(labelText(bytes.subarray(from + 1, from + 1 + n)));
    from += 1 + n;
  }
}

function labelText(label: Uint8Array): string {
  let text = '';
  for (const octet of label) {
    if (octet === 0x2e || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet > 0x20 && octet < 0x7f) text += String.fromCharCode(octet);
    else text += `\\${String(octet).padStart(3, '0')}`;
  }
  return text;
}

/** The labels of a name's text. Null for what is no name. */
export function labelsOf(name: string): readonly Uint8Array[] | null {
  const labels: Uint8Array[] = [];
  let label: number[] = [];
  let length = 1;
  const end = (): boolean => {
    if (label.length === 0 || label.length > MAX_LABEL) return false;
    labels.push(Uint8Array.from(label));
    length += label.length + 1;
    label = [];
    return length <= MAX_NAME;
  };
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c === 0x2e) {
      if (!end()) return null;
    } else if (c === 0x5c) {
      const digits = /^\d{3}/.exec(name.slice(i + 1, i + 4))?.[0];
      const octet = digits === undefined ? name.charCodeAt(i + 1) : Number(digits);
      if (!(octet <= 0xff)) return null;
      label.push(octet);
      i += digits === undefined ? 1 : 3;
    } else if (c > 0xff) return null;
    else label.push(c);
  }
  // A trailing dot has ended the last label.
  if (label.length > 0 && !end()) return null;
  return labels;
}

/** Lower case, no trailing dot: names compare without regard to case (RFC 4343). */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Octets of a message that is being written, with the names that later ones can point at. */
export class NameWriter {
  readonly bytes: number[] = [];
  readonly #places = new Map<string, number>();

  u8(value: number): void {
    this.bytes.push(value & 0xff);
  }

  u16(value: number): void {
    this.bytes.push((value >>> 8) & 0xff, value & 0xff);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  /** @param compressed whether it may be a pointer at a name that stands already (RFC 1035 section 4.1.4; not in the data of SRV, RFC 2782) */
  name(name: string, compressed = true): void {
    const labels = labelsOf(name);
    if (labels === null) throw new RangeError(`no domain name: ${name}`);
    for (let i = 0; i < labels.length; i++) {
      const suffix = labels
        .slice(i)
        .map((label) => labelText(label).toLowerCase())
        .join('.');
      const place = this.#places.get(suffix);
      if (place !== undefined && compressed) {
        this.u16((POINTER << 8) | place);
        return;
      }
      if (place === undefined && this.bytes.length <= MAX_POINTER) this.#places.set(suffix, this.bytes.length);
      const label = labels[i] ?? new Uint8Array(0);
      this.u8(label.length);
      this.bytes.push(...label);
    }
    this.u8(0);
  }

  /** What `write` writes, after its length in 16 bits. */
  counted(write: () => void): void {
    const at = this.bytes.length;
    this.u16(0);
    write();
    const length = this.bytes.length - at - 2;
    this.bytes[at] = length >>> 8;
    this.bytes[at + 1] = length & 0xff;
  }
}
