/** A client and peers that do what RFC 3261 allows and this stack does not do itself: late offers, removed streams, multiparts ... */
import { afterEach, describe, expect, it } from 'vitest';
import { bodyText, header, type SipMessage, type SipRequest } from '../../protocol/sip/message.js';
import { toTag } from '../../protocol/sip/fields.js';
import { parseSdp } from '../../protocol/sdp/parse.js';
import { RawServer } from '../sip/raw-peer.testkit.js';
import type { RoleLab } from '../role-lab.testkit.js';
import { clientCommands } from './commands.js';
import { clientLab } from './lab.testkit.js';

const SDP = 'Content-Type: application/sdp';
/** Plain RTP to the address that the raw peer has. */
const offer = (change = ''): string =>
  `v=0\r\no=- 7 1 IN IP4 192.0.2.11\r\ns=-\r\nc=IN IP4 192.0.2.11\r\nt=0 0\r\n${change === '' ? 'm=audio 7000 RTP/AVP 0\r\na=rtcp-mux\r\n' : change}`;

describe('a client and stock peers', () => {
  let lab: RoleLab;
  let server: RawServer;
  let sequence = 0;
  let remoteTag = '';

  async function signedIn(config = '{ srtp: false }'): Promise<void> {
    lab = await clientLab({ bob: config });
    await lab.stop('fe1', 'fe2');
    server = await RawServer.at(lab.host('fe1'), 5061);
    await lab.start('bob');
    await lab.ask('bob', clientCommands, 'sign-in', {});
    [sequence, remoteTag] = [0, ''];
  }
  afterEach(() => lab.stop('bob'));

  /** A request in the one call of the test; @param more lines of its head */
  async function say(method: string, more = '', body = '', number = method === 'ACK' ? sequence : ++sequence): Promise<void> {
    server.peer.say(
      `${method} sip:bob@192.0.2.22;transport=tls SIP/2.0
Via: SIP/2.0/TLS 192.0.2.11;branch=z9hG4bK${method}${number}
Max-Forwards: 70
From: <sip:stock@contoso.example>;tag=stock
To: <sip:bob@contoso.example>${remoteTag === '' ? '' : `;tag=${remoteTag}`}
Call-ID: one@192.0.2.11
CSeq: ${number} ${method}
Contact: <sip:stock@192.0.2.11:5061;transport=tls>${more === '' ? '' : `\n${more}`}`,
      body,
    );
    await lab.wire.run(1000);
  }
  const sdpOf = (message: SipMessage) => parseSdp(bodyText(message));
  async function inCall(more = '', body = offer()): Promise<SipMessage> {
    await say('INVITE', [SDP, more].filter((line) => line !== '').join('\n'), body);
    const answered = server.peer.response(200, 'INVITE');
    remoteTag = toTag(answered);
    await say('ACK');
    return answered;
  }
  const statistics = () => lab.ask('bob', clientCommands, 'statistics', {});
  const byes = (): SipRequest[] => server.peer.requests('BYE');

  it('INVITE without a body: the 2xx offers, the ACK answers (RFC 3261 section 13.2.1)', async () => {
    await signedIn();
    await say('INVITE');
    const offered = server.peer.response(200, 'INVITE');
    remoteTag = toTag(offered);
    expect(sdpOf(offered).media.map((m) => [m.kind, m.port > 0, m.ice !== null])).toEqual([['audio', true, true]]);
    await say('ACK', SDP, offer());
    expect(await statistics()).toMatchObject([{ kind: 'audio' }]);
    expect((await statistics())[0]?.sent.packets).toBeGreaterThan(40);
    expect(byes()).toEqual([]);
  });
  it.each([
    ['none', '', ''],
    ['no description', SDP, 'hello'],
    ['one that does not fit', SDP, offer('m=video 7000 RTP/AVP 31\r\n')],
  ])('an answer in the ACK that is %s: the call is ended, nothing falls over', async (_what, type, body) => {
    await signedIn();
    await say('INVITE');
    remoteTag = toTag(server.peer.response(200, 'INVITE'));
    await say('ACK', type, body);
    expect(byes()).toHaveLength(1);
    expect(await statistics()).toEqual([]);
  });
  it('re-INVITE without a body (section 14.2)', async () => {
    await signedIn();
    await inCall();
    await say('INVITE');
    const offered = server.peer.response(200, 'INVITE');
    expect(sdpOf(offered).media).toHaveLength(1);
    const before = (await statistics())[0]?.sent.packets ?? 0;
    await say('ACK', SDP, offer());
    expect((await statistics())[0]?.sent.packets).toBeGreaterThan(before + 40);
    expect(byes()).toEqual([]);
  });
  it('UPDATE without a body refreshes the target, and is answered without an answer (RFC 3311)', async () => {
    await signedIn();
    await inCall();
    await say('UPDATE');
    const ok = server.peer.response(200, 'UPDATE');
    expect([ok.body.length, header(ok, 'Contact')]).toEqual([0, '<sip:bob@192.0.2.22;transport=tls>']);
  });
  it('UPDATE with an offer is answered', async () => {
    await signedIn();
    await inCall();
    await say('UPDATE', SDP, offer('m=audio 7000 RTP/AVP 0\r\na=rtcp-mux\r\na=sendonly\r\n'));
    expect(sdpOf(server.peer.response(200, 'UPDATE')).media[0]?.direction).toBe('recvonly');
  });
  it('the stream is removed: 200 with port 0, the ports are closed, the call goes on (RFC 3264 section 8.2)', async () => {
    await signedIn();
    await inCall();
    await say('INVITE', SDP, offer('m=audio 0 RTP/AVP 0\r\n'));
    expect(sdpOf(server.peer.response(200, 'INVITE')).media.map((m) => m.port)).toEqual([0]);
    await say('ACK');
    expect([...lab.wire.open.keys()].filter((key) => key.startsWith('192.0.2.22|5'))).toEqual([]);
    // It is gone for good: what has no ports can't come back.
    await say('INVITE', SDP, offer());
    expect(server.peer.statuses('INVITE').at(-1)).toBe(488);
    await say('INFO');
    expect(server.peer.statuses('INFO')).toEqual([200]);
    await say('BYE');
    expect(server.peer.statuses('BYE')).toEqual([200]);
  });
  it('an INVITE that offers nothing but removed streams is 488', async () => {
    await signedIn();
    await say('INVITE', SDP, offer('m=audio 0 RTP/AVP 0\r\n'));
    expect(server.peer.statuses('INVITE')).toEqual([180, 488]);
  });
  describe('multipart (RFC 5621)', () => {
    const part = (type: string, body: string, more = ''): string => `--b1\r\nContent-Type: ${type}\r\n${more}\r\n${body}\r\n`;
    const invite = (subtype: string, ...parts: readonly string[]): Promise<void> =>
      say('INVITE', `Content-Type: multipart/${subtype};boundary="b1"`, `preamble\r\n${parts.join('')}--b1--\r\n`);

    it('the description among parts that are optional', async () => {
      await signedIn();
      await invite('mixed', part('application/x-picture', 'a', 'Content-Disposition: icon;handling=optional\r\n'), part('application/sdp', offer()));
      expect(sdpOf(server.peer.response(200, 'INVITE')).media[0]?.port).toBeGreaterThan(0);
    });
    it('a part that has to be understood and is not: 415', async () => {
      await signedIn();
      await invite('mixed', part('application/x-picture', 'a'), part('application/sdp', offer()));
      expect(server.peer.statuses('INVITE')).toEqual([415]);
      expect(header(server.peer.response(415, 'INVITE'), 'Accept')).toContain('multipart/mixed');
    });
    it('of alternatives the last that is understood', async () => {
      await signedIn();
      const other = offer('m=audio 7000 RTP/AVP 9\r\n');
      await invite('alternative', part('application/sdp', other), part('application/sdp', offer()), part('application/x-sdpng', 'a'));
      expect(server.peer.statuses('INVITE')).toEqual([180, 200]);
    });
    it.each([
      ['no end', '--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n'],
      ['no boundary', 'v=0\r\n'],
      ['no part', '--b1--\r\n'],
    ])('%s: 400', async (_what, body) => {
      await signedIn();
      await say('INVITE', 'Content-Type: multipart/mixed;boundary=b1', body);
      expect(server.peer.statuses('INVITE')).toEqual([400]);
    });
  });
  it('OPTIONS in a call says what OPTIONS says (section 11.2)', async () => {
    await signedIn();
    await inCall();
    await say('OPTIONS');
    const ok = server.peer.response(200, 'OPTIONS');
    expect([header(ok, 'Allow'), header(ok, 'Accept')]).toEqual([expect.stringContaining('UPDATE'), expect.stringContaining('application/sdp')]);
  });
  it('INFO outside of a dialog is 481 (RFC 6086), in it one with an equal CSeq is in order (RFC 3261 section 12.2.2)', async () => {
    await signedIn();
    await say('INFO');
    expect(server.peer.statuses('INFO')).toEqual([481]);
    await inCall();
    await say('INFO', '', '', sequence);
    expect(server.peer.statuses('INFO').at(-1)).toBe(200);
    await say('INFO', '', '', sequence - 1);
    expect(server.peer.statuses('INFO').at(-1)).toBe(500);
  });
  it('a body that is packed is 415 (section 8.2.3)', async () => {
    await signedIn();
    await say('INVITE', `${SDP}\nContent-Encoding: gzip`, 'packed');
    expect(header(server.peer.response(415, 'INVITE'), 'Accept-Encoding')).toBe('identity');
  });

  describe('calls of the client', () => {
    const call = async (answer: (invite: SipRequest) => void) => {
      await signedIn();
      const answered = new Set<string>();
      server.onMessage = (message) => {
        if (message.kind !== 'request') return;
        if (message.method === 'INVITE' && !answered.has(header(message, 'CSeq') ?? '')) {
          answered.add(header(message, 'CSeq') ?? '');
          answer(message);
        } else if (message.method !== 'ACK') server.peer.answer(message, 200);
      };
      return lab.ask('bob', clientCommands, 'call', { to: 'stock@contoso.example' });
    };
    const ok = (invite: SipRequest, type: string, body: string): void => {
      server.peer.answer(invite, 200, {
        headers: [['Contact', '<sip:stock@192.0.2.11:5061>'], ...(type === '' ? [] : ([['Content-Type', type]] as const))],
        body: new TextEncoder().encode(body),
      });
    };
    const answerText = offer('m=audio 7000 RTP/AVP 0\r\na=rtcp-mux\r\n');

    it('a peer that answers without ICE gets no re-INVITE', async () => {
      expect(await call((invite) => ok(invite, 'application/sdp', answerText))).toMatchObject({ answered: true, status: 200 });
      await lab.wire.run(1000);
      expect(server.peer.requests('INVITE')).toHaveLength(1);
      expect((await statistics())[0]?.sent.packets).toBeGreaterThan(40);
    });
    it.each([
      ['nothing', '', ''],
      ['text', 'text/plain', 'hello'],
      ['what is no description', 'application/sdp', 'hello'],
      ['another codec', 'application/sdp', offer('m=audio 7000 RTP/AVP 9\r\n')],
      ['no rtcp-mux where this side has but one port', 'application/sdp', offer('m=audio 7000 RTP/AVP 0\r\n')],
      ['a name for an address', 'application/sdp', answerText.replace('c=IN IP4 192.0.2.11', 'c=IN IP4 host.example')],
      ['ports that are none', 'application/sdp', answerText.replace('a=rtcp-mux', 'a=rtcp:99999')],
    ])('a 2xx that answers with %s is a result, and the call is ended', async (_what, type, body) => {
      expect(await call((invite) => ok(invite, type, body))).toMatchObject({
        answered: false,
        status: 200,
        reason: expect.stringMatching(/^answered, but no media: /) as string,
      });
      await lab.wire.run(100);
      expect(byes()).toHaveLength(1);
      expect(await statistics()).toEqual([]);
    });
    it('a 2xx without a tag is of RFC 2543, and makes a dialog', async () => {
      const result = call((invite) => {
        const response = `SIP/2.0 200 OK\r\n${['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(invite, name) ?? ''}`).join('\r\n')}\r\nContact: <sip:stock@192.0.2.11:5061>\r\n${SDP}\r\nContent-Length: ${answerText.length}\r\n\r\n${answerText}`;
        server.peer.octets(new TextEncoder().encode(response));
      });
      expect(await result).toMatchObject({ answered: true });
    });
  });
});
