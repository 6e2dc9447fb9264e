/**
 * Message value -> octets (RFC 3261 section 7). Fields that came from the wire and were not changed go out with the
 * octets they came in; a Content-Length that does not say the length of the body is put right.
 * @module
 */
import { canonicalName, type HeaderField, type SipMessage } from './message.js';

const encoder = new TextEncoder();

function line(field: HeaderField): string {
  return `${field.raw ?? `${field.name}: ${field.value}`}\r\n`;
}

export function startLine(message: SipMessage): string {
  return message.kind === 'request' ? `${message.method} ${message.uri} ${message.version}` : `${message.version} ${message.status} ${message.reason}`;
}

function contentLength(message: SipMessage): HeaderField | null {
  const present = message.headers.find((h) => canonicalName(h.name) === 'content-length');
  return present !== undefined && Number(present.value) === message.body.length ? present : null;
}

/** The head as text, without the empty line. */
export function emitHead(message: SipMessage): string {
  const right = contentLength(message);
  let head = `${startLine(message)}\r\n`;
  for (const field of message.headers) {
    if (canonicalName(field.name) !== 'content-length' || field === right) head += line(field);
  }
  return right === null ? `${head}Content-Length: ${message.body.length}\r\n` : head;
}

export function emitMessage(message: SipMessage): Uint8Array {
  const head = encoder.encode(`${emitHead(message)}\r\n`);
  const bytes = new Uint8Array(head.length + message.body.length);
  bytes.set(head);
  bytes.set(message.body, head.length);
  return bytes;
}
