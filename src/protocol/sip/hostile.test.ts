/**
 * Whatever comes from the network, no parser and no machine throws, and what a machine sends is read by the parser: requests
 * and responses that know the grammar and break it, in any order, between commands of the user and timers.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { nanos, ZERO, type Nanos } from '../../base/time.js';
import { emitMessage } from './emitter.js';
import * as fields from './fields.js';
import { header, headerList, makeResponse, textBody, withoutTop, withTopReplaced, type SipMessage, type SipRequest } from './message.js';
import { formatNameAddr, parseNameAddrs } from './name-addr.js';
import { parseMessage } from './parser.js';
import { Proxy, type ProxyOut } from './proxy/proxy.js';
import { Registrar } from './registrar.js';
import { HOSTILE_REQUEST, HOSTILE_RESPONSE, spoiled } from './testing/hostile.js';
import type { Source } from './transaction/layer.js';
import { answerRefusal } from './uas.js';
import { FIRST_INCOMING, type UaIn, type UaOut } from './user-agent/events.js';
import { UserAgent } from './user-agent/user-agent.js';
import { formatVia } from './via.js';

function read(bytes: Uint8Array): SipMessage {
  const message = parseMessage(bytes, { framing: 'stream' });
  if ('malformed' in message) throw new Error(`nobody can read this (${message.why}):\n${new TextDecoder().decode(bytes)}`);
  return message;
}

describe('the parser', () => {
  it('refuses with a reason, or gives what every view can read and what comes back equal', () => {
    fc.assert(
      fc.property(HOSTILE_REQUEST, (text) => {
        const message = parseMessage(textBody(text));
        if ('malformed' in message) {
          const answer = answerRefusal(message, 'tag');
          if (answer !== null) emitMessage(answer);
          return;
        }
        for (const view of Object.values({ ...fields, parseCSeq: null, parseNumber: null, parseMediaType: null, parseExpires: null })) {
          if (typeof view === 'function') (view as (m: SipMessage) => unknown)(message);
        }
        expect(read(emitMessage(message)).headers.map((h) => h.value)).toEqual(
          message.headers.map((h) => h.value).concat(header(message, 'l') === undefined ? [String(message.body.length)] : []),
        );
        // What is written anew says the same.
        for (const name of ['From', 'To', 'Contact', 'Route', 'Record-Route']) {
          if (headerList(message, name).includes('*')) continue;
          for (const address of headerList(message, name).flatMap(parseNameAddrs)) expect(parseNameAddrs(formatNameAddr(address))).toEqual([address]);
        }
        const via = formatVia(fields.topVia(message));
        read(emitMessage(withTopReplaced(message, 'Via', via)));
        read(emitMessage(withoutTop(message, 'Route')));
        if (message.kind === 'request') read(emitMessage(makeResponse(message, 480, { toTag: 'x' })));
      }),
      { seed: 3261, numRuns: 4000 },
    );
  });
});

/** A step of the peer, the user, or time. */
type Step =
  | { readonly is: 'request'; readonly text: string }
  | { readonly is: 'response'; readonly to: number; readonly how: typeof HOSTILE_RESPONSE extends fc.Arbitrary<infer T> ? T : never }
  | { readonly is: 'user'; readonly command: number }
  | { readonly is: 'time'; readonly seconds: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: HOSTILE_REQUEST.map((text): Step => ({ is: 'request', text })) },
  { weight: 3, arbitrary: fc.tuple(fc.nat(3), HOSTILE_RESPONSE).map(([to, how]): Step => ({ is: 'response', to, how })) },
  { weight: 3, arbitrary: fc.nat(11).map((command): Step => ({ is: 'user', command })) },
  { weight: 1, arbitrary: fc.constantFrom(1, 40, 300, 4000).map((seconds): Step => ({ is: 'time', seconds })) },
);

const SDP = { type: 'application/sdp', bytes: textBody('v=0\r\n') };
const COMMANDS: readonly UaIn[] = [
  { kind: 'register', expires: 600 },
  { kind: 'unregister' },
  { kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: SDP },
  { kind: 'cancel', call: 1 },
  { kind: 'bye', call: 1 },
  { kind: 'offer', call: 1, method: 'INVITE', content: SDP },
  { kind: 'offer', call: 1, method: 'UPDATE', content: SDP },
  { kind: 'request', id: 9, method: 'OPTIONS', to: 'sip:bob@contoso.example' },
  { kind: 'request-in-call', id: 10, method: 'INFO', call: 1 },
  { kind: 'offer', call: FIRST_INCOMING, method: 'INVITE', content: SDP },
  { kind: 'bye', call: FIRST_INCOMING },
  { kind: 'connection-closed', connection: 1 },
];

const source: Source = { connection: 1, address: '192.0.2.9', port: 40000, local: { address: '192.0.2.11', port: 5061 } };

/** The text with the tag that the machine has chosen for itself. */
function tagged(text: string, sent: readonly SipMessage[]): string {
  const last = sent.findLast((m) => m.kind === 'response' && fields.toTag(m) !== '');
  return text.replaceAll('{TAG}', last === undefined ? 'x' : fields.toTag(last));
}

function response(to: number, how: Extract<Step, { is: 'response' }>['how'], sent: readonly SipMessage[]): Uint8Array | null {
  const requests = sent.filter((m): m is SipRequest => m.kind === 'request' && m.method !== 'ACK');
  const request = requests.at(-1 - to);
  if (request === undefined) return null;
  return emitMessage(makeResponse(request, how.status, { ...(how.tag !== '' && { toTag: how.tag }), headers: how.headers, body: textBody(how.body) }));
}

/** Plays the steps; what is sent must be readable. */
function play(
  steps: readonly Step[],
  handle: (message: SipMessage, now: Nanos) => readonly SipMessage[],
  user: (command: number, now: Nanos) => readonly SipMessage[],
  tick: (until: Nanos) => readonly SipMessage[],
): void {
  const sent: SipMessage[] = [];
  let now: Nanos = ZERO;
  for (const step of steps) {
    const bytes = step.is === 'request' ? textBody(tagged(step.text, sent)) : step.is === 'response' ? response(step.to, step.how, sent) : null;
    let out: readonly SipMessage[] = [];
    if (step.is === 'time') {
      now = nanos(now + step.seconds * 1e9);
      out = tick(now);
    } else if (step.is === 'user') out = user(step.command, now);
    else if (bytes !== null) {
      const message = parseMessage(bytes, { framing: 'stream' });
      if (!('malformed' in message)) out = handle(message, now);
    }
    for (const message of out) sent.push(read(emitMessage(message)));
  }
}

describe('the user agent', () => {
  it('throws at nothing, and sends nothing that nobody can read', () => {
    fc.assert(
      fc.property(fc.array(STEP, { minLength: 1, maxLength: 25 }), fc.nat(3), (steps, manner) => {
        const ua = new UserAgent({
          aor: 'sip:bob@contoso.example',
          credentials: { username: 'bob', password: 'x' },
          sentBy: '192.0.2.22',
          contact: 'sip:bob@192.0.2.22;transport=tls',
          instance: 'urn:uuid:00000000-0000-4000-8000-000000000000',
          outbound: manner === 3 ? null : { kind: 'target', host: 'fe1.contoso.example', port: 5061 },
          rng: randomRoot(1).stream('ua'),
        });
        const feed = (input: UaIn | null, now: Nanos): SipMessage[] => {
          const out: UaOut[] = [];
          if (input === null) ua.tick(now, out);
          else ua.handle(input, now, out);
          return out.flatMap((o): SipMessage[] => {
            if (o.kind === 'send') return [o.message];
            if (o.kind === 'incoming')
              return manner === 0 ? feed({ kind: 'reject', call: o.call, status: 486 }, now) : feed({ kind: 'answer', call: o.call, content: SDP }, now);
            if (o.kind === 'offered') return feed({ kind: 'answer-offer', call: o.call, status: manner === 1 ? 488 : 200, content: SDP }, now);
            return [];
          });
        };
        play(
          steps,
          (message, now) => feed({ kind: 'received', message, source }, now),
          (command, now) => feed(COMMANDS[command] ?? { kind: 'unregister' }, now),
          (until) => {
            const out: SipMessage[] = [];
            for (let i = 0; i < 200 && ua.deadline <= until; i++) out.push(...feed(null, ua.deadline));
            return out;
          },
        );
      }),
      { seed: 8, numRuns: 1500 },
    );
  });
});

describe('the proxy and the registrar', () => {
  it('throw at nothing, and send nothing that nobody can read', () => {
    fc.assert(
      fc.property(fc.array(STEP, { minLength: 1, maxLength: 25 }), fc.nat(3), (steps, manner) => {
        const rng = randomRoot(1).stream('fe');
        const registrar = new Registrar({ realm: 'contoso.example', rng, home: () => ({ kind: 'here', password: 'x' }) });
        const proxy = new Proxy({
          rng,
          isMe: (host) => host === 'fe1.contoso.example',
          face: () => ({ host: 'fe1.contoso.example', port: 5061 }),
          route: (request) =>
            request.method === 'REGISTER'
              ? { kind: 'local' }
              : {
                  kind: 'forward',
                  targets: [{ uri: manner === 1 ? 'sip:bob@192.0.2.22' : null, hop: manner === 2 ? { kind: 'connection', connection: 1 } : null }],
                },
        });
        const feed = (input: Parameters<Proxy['handle']>[0] | null, now: Nanos): SipMessage[] => {
          const out: ProxyOut[] = [];
          if (input === null) proxy.tick(now, out);
          else proxy.handle(input, now, out);
          return out.flatMap((o) =>
            o.kind === 'send'
              ? [o.message]
              : feed({ kind: 'respond', transaction: o.transaction, response: registrar.register(o.request, o.source, now).response }, now),
          );
        };
        play(
          steps,
          (message, now) => feed({ kind: 'received', message, source }, now),
          (command, now) => (command === 0 ? feed({ kind: 'connection-closed', connection: 1 }, now) : []),
          (until) => {
            const out: SipMessage[] = [];
            for (let i = 0; i < 200 && proxy.deadline <= until; i++) out.push(...feed(null, proxy.deadline));
            return out;
          },
        );
      }),
      { seed: 9, numRuns: 1500 },
    );
  });

  it('a registrar binds what it can read, and says it back', () => {
    fc.assert(
      fc.property(
        spoiled(fc.constantFrom('<sip:bob@192.0.2.22>;expires=60', '*', '"\\\u0007" <sip:b@c>;q=0.5', '<sip:a@b?c=d>, <sip:[2001:db8::1]>;expires=0')),
        fc.constantFrom('0', '60', 'x'),
        (contact, expires) => {
          const rng = randomRoot(1).stream('r');
          const registrar = new Registrar({ realm: 'c', rng, home: () => ({ kind: 'here', password: 'x' }) });
          const message = parseMessage(
            textBody(
              `REGISTER sip:c SIP/2.0\r\nVia: SIP/2.0/TLS a;branch=z9hG4bK1\r\nFrom: <sip:bob@c>;tag=1\r\nTo: <sip:bob@c>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: ${contact}\r\nExpires: ${expires}\r\nContent-Length: 0\r\n\r\n`,
            ),
          );
          if ('malformed' in message || message.kind !== 'request') return;
          registrar.authenticate = () => 'ok';
          read(emitMessage(registrar.register(message, source, ZERO).response));
        },
      ),
      { seed: 10, numRuns: 1500 },
    );
  });
});
