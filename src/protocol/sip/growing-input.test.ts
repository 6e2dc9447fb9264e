/**
 * The time that a message takes grows with its length, never faster: each field that is read is filled with each of the texts
 * that lead patterns and loops astray. At the longest head that a stream may bring, what is not linear takes minutes.
 */
import { describe, expect, it } from 'vitest';
import { emitMessage } from './emitter.js';
import { Framer, type Frame } from './framer.js';
import { withoutTop } from './message.js';
import { parseNameAddr } from './name-addr.js';
import { parseMessage } from './parser.js';
import { preprocess, FlowTokens } from './proxy/routing.js';
import { SyntaxFault } from './syntax.js';

const LENGTH = 60_000;
/** Milliseconds: a thousand times what is needed; what is not linear takes more than that. */
const LIMIT = 5000;

const ORDINARY: Readonly<Record<string, string>> = {
  Via: 'SIP/2.0/TLS a.example;branch=z9hG4bK1',
  From: '<sip:a@a.example>;tag=1',
  To: '<sip:b@b.example>',
  'Call-ID': '1@a.example',
  CSeq: '1 MESSAGE',
  'Content-Length': '0',
};
const READ = [
  ...Object.keys(ORDINARY),
  'Contact',
  'Route',
  'Record-Route',
  'Content-Type',
  'Authorization',
  'WWW-Authenticate',
  'Date',
  'Timestamp',
  'Require',
  'Max-Forwards',
  'Retry-After',
  'Subject',
];
const PIECES = [
  'a',
  ' ',
  '\t',
  '0',
  ',',
  ';',
  ';a',
  ';a=',
  '"',
  '\\',
  '"\\',
  '<',
  '>',
  '<a>',
  'a ',
  'a, ',
  ':',
  'sip:',
  '%41',
  '[',
  '::',
  'a.',
  '-',
  '\r\n ',
  'a\r\n ',
  '/',
  '@',
  '?',
  '=',
];

function message(fields: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries({ ...ORDINARY, ...fields }).map(([name, value]) => `${name}: ${value}`);
  return new TextEncoder().encode(`MESSAGE sip:b@b.example SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n`);
}

function within(work: () => void): void {
  const before = performance.now();
  work();
  expect(performance.now() - before).toBeLessThan(LIMIT);
}

describe('one field of 60,000 characters', () => {
  it.each(READ)('%s', (name) => {
    for (const piece of PIECES) {
      const filled = piece.repeat(LENGTH / piece.length);
      for (const value of [filled, `${ORDINARY[name] ?? ''}${filled}`, `${filled}!`]) {
        within(() => {
          const parsed = parseMessage(message({ [name]: value }));
          if (!('malformed' in parsed)) emitMessage(parsed);
        });
      }
    }
  });
  it('the Request-URI', () => {
    for (const piece of PIECES) {
      within(() => {
        parseMessage(new TextEncoder().encode(`MESSAGE sip:${piece.repeat(LENGTH / piece.length)} SIP/2.0\r\n\r\n`));
      });
    }
  });
  it('an address whose display name never ends', () => {
    within(() => {
      expect(() => parseNameAddr('a'.repeat(LENGTH))).toThrow(SyntaxFault);
      expect(() => parseNameAddr('a '.repeat(LENGTH / 2))).toThrow(SyntaxFault);
    });
  });
});

describe('many of one thing', () => {
  const many = parseMessage(message({ Route: '<sip:me.example;lr>, '.repeat(3000) + '<sip:else.example;lr>' }));
  if ('malformed' in many || many.kind !== 'request') throw new Error('is a request');

  it('3000 routes that all name this proxy are taken off at once', () => {
    within(() => {
      const { request, routed } = preprocess(many, (uri) => uri.host === 'me.example', new FlowTokens('secret'), 1);
      expect([routed, request.headers.find((h) => h.name === 'Route')?.value]).toEqual([true, '<sip:else.example;lr>']);
    });
  });
  it('elements are taken off across the lines of a field, and what is left of a line stays', () => {
    const lines = parseMessage(
      new TextEncoder().encode(new TextDecoder().decode(message({})).replace('To:', 'Route: <sip:a;lr>\r\nRoute: <sip:b;lr> , <sip:c;lr>\r\nTo:')),
    );
    if ('malformed' in lines) throw new Error(lines.why);
    expect([1, 2, 3].map((n) => withoutTop(lines, 'Route', n).headers.flatMap((h) => (h.name === 'Route' ? [h.value] : [])))).toEqual([
      ['<sip:b;lr> , <sip:c;lr>'],
      ['<sip:c;lr>'],
      [],
    ]);
  });
  it('a body of 300,000 octets, octet by octet', () => {
    const head = new TextEncoder().encode('MESSAGE sip:b@b.example SIP/2.0\r\nContent-Length: 300000\r\n\r\n');
    const octets = new Uint8Array(head.length + 300_000);
    octets.set(head);
    const framer = new Framer('server');
    const frames: Frame[] = [];
    within(() => {
      for (let i = 0; i < octets.length; i++) framer.push(octets.subarray(i, i + 1), frames);
    });
    expect(frames).toEqual([{ kind: 'message', bytes: octets }]);
  });
});
