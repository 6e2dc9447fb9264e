/**
 * Bodies of messages: one content, or several in a multipart (RFC 5621, RFC 2046 section 5.1). What a user gets is the one
 * part that it can use; parts that are optional are passed over.
 * @module
 */
import { parseMediaType } from './fields.js';
import { param, Scanner, scanParams, SyntaxFault, trimWhite } from './syntax.js';

/** A body with its media type, `application/sdp`. */
export interface Content {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export type Usable =
  | { readonly kind: 'content'; readonly content: Content }
  /** There is none that has to be understood. */
  | { readonly kind: 'none' }
  /** One that has to be understood is not (415). */
  | { readonly kind: 'unsupported' }
  /** 400. */
  | { readonly kind: 'malformed' };

/** A multipart within a multipart, and so on. */
const DEPTH = 4;

const latin1 = new TextDecoder('latin1');

/**
 * @param type value of Content-Type
 * @param disposition value of Content-Disposition, undefined when there is none
 * @param accepts by media type, in small letters
 */
export function usableContent(content: Content, disposition: string | undefined, accepts: (type: string) => boolean, depth = DEPTH): Usable {
  try {
    const { type, parameters } = parseMediaType(content.type);
    if (accepts(type)) return { kind: 'content', content };
    const boundary = param(parameters, 'boundary');
    if (!type.startsWith('multipart/') || depth === 0) return { kind: optional(disposition) ? 'none' : 'unsupported' };
    const parts = boundary === undefined ? null : partsOf(content.bytes, boundary);
    if (parts === null) return { kind: 'malformed' };
    const usable = parts.map((part) => usableContent(part.content, part.disposition, accepts, depth - 1));
    // RFC 2046 section 5.1.4: of the alternatives the last that is understood; section 5.1.3: what is not known is as "mixed".
    if (type === 'multipart/alternative') return usable.findLast(({ kind }) => kind === 'content') ?? { kind: 'unsupported' };
    return usable.find(({ kind }) => kind === 'malformed' || kind === 'unsupported') ?? usable.find(({ kind }) => kind === 'content') ?? { kind: 'none' };
  } catch (error) {
    if (error instanceof SyntaxFault) return { kind: 'malformed' };
    throw error;
  }
}

/** RFC 3261 section 20.11: without the parameter handling is required. */
function optional(disposition: string | undefined): boolean {
  if (disposition === undefined) return false;
  const s = new Scanner(disposition);
  s.white();
  s.token('token', 'disposition type');
  return param(scanParams(s), 'handling')?.toLowerCase() === 'optional';
}

interface Part {
  readonly content: Content;
  readonly disposition: string | undefined;
}

/** Null when the delimiters are not as RFC 2046 section 5.1.1 has them. */
function partsOf(bytes: Uint8Array, boundary: string): Part[] | null {
  if (boundary.length < 1 || boundary.length > 70) return null;
  const text = latin1.decode(bytes);
  const delimiter = `\r\n--${boundary}`;
  const parts: Part[] = [];
  // The first delimiter may stand at the very beginning, without the line end.
  let at = text.startsWith(delimiter.slice(2)) ? -2 : text.indexOf(delimiter);
  while (at >= -2 && at !== -1) {
    const behind = at + delimiter.length;
    if (text.startsWith('--', behind)) return parts.length > 0 ? parts : null;
    const eol = text.indexOf('\r\n', behind);
    if (eol < 0 || trimWhite(text.slice(behind, eol)) !== '') return null;
    const end = text.indexOf(delimiter, eol);
    if (end < 0) return null;
    const part = partOf(text, bytes, eol + 2, end);
    if (part === null) return null;
    parts.push(part);
    at = end;
  }
  return null;
}

function partOf(text: string, bytes: Uint8Array, start: number, end: number): Part | null {
  // No header fields: the empty line comes at once.
  const head = text.startsWith('\r\n', start) ? start - 2 : text.indexOf('\r\n\r\n', start);
  if (head + 4 > end || head === -1) return null;
  const fields = new Map<string, string>();
  for (const line of text.slice(start, Math.max(start, head)).split(/\r\n(?![ \t])/)) {
    const colon = line.indexOf(':');
    if (colon > 0)
      fields.set(
        trimWhite(line.slice(0, colon)).toLowerCase(),
        line
          .slice(colon + 1)
          .split('\r\n')
          .map(trimWhite)
          .join(' ')
          .trimStart(),
      );
  }
  const encoding = fields.get('content-transfer-encoding')?.toLowerCase();
  // RFC 3261 section 7.4.1 and RFC 5621 section 3.2: bodies are binary; what is encoded is not understood.
  const type =
    encoding === undefined || ['binary', '8bit', '7bit'].includes(encoding) ? (fields.get('content-type') ?? 'text/plain') : 'application/octet-stream';
  return { content: { type, bytes: bytes.subarray(head + 4, end) }, disposition: fields.get('content-disposition') };
}
