import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emitMessage } from './emitter.js';
import * as fields from './fields.js';
import { bodyText, header, headerList, headerValues, makeRequest, textBody, withHeader, withoutTop, withTop, type SipMessage } from './message.js';
import { parseMessage, type Refusal } from './parser.js';
import { param } from './syntax.js';
import { INVALID, VALID } from './testing/torture/messages.js';
import { SEMANTIC, torture } from './testing/torture/semantics.js';

function parsed(bytes: Uint8Array): SipMessage {
  const result = parseMessage(bytes);
  if ('malformed' in result) throw new Error(`${result.reason} at ${result.at}: ${result.why}`);
  return result;
}

function refused(bytes: Uint8Array): Refusal {
  const result = parseMessage(bytes);
  if (!('malformed' in result)) throw new Error('was taken');
  return result;
}

function valid(name: string): SipMessage {
  return parsed(VALID.find((t) => t.name === name)!.bytes);
}

describe('RFC 4475 section 3.1.1: valid messages', () => {
  it('has all thirteen', () => expect(VALID.map((t) => t.section)).toEqual(Array.from({ length: 13 }, (_, i) => `3.1.1.${i + 1}`)));

  it.each(VALID)('$section $name is taken and re-emitted octet by octet', ({ name, bytes }) => {
    const out = emitMessage(parsed(bytes));
    // 3.1.1.8: octets behind the length of a datagram's message are not part of it.
    expect(out).toEqual(name === 'dblreq' ? bytes.subarray(0, out.length) : bytes);
  });

  it('3.1.1.1: folding, spaces, compact names, leading zeros', () => {
    const m = valid('wsinv');
    expect(fields.maxForwards(m)).toBe(68);
    expect(fields.cseq(m)).toEqual({ sequence: 9, method: 'INVITE' });
    expect(fields.fromTag(m)).toBe('98asjd8');
    expect(fields.from(m).display).toBe('J Rosenberg \\"');
    expect(fields.toTag(m)).toBe('1918181833n');
    expect(fields.vias(m).map((v) => [v.transport, v.host, param(v.params, 'branch')])).toEqual([
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ]);
    expect(header(m, 'Subject')).toBe('');
    expect(header(m, 'NewFangledHeader')).toBe('newfangled value continued newfangled value');
    expect(header(m, 'UnknownHeaderWithUnusualValue')).toBe(';;,,;;,;');
    expect(fields.contact(m)).toMatchObject({
      display: 'Quoted string ""',
      params: [
        { name: 'newparam', value: 'newvalue' },
        { name: 'secondparam', value: null },
        { name: 'q', value: '0.33' },
      ],
    });
    expect(bodyText(m)).toHaveLength(150);
  });

  it('3.1.1.2: every character that the grammar allows', () => {
    const m = valid('intmeth');
    expect(m).toMatchObject({ method: "!interesting-Method0123456789_*+`.%indeed'~" });
    expect(fields.to(m).display).toBe('BEL:\u0007 NUL:\u0000 DEL:\u007f');
    expect(fields.from(m).display).toBe("token1~` token2'+_ token3*%!.-");
    expect(param(fields.from(m).params, "fromParam''~+*_!.-%")).toBe('работающий');
    expect(header(m, "extensionHeader-!.%*+_`'~")).toBe('\ufeff大停電');
    expect(fields.callId(m)).toBe('intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
  });

  it('3.1.1.5: an escape outside a URI is text: C%6Fntact is no Contact', () => {
    expect(headerValues(valid('esc02'), 'Contact')).toHaveLength(2);
    expect(valid('esc02')).toMatchObject({ method: 'RE%47IST%45R' });
  });

  it('3.1.1.8: what follows the length is dropped', () => expect(valid('dblreq').body).toHaveLength(0));
  it('3.1.1.9: semicolons in the user part', () => {
    expect(valid('semiuri')).toMatchObject({ uri: 'sip:user;par=u%40example.net@example.com' });
    expect(headerList(valid('semiuri'), 'Accept')).toHaveLength(6);
  });
  it('3.1.1.10: unknown transports', () => expect(fields.vias(valid('transports')).map((v) => v.transport)).toEqual(['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP']));
  it('3.1.1.11: a body with NUL octets', () => {
    expect(valid('mpart01').body).toHaveLength(553);
    expect(valid('mpart01').body).toContain(0);
  });
  it('3.1.1.13: an empty reason', () => expect(valid('noreason')).toMatchObject({ status: 100, reason: '' }));
});

describe('RFC 4475 section 3.1.2: invalid messages', () => {
  const verdicts: Record<string, [reason: string, status: number | null, at: string]> = {
    badinv01: ['params', 400, ';,;,,'],
    clerr: ['body-short', 400, ' 9999'],
    ncl: ['content-length', 400, '-999'],
    scalar02: ['cseq', 400, '36893488147419103232'],
    scalarlg: ['cseq', null, '9292394834772304023312'],
    quotbal: ['quoted-string', 400, '"Mr. J. User'],
    ltgtruri: ['uri', 400, '<sip:user@example.com> SIP'],
    lwsruri: ['start-line', 400, 'INVITE'],
    lwsstart: ['start-line', 400, 'INVITE'],
    trws: ['start-line', 400, 'OPTIONS'],
    escruri: ['uri', 400, '?Route'],
    baddate: ['date', 400, 'Fri, 01'],
    regbadct: ['name-addr', 400, '?Route'],
    badaspec: ['uri', 400, ' sip:t.watson'],
    baddn: ['uri', 400, 'Bell'],
    badvers: ['version', 505, 'SIP/7.0'],
    mismatch01: ['method-mismatch', 400, '8 INVITE'],
    mismatch02: ['method-mismatch', 400, '8 INVITE'],
    bigcode: ['status-code', null, '4294967301'],
  };

  it('has all nineteen', () => expect(INVALID.map((t) => t.name)).toEqual(Object.keys(verdicts)));

  it.each(INVALID)('$section $name is refused for its own fault, at its place', ({ name, bytes }) => {
    const [reason, status, at] = verdicts[name]!;
    const r = refused(bytes);
    expect([r.reason, r.status]).toEqual([reason, status]);
    expect(new TextDecoder().decode(bytes.subarray(r.at))).toSatisfy((rest: string) => rest.startsWith(at));
  });

  it.each(INVALID)('$section $name without its fault is taken', ({ name, bytes }) => {
    const cure: Record<string, [wrong: string, right: string]> = {
      badinv01: [';;,;,,\r\nContact: "Joe" <sip:joe@example.org>;;;;', '\r\nContact: "Joe" <sip:joe@example.org>'],
      clerr: ['9999', '152'],
      ncl: ['-999', '150'],
      scalar02: ['36893488147419103232', '1'],
      scalarlg: ['9292394834772304023312', '1'],
      quotbal: ['User <', 'User" <'],
      ltgtruri: ['<sip:user@example.com> S', 'sip:user@example.com S'],
      lwsruri: ['; lr', ';lr'],
      lwsstart: ['INVITE  sip:user@example.com  ', 'INVITE sip:user@example.com '],
      trws: ['2.0  ', '2.0'],
      escruri: ['?Route=%3Csip:example.com%3E', ''],
      baddate: ['EST', 'GMT'],
      regbadct: ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E', 'Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>'],
      badaspec: ['< sip:t.watson@example.org >', '<sip:t.watson@example.org>'],
      baddn: ['Bell, Alexander', '"Bell, Alexander"'],
      badvers: ['SIP/7.0\r\nVia', 'SIP/2.0\r\nVia'],
      mismatch01: ['8 INVITE', '8 OPTIONS'],
      mismatch02: ['8 INVITE', '8 NEWMETHOD'],
      bigcode: ['4294967301', '603'],
    };
    const [wrong, right] = cure[name]!;
    const second: Record<string, [string, string]> = {
      scalar02: ['300', '30'],
      scalarlg: ['949302838503028349304023988', '9'],
      baddn: ['Watson, Thomas <', 'Watson <'],
    };
    const [w2, r2] = second[name] ?? ['', ''];
    const text = new TextDecoder().decode(bytes);
    expect(text).toContain(wrong);
    parsed(textBody(text.replace(wrong, right).replace(w2, r2)));
  });
});

describe('RFC 4475 sections 3.2 to 3.4 as far as the parser goes', () => {
  it('has all seventeen', () => expect(SEMANTIC).toHaveLength(17));
  const refusedHere: Record<string, string> = { insuf: 'missing-header', multi01: 'repeated-header', mcl01: 'repeated-header' };
  it.each(SEMANTIC)('$section $name', ({ name, bytes }) => {
    const reason = refusedHere[name];
    if (reason !== undefined) expect(refused(bytes)).toMatchObject({ reason, status: 400 });
    else if (name === 'inv2543') expect(parsed(bytes).body.length).toBeGreaterThan(0);
    else expect(emitMessage(parsed(bytes))).toEqual(bytes);
  });
  it('3.3.12 and 3.3.13: the same parameter is of the field, or of the URI', () => {
    expect(fields.contact(parsed(torture('cparam01')))?.params).toHaveLength(1);
    expect(fields.contact(parsed(torture('cparam02')))).toMatchObject({ params: [], uri: { params: [{ name: 'unknownparam', value: null }] } });
  });
  it('3.3.14: headers of a Contact URI are kept', () =>
    expect(fields.contact(parsed(torture('regescrt')))?.uri).toMatchObject({ headers: 'Route=%3Csip:sip.example.com%3E' }));
});

describe('faults that RFC 4475 does not show', () => {
  const good =
    'OPTIONS sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/TLS c.example;branch=z9hG4bK1\r\nFrom: <sip:x@y.example>;tag=1\r\nTo: <sip:a@b.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';
  it.each([
    ['no end of the head', good.slice(0, -2), 'header-line'],
    ['a bare LF', good.replace('\r\nCall-ID', '\nCall-ID'), 'header-line'],
    ['a field without colon', good.replace('Call-ID: 1', 'Call-ID 1'), 'header-line'],
    ['q above 1', good.replace('Content', 'Contact: <sip:a@b>;q=1.5\r\nContent'), 'params'],
    ['Max-Forwards 256', good.replace('Content', 'Max-Forwards: 256\r\nContent'), 'number'],
    ['an escape that is none', good.replace('sip:a@b.example SIP', 'sip:%zz@b.example SIP'), 'uri'],
    ['a port above 65535', good.replace('c.example', 'c.example:65536'), 'via'],
  ])('%s', (_what, text, reason) => {
    parsed(textBody(good));
    expect(refused(textBody(text)).reason).toBe(reason);
  });
  it('octets that are no UTF-8', () => {
    const bytes = textBody(good);
    bytes[12] = 0xff;
    expect(refused(bytes)).toMatchObject({ reason: 'encoding', status: null });
  });
  it('on a stream the length is mandatory', () => {
    expect(parseMessage(textBody(good.replace('Content-Length: 0\r\n', '')), { framing: 'stream' })).toMatchObject({ reason: 'content-length' });
  });
});

describe('properties', () => {
  it('never throws, whatever is cut, flipped or doubled', () => {
    const all = [...VALID, ...INVALID, ...SEMANTIC];
    fc.assert(
      fc.property(fc.nat(all.length - 1), fc.nat(4000), fc.nat(255), fc.nat(4000), (which, at, octet, cut) => {
        const bytes = all[which]!.bytes.slice();
        if (at < bytes.length) bytes[at] = octet;
        const result = parseMessage(bytes.subarray(0, bytes.length - Math.min(cut, bytes.length)));
        // Re-emission adds a Content-Length that was not there.
        if ('malformed' in result) expect(result.at).toBeLessThanOrEqual(bytes.length);
        else expect(parseMessage(emitMessage(result))).toMatchObject(header(result, 'l') === undefined ? { body: result.body } : result);
      }),
      { seed: 4475, numRuns: 600 },
    );
  });

  it('what is built comes back equal', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,12}$/);
    fc.assert(
      fc.property(token, token, fc.stringMatching(/^[ -~]{0,40}$/), fc.uint8Array({ maxLength: 60 }), (method, tag, text, body) => {
        const m = makeRequest(
          method,
          'sip:u@h.example',
          [
            ['Via', 'SIP/2.0/TLS h.example;branch=z9hG4bKx'],
            ['From', `<sip:f@h.example>;tag=${tag}`],
            ['To', '<sip:t@h.example>'],
            ['Call-ID', 'c'],
            ['CSeq', `1 ${method}`],
            ['X-Text', text.trim()],
          ],
          body,
        );
        const back = parsed(emitMessage(m));
        expect(back).toMatchObject({ method, body });
        expect(header(back, 'x-text')).toBe(text.trim());
        expect(fields.fromTag(back)).toBe(tag);
      }),
      { seed: 3261, numRuns: 200 },
    );
  });
});

describe('changes keep order and the octets of what they do not touch', () => {
  const m = makeRequest('OPTIONS', 'sip:a@b', [
    ['Via', 'one, two'],
    ['Route', '<sip:r1>, <sip:r2>'],
    ['X', '1'],
    ['Via', 'three'],
  ]);
  const shown = (x: SipMessage) => x.headers.map((h) => `${h.name}: ${h.value}`);
  it('withTop', () => expect(shown(withTop(m, 'via', 'zero'))).toEqual(['via: zero', 'Via: one, two', 'Route: <sip:r1>, <sip:r2>', 'X: 1', 'Via: three']));
  it('withoutTop', () => {
    expect(shown(withoutTop(m, 'Via'))).toEqual(['Via: two', 'Route: <sip:r1>, <sip:r2>', 'X: 1', 'Via: three']);
    expect(shown(withoutTop(withoutTop(m, 'Route'), 'Route'))).toEqual(['Via: one, two', 'X: 1', 'Via: three']);
  });
  it('withHeader', () => expect(shown(withHeader(m, 'via', 'only'))).toEqual(['via: only', 'Route: <sip:r1>, <sip:r2>', 'X: 1']));
});
