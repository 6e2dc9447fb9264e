import { afterEach, describe, expect, it } from 'vitest';
import { seconds } from '../../base/time.js';
import { frontEndCommands } from '../front-end/commands.js';
import type { RoleLab } from '../role-lab.testkit.js';
import { clientCommands } from './commands.js';
import { ALICE, BOB, clientLab } from './lab.testkit.js';

describe('signing in', () => {
  let lab: RoleLab;
  const signIn = (node: string) => lab.ask(node, clientCommands, 'sign-in', {});
  const servers = (node: string) => lab.wire.named('sign-in-server', node).map(({ fields }) => fields['via']);
  afterEach(() => lab.stop());

  it('at the server that the DNS names first; the user is registered there', async () => {
    lab = await clientLab();
    await lab.start('alice');
    expect(await signIn('alice')).toEqual({ server: 'pool.contoso.example', port: 5061, via: 'SRV _sipinternaltls._tcp.contoso.example' });
    expect(await lab.ask('fe1', frontEndCommands, 'users', {})).toEqual([ALICE]);
    expect(servers('alice')).toHaveLength(1);
  });

  it('a user of another home is led there', async () => {
    lab = await clientLab();
    await lab.start('bob');
    await signIn('bob');
    expect(lab.wire.named('redirected', 'bob').map(({ fields }) => fields)).toEqual([{ to: 'pool2.contoso.example:443' }]);
    expect(await lab.ask('fe2', frontEndCommands, 'users', {})).toEqual([BOB]);
  });

  it('a server that cannot be reached is passed over; the next is tried', async () => {
    lab = await clientLab();
    await lab.start('bob');
    await lab.stop('fe1');
    expect(await signIn('bob')).toMatchObject({ via: 'SRV _sip._tls.contoso.example' });
    expect(servers('bob')).toEqual(['SRV _sipinternaltls._tcp.contoso.example', 'SRV _sip._tls.contoso.example']);
    expect(lab.wire.named('transport-failed', 'bob')[0]?.fields).toMatchObject({ code: 'NET_REFUSED' });
  });

  it('a server that says no speaks for the domain', async () => {
    lab = await clientLab();
    await lab.startBy({ ...lab.plan, users: lab.plan.users.map((user) => ({ ...user, password: 'wrong' })) }, 'alice');
    const before = lab.wire.now;
    await expect(signIn('alice')).rejects.toMatchObject({
      code: 'SIP_REFUSED',
      message: expect.stringMatching(/^alice@contoso\.example: pool\.contoso\.example answered 403 /) as string,
    });
    expect(servers('alice')).toHaveLength(1);
    expect(lab.wire.now - before).toBeLessThan(seconds(5));
  });

  it('a domain without servers says what is missing', async () => {
    lab = await clientLab({ records: '' });
    await lab.start('alice');
    await expect(signIn('alice')).rejects.toMatchObject({ code: 'DNS_NXDOMAIN', hint: 'give the zone _sipinternaltls._tcp or _sip._tls' });
  });

  it('when nobody sits there it is a mistake of the scenario', async () => {
    lab = await clientLab();
    await lab.start('nobody');
    await expect(signIn('nobody')).rejects.toMatchObject({ code: 'ROLE_COMMAND', message: 'no user sits at nobody' });
  });

  it('signs out: the server forgets the user', async () => {
    lab = await clientLab();
    await lab.start('alice');
    await signIn('alice');
    await lab.ask('alice', clientCommands, 'sign-out', {});
    expect(await lab.ask('fe1', frontEndCommands, 'users', {})).toEqual([]);
    await lab.wire.run(20_000);
    expect(lab.wire.named('registration-lost', 'alice')).toEqual([]);
  });

  it('when the registration is lost it signs in again after 5 s, and after twice as long each time that it fails', async () => {
    lab = await clientLab();
    await lab.start('alice');
    await signIn('alice');
    await lab.stop('fe1');
    const [lost] = lab.wire.named('registration-lost', 'alice');
    await lab.wire.run(40_000);
    const tries = lab.wire
      .named('sign-in-server', 'alice')
      .filter(({ fields }) => String(fields['via']).includes('_sipinternaltls'))
      .map(({ at }) => Math.round((at - (lost?.at ?? 0)) / 1e9));
    expect(tries.slice(1)).toEqual([5, 15, 35]);
    expect(lab.wire.named('sign-in-failed', 'alice').length).toBeGreaterThan(1);
    await lab.start('fe1');
    await lab.wire.run(45_000);
    expect(lab.wire.named('signed-in-again', 'alice')).toHaveLength(1);
    expect(await lab.ask('fe1', frontEndCommands, 'users', {})).toEqual([ALICE]);
  });

  it('a refresh that is refused is a loss too: it signs in again, ever later while it is refused', async () => {
    lab = await clientLab();
    // The password that the home knows; it is changed under the client's feet.
    const users = lab.plan.users.map((user) => ({ ...user }));
    await lab.startBy({ ...lab.plan, users }, 'fe1');
    await lab.start('alice');
    await signIn('alice');
    await lab.wire.run(440_000);
    for (const user of users) user.password = 'changed';
    // 600 s were granted; three quarters of it later the registration is refreshed.
    await lab.wire.run(60_000);
    const [lost] = lab.wire.named('registration-lost', 'alice');
    expect(lost?.fields).toMatchObject({ status: 403 });
    expect(Math.round((lost?.at ?? 0) / 1e9)).toBe(450);
    const tries = lab.wire.named('sign-in-server', 'alice').map(({ at }) => Math.round((at - (lost?.at ?? 0)) / 1e9));
    expect(tries.slice(1)).toEqual([5, 15, 35]);
    expect(lab.wire.named('sign-in-failed', 'alice')).toHaveLength(3);
    for (const user of users) user.password = 'a-secret';
    await lab.wire.run(40_000);
    expect(lab.wire.named('signed-in-again', 'alice')).toHaveLength(1);
    expect(lab.wire.named('registration-lost', 'alice')).toHaveLength(1);
    await lab.wire.run(460_000);
    expect(await lab.ask('fe1', frontEndCommands, 'users', {})).toEqual([ALICE]);
  });

  it('a client that was stopped tries no more', async () => {
    lab = await clientLab();
    await lab.start('alice');
    await signIn('alice');
    await lab.stop('fe1');
    await lab.stop('alice');
    const before = lab.wire.events.length;
    await lab.wire.run(60_000);
    expect(lab.wire.events.slice(before)).toEqual([]);
  });
});
