import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoleLab } from '../role-lab.testkit.js';
import { userIn } from './account.js';
import { clientCommands } from './commands.js';
import { ALICE, BOB, CAROL, clientLab } from './lab.testkit.js';

describe('instant messages', () => {
  let lab: RoleLab;
  const write = (to: string, text: string) => lab.ask('alice', clientCommands, 'message', { to, text });
  beforeAll(async () => {
    lab = await clientLab();
    for (const node of ['alice', 'bob']) {
      await lab.start(node);
      await lab.ask(node, clientCommands, 'sign-in', {});
    }
  });
  afterAll(() => lab.stop());

  it('come whole, from the user who wrote them', async () => {
    expect(await write(BOB, 'grüß dich ☎')).toEqual({ status: 200, reason: 'OK' });
    expect(lab.told.filter(({ node }) => node === 'bob')).toEqual([{ node: 'bob', name: 'message', data: { from: ALICE, text: 'grüß dich ☎' } }]);
    expect(lab.wire.named('message-received', 'bob').map(({ fields }) => fields)).toEqual([{ peer: ALICE, bytes: 15 }]);
  });

  it('to nobody, and to one who is not signed in: the status says so', async () => {
    expect(await write('nobody@contoso.example', '?')).toMatchObject({ status: 404 });
    expect(await write(CAROL, '?')).toMatchObject({ status: 480 });
  });

  it('no way to the server: 503, or 408 when it is silent', async () => {
    lab.wire.blocked = (from) => from === '192.0.2.21';
    expect(await write(BOB, 'anybody?')).toMatchObject({ status: 408 });
    lab.wire.blocked = () => false;
  });
});

describe('the user in a header', () => {
  it.each([
    ['"Alice" <sip:Alice@Contoso.example>;tag=1', ALICE],
    ['sips:alice@contoso.example;transport=tls', ALICE],
    ['<sip:alice@contoso.example:5061>', ALICE],
    ['tel:+49301234', 'tel:+49301234'],
  ])('%s', (text, user) => expect(userIn(text)).toBe(user));
});
