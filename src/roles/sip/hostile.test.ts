/**
 * Roles behind their sockets, and a peer that says anything, in any chunks and order: the role goes on, and others are
 * served as before.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import * as fields from '../../protocol/sip/fields.js';
import { makeResponse, textBody, type SipMessage, type SipRequest } from '../../protocol/sip/message.js';
import { emitMessage } from '../../protocol/sip/emitter.js';
import { HOSTILE_REQUEST, HOSTILE_RESPONSE, NASTY } from '../../protocol/sip/testing/hostile.js';
import { clientCommands } from '../client/commands.js';
import { BOB, clientLab } from '../client/lab.testkit.js';
import { frontEndCommands } from '../front-end/commands.js';
import type { RoleLab } from '../role-lab.testkit.js';
import { RawPeer, RawServer } from './raw-peer.testkit.js';

/** Octets in pieces, with a pause (milliseconds) behind each message. */
const CHUNKS = fc.constantFrom(1, 7, 100, 100_000);
const FROM_PEER = fc.oneof(
  { weight: 8, arbitrary: HOSTILE_REQUEST.map((text) => ({ is: 'request' as const, text })) },
  { weight: 4, arbitrary: fc.tuple(fc.nat(2), HOSTILE_RESPONSE).map(([to, how]) => ({ is: 'response' as const, to, how })) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...NASTY, 'SIP/2.0', 'INVITE ', 'Content-Length: 5'), { maxLength: 6 })
      .map((words) => ({ is: 'noise' as const, text: words.join('') })),
  },
);
const STEPS = fc.array(fc.tuple(FROM_PEER, CHUNKS, fc.constantFrom(0, 20, 2000)), { minLength: 1, maxLength: 12 });

type Steps = typeof STEPS extends fc.Arbitrary<infer T> ? T : never;

async function speak(lab: RoleLab, peer: RawPeer, steps: Steps): Promise<void> {
  for (const [step, chunk, pause] of steps) {
    const bytes = octets(step, peer.heard);
    for (let i = 0; i < bytes.length; i += Math.max(chunk, bytes.length / 50))
      peer.octets(bytes.slice(Math.floor(i), Math.floor(i + Math.max(chunk, bytes.length / 50))));
    await lab.wire.run(pause);
  }
  await lab.wire.run(100);
}

function octets(step: Steps[number][0], heard: readonly SipMessage[]): Uint8Array {
  if (step.is !== 'response') {
    const tag = heard.findLast((m) => m.kind === 'response' && fields.toTag(m) !== '');
    return textBody(step.text.replaceAll('{TAG}', tag === undefined ? 'x' : fields.toTag(tag)));
  }
  const requests = heard.filter((m): m is SipRequest => m.kind === 'request' && m.method !== 'ACK');
  const request = requests.at(-1 - step.to);
  if (request === undefined) return textBody('\r\n\r\n');
  const { status, tag, headers, body } = step.how;
  return emitMessage(makeResponse(request, status, { ...(tag !== '' && { toTag: tag }), headers, body: textBody(body) }));
}

/** What a command may say of its peer; all else is a fault. */
function refused(error: unknown): null {
  if (LabError.is(error) && ['SIP_REFUSED', 'MEDIA_FAILED'].includes(error.code)) return null;
  throw error;
}

describe('hostile peers', () => {
  let lab: RoleLab;
  afterEach(() => lab.stop());

  it('of a front end: another user signs in, and calls', async () => {
    lab = await clientLab();
    await lab.start('alice', 'bob');
    await fc.assert(
      fc.asyncProperty(STEPS, async (steps) => {
        const peer = await lab.wire.finish(RawPeer.connect(lab.host('carol'), '192.0.2.11', 5061, 'pool.contoso.example'));
        await speak(lab, peer, steps);
        peer.close();
        await lab.wire.run(20);
      }),
      { seed: 11, numRuns: 60 },
    );
    await lab.ask('alice', clientCommands, 'sign-in', {});
    await lab.ask('bob', clientCommands, 'sign-in', {});
    expect(await lab.ask('alice', clientCommands, 'call', { to: BOB })).toMatchObject({ answered: true });
    expect(await lab.ask('fe1', frontEndCommands, 'users', {})).toEqual(['alice@contoso.example']);
  });

  it('of a client: it signs in again, and takes a call', async () => {
    lab = await clientLab({ bob: '{ ringFor: 10, srtp: false }' });
    await lab.stop('fe1', 'fe2');
    const server = await RawServer.at(lab.host('fe1'), 5061);
    await lab.start('bob');
    await fc.assert(
      fc.asyncProperty(STEPS, fc.boolean(), async (steps, calls) => {
        // It may be signing in by itself, since the last connection was closed: one of the two is refused.
        await lab.ask('bob', clientCommands, 'sign-in', {}).catch(refused);
        const calling = calls ? lab.role('bob').call('call', { to: 'alice@contoso.example' }).catch(refused) : Promise.resolve(null);
        await lab.wire.run(20);
        await speak(lab, server.peer, steps);
        server.peer.close();
        await lab.wire.finish(calling);
        await lab.wire.finish(lab.role('bob').call('hang-up', {}));
        await lab.wire.run(100);
      }),
      { seed: 12, numRuns: 60 },
    );
    await lab.wire.run(20_000);
    await lab.ask('bob', clientCommands, 'sign-in', {});
    server.peer.say(
      'OPTIONS sip:bob@192.0.2.22 SIP/2.0\nVia: SIP/2.0/TLS 192.0.2.11;branch=z9hG4bKlast\nFrom: <sip:a@b>;tag=1\nTo: <sip:bob@contoso.example>\nCall-ID: last\nCSeq: 1 OPTIONS',
    );
    await lab.wire.run(100);
    expect(server.peer.statuses('OPTIONS')).toEqual([200]);
  });
});
