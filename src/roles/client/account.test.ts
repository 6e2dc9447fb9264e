import { afterEach, describe, expect, it } from 'vitest';
import type { RoleLab } from '../role-lab.testkit.js';
import { Account, userIn } from './account.js';
import { ALICE, clientLab } from './lab.testkit.js';

describe('the account of a client', () => {
  let lab: RoleLab;
  afterEach(() => lab.stop());

  async function account(node: string): Promise<Account> {
    lab = await clientLab();
    return new Account(lab.host(node), { node: lab.node(node), plan: lab.plan, emit: () => undefined }, () => undefined);
  }

  it('is of the user who sits at the node', async () => {
    expect((await account('alice')).user).toMatchObject({ address: ALICE, node: 'alice', home: 'fe1' });
  });

  it('has one user agent, which answers with the password of the user', async () => {
    const alice = await account('alice');
    expect(alice.sip).toBe(alice.sip);
    const registrar = { kind: 'target', host: 'pool.contoso.example', port: 5061 } as const;
    expect(await lab.wire.finish(alice.sip.register(600, registrar))).toMatchObject({ kind: 'registered', expires: 600 });
    alice.close();
  });

  it('draws no random numbers before its user agent is used', async () => {
    const alice = await account('alice');
    const [untouched] = [await clientLab()];
    void alice.user;
    expect(alice.host.random.below(2 ** 31)).toBe(untouched.host('alice').random.below(2 ** 31));
    await untouched.stop();
  });

  it('where nobody sits there is neither user nor user agent, and nothing to close', async () => {
    const nobody = await account('nobody');
    const refused = expect.objectContaining({ code: 'ROLE_COMMAND', hint: 'add one under users: in the topology' }) as Error;
    expect(() => nobody.user).toThrow(refused);
    expect(() => nobody.sip).toThrow(refused);
    nobody.close();
  });
});

describe('the user in a URI or header', () => {
  it.each([
    ['sip:alice@contoso.example', 'alice@contoso.example'],
    ['sips:Alice@Contoso.Example;transport=tls', 'alice@contoso.example'],
    ['"Alice" <sip:alice@contoso.example:5061>;tag=1', 'alice@contoso.example'],
    // No user, or no SIP URI: the text as it is.
    ['sip:contoso.example', 'sip:contoso.example'],
    ['tel:+14255550100', 'tel:+14255550100'],
  ])('%s', (text, user) => expect(userIn(text)).toBe(user));

  it('takes no longer than the text is long', () => {
    const before = performance.now();
    for (const piece of ['a', 'sip:', 'sip:a', '@', 'a ', '<', ':']) userIn(`sip:${piece.repeat(60_000 / piece.length)}`);
    expect(performance.now() - before).toBeLessThan(5000);
  });
});
