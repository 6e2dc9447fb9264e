import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { seconds } from '../../base/time.js';
import { DigestClient, digestResponse, DigestServer, formatChallenge, formatCredentials, parseChallenge, parseCredentials } from './digest.js';

const rng = (name: string) => randomRoot(1).stream(name);

describe('test vectors', () => {
  it('RFC 2617 section 3.5', () => {
    expect(
      digestResponse({
        algorithm: 'MD5',
        username: 'Mufasa',
        realm: 'testrealm@host.com',
        password: 'Circle Of Life',
        method: 'GET',
        uri: '/dir/index.html',
        nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
        nonceCount: 1,
        cnonce: '0a4f113b',
      }),
    ).toBe('6629fae49393a05397450978507c4ef1');
  });
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('RFC 7616 section 3.9.1, %s', (algorithm, response) => {
    expect(
      digestResponse({
        algorithm,
        username: 'Mufasa',
        realm: 'http-auth@example.org',
        password: 'Circle of Life',
        method: 'GET',
        uri: '/dir/index.html',
        nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
        nonceCount: 1,
        cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
      }),
    ).toBe(response);
  });
  it('parses the credentials of RFC 7616 section 3.9.1', () => {
    const c = parseCredentials(
      'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    );
    expect(c).toMatchObject({ username: 'Mufasa', nonceCount: 1, response: '8ca523f5e9506fed4657c9700eebdbec' });
    expect(parseCredentials(formatCredentials(c!))).toEqual(c);
  });
});

describe('challenge and credentials', () => {
  it('round trip, with quotes in the realm', () => {
    const c = { realm: 'a "b" \\ c, d', nonce: 'n', algorithm: 'SHA-256', qop: true, opaque: 'o', stale: true } as const;
    expect(parseChallenge(formatChallenge(c))).toEqual(c);
  });
  it.each([
    'Basic realm="x"',
    'NoOneKnowsThisScheme opaque-data=here',
    'Digest realm="x"',
    'Digest realm="x", nonce="n", algorithm=MD5-sess',
    'Digest realm="x", nonce="n", qop="auth-int"',
  ])('%s is not answered', (text) => {
    expect(parseChallenge(text)).toBeNull();
    expect(parseCredentials(text)).toBeNull();
  });
});

describe('server against client', () => {
  const server = () => new DigestServer({ realm: 'contoso.example', rng: rng('server'), lifetime: seconds(60) });
  const client = (password = 'secret') => new DigestClient('alice', password, rng('client'));
  const uri = 'sip:contoso.example';
  const judge = (s: DigestServer, value: string, at = 0, password: string | null = 'secret', method = 'REGISTER', target = uri) =>
    s.verify(parseCredentials(value)!, method, target, password, seconds(at));

  it('right password; the same credentials again are a replay; the next count is right', () => {
    const s = server();
    const c = client();
    const challenge = s.challenge(seconds(0));
    expect(challenge.map((t) => parseChallenge(t)?.algorithm)).toEqual(['SHA-256', 'MD5']);
    const first = c.answer(challenge, 'REGISTER', uri)!;
    expect([judge(s, first), judge(s, first), judge(s, c.answer(challenge, 'REGISTER', uri)!)]).toEqual(['ok', 'replayed', 'ok']);
  });
  it('every way to be wrong', () => {
    const s = server();
    const challenge = s.challenge(seconds(0));
    const right = client().answer(challenge, 'REGISTER', uri)!;
    expect(judge(s, client('guess').answer(challenge, 'REGISTER', uri)!)).toBe('wrong');
    expect(judge(s, right, 0, 'secret', 'INVITE')).toBe('wrong');
    expect(judge(s, right, 0, 'secret', 'REGISTER', 'sip:fabrikam.example')).toBe('wrong');
    expect(judge(s, right, 0, null)).toBe('unknown-user');
    expect(judge(s, right.replace('realm="contoso', 'realm="fabrikam'))).toBe('wrong');
    expect(judge(s, right, 60)).toBe('stale');
    expect(judge(server(), client().answer(['Digest realm="contoso.example", nonce="made-up", qop="auth"'], 'REGISTER', uri)!)).toBe('stale');
    expect(judge(s, right, 59)).toBe('ok');
  });
});
