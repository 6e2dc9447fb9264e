import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, clientLab } from '../client/lab.testkit.js';
import type { RoleLab } from '../role-lab.testkit.js';
import { type SipEvent, SipUserAgent } from '../sip/sip-user-agent.js';
import { frontEndCommands } from './commands.js';

const PASSWORDS: Readonly<Record<string, string>> = { [ALICE]: 'a-secret', [BOB]: 'b-secret', [CAROL]: 'c-secret' };
const at = (host: string, port: number) => ({ kind: 'target', host, port }) as const;
const FE1 = at('pool.contoso.example', 5061);
const FE2 = at('pool2.contoso.example', 5061);

describe('a front end', () => {
  let lab: RoleLab;
  const agents: SipUserAgent[] = [];
  const events: SipEvent[] = [];
  /** A phone on that node that claims to be this user. */
  function agent(node: string, address: string, password: string | null = PASSWORDS[address] ?? null): SipUserAgent {
    const made = new SipUserAgent(
      lab.host(node),
      { aor: `sip:${address}`, credentials: password === null ? null : { username: address, password }, outbound: null },
      (event) => events.push(event),
    );
    agents.push(made);
    return made;
  }
  const users = (node: string) => lab.ask(node, frontEndCommands, 'users', {});
  const requestTo = async (from: SipUserAgent, to: string) => (await lab.wire.finish(from.request('MESSAGE', to))).status;

  beforeEach(async () => {
    lab = await clientLab();
  });
  afterEach(async () => {
    for (const one of agents.splice(0)) one.close();
    events.splice(0);
    await lab.stop();
  });

  it('registers users who are homed here, and knows them until they sign out', async () => {
    const alice = agent('alice', ALICE);
    expect(await lab.wire.finish(alice.register(600, FE1))).toMatchObject({ kind: 'registered', expires: 600 });
    expect(await users('fe1')).toEqual([ALICE]);
    expect(lab.wire.named('signed-in', 'fe1').map(({ fields }) => fields)).toEqual([{ user: ALICE, home: 'fe1', from: '192.0.2.21' }]);
    expect(await lab.wire.finish(alice.unregister())).toBeNull();
    expect(await users('fe1')).toEqual([]);
    expect(lab.wire.named('signed-out', 'fe1')).toHaveLength(1);
  });

  it('sends who is homed elsewhere to the door of the home, by 301', async () => {
    const bob = agent('bob', BOB);
    expect(await lab.wire.finish(bob.register(600, FE1))).toMatchObject({ kind: 'registered', registrar: at('pool2.contoso.example', 443) });
    expect(events.filter(({ kind }) => kind === 'redirected')).toEqual([{ kind: 'redirected', to: at('pool2.contoso.example', 443) }]);
    expect(lab.wire.named('redirected', 'fe1').map(({ fields }) => fields)).toMatchObject([{ user: BOB, from: '192.0.2.22' }]);
    expect([await users('fe1'), await users('fe2')]).toEqual([[], [BOB]]);
  });

  it('refuses a wrong password, an unknown user, a domain that it does not serve', async () => {
    const refused = async (address: string, password: string) => {
      const result = await lab.wire.finish(agent('alice', address, password).register(600, FE1));
      return result.kind === 'refused' ? result.status : result.kind;
    };
    expect(await refused(ALICE, 'wrong')).toBe(403);
    expect(await refused('nobody@contoso.example', 'x')).toBe(404);
    expect(await refused('alice@elsewhere.example', 'x')).toBe(403);
    expect(await users('fe1')).toEqual([]);
  });

  it('carries requests from home to home: the other front end is known by its certificate, not asked for a password', async () => {
    const [alice, bob] = [agent('alice', ALICE), agent('bob', BOB)];
    await lab.wire.finish(alice.register(600, FE1));
    await lab.wire.finish(bob.register(600, FE2));
    expect(await requestTo(alice, `sip:${BOB}`)).toBe(200);
    expect(events.at(-2)).toMatchObject({ kind: 'request-received', method: 'MESSAGE' });
    expect(await requestTo(bob, `sip:${ALICE}`)).toBe(200);
  });

  it('a user without a connection is 480, no user 404, another domain 404', async () => {
    const alice = agent('alice', ALICE);
    await lab.wire.finish(alice.register(600, FE1));
    expect(await requestTo(alice, `sip:${CAROL}`)).toBe(480);
    expect(await requestTo(alice, 'sip:nobody@contoso.example')).toBe(404);
    expect(await requestTo(alice, 'sip:x@elsewhere.example')).toBe(404);
  });

  it('challenges who is not signed in on the connection (407), and takes the right password', async () => {
    const stranger = async (address: string, password: string | null) => {
      const one = agent('carol', address, password);
      return requestTo(one, 'sip:x@pool.contoso.example');
    };
    expect(await stranger(CAROL, null)).toBe(407);
    expect(await stranger(CAROL, 'wrong')).toBe(403);
    expect(await stranger(CAROL, 'c-secret')).toBe(404);
    // Homed elsewhere: this one cannot know the password.
    expect(await stranger(BOB, 'b-secret')).toBe(403);
  });

  it('answers OPTIONS to itself, and nothing else', async () => {
    const alice = agent('alice', ALICE);
    await lab.wire.finish(alice.register(600, FE1));
    expect((await lab.wire.finish(alice.request('OPTIONS', 'sip:contoso.example'))).status).toBe(200);
    expect((await lab.wire.finish(alice.request('INFO', 'sip:contoso.example'))).status).toBe(405);
  });

  it('forgets a registration that is not refreshed when its time is over, and one whose connection is gone at once', async () => {
    const [alice, carol] = [agent('alice', ALICE), agent('carol', CAROL)];
    const granted = await lab.wire.finish(alice.register(120, FE1));
    await lab.wire.finish(carol.register(600, FE1));
    expect(granted).toMatchObject({ kind: 'registered', expires: 120 });
    carol.close();
    await lab.wire.run(100);
    expect(await users('fe1')).toEqual([ALICE]);
    // The refresh, due after three quarters of the time, gets lost on its way, and with it the connection is not closed.
    lab.wire.blocked = (from) => from === '192.0.2.21';
    await lab.wire.run(119_000);
    expect(await users('fe1')).toEqual([ALICE]);
    await lab.wire.run(2_000);
    expect(await users('fe1')).toEqual([]);
    expect(lab.wire.named('signed-out', 'fe1').map(({ fields }) => fields['user'])).toEqual([CAROL, ALICE]);
  });
});
