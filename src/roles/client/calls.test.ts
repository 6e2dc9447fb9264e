import { afterEach, describe, expect, it } from 'vitest';
import type { RoleLab } from '../role-lab.testkit.js';
import { clientCommands } from './commands.js';
import { ALICE, BOB, CAROL, type Change, clientLab } from './lab.testkit.js';

describe('calls of a client', () => {
  let lab: RoleLab;
  const tell = (node: string, name: 'sign-in' | 'sign-out' | 'hang-up' | 'mute' | 'unmute') => lab.ask(node, clientCommands, name, {});
  const call = (node: string, to: string) => lab.ask(node, clientCommands, 'call', { to });
  const statistics = (node: string) => lab.ask(node, clientCommands, 'statistics', {});
  const heard = (node: string) => lab.told.filter((one) => one.node === node).map(({ name, data }) => [name, data]);
  const ends = (node: string) => lab.wire.named('call-ended', node).map(({ fields }) => [fields['peer'], fields['why']]);
  async function signedIn(change: Change = {}, ...nodes: readonly string[]): Promise<void> {
    lab = await clientLab(change);
    for (const node of nodes.length > 0 ? nodes : ['alice', 'bob']) {
      await lab.start(node);
      await tell(node, 'sign-in');
    }
  }
  afterEach(() => lab.stop());

  it('is answered: media flows both ways, the caller promotes the pair that ICE chose, hang-up ends it on both sides', async () => {
    await signedIn();
    expect(await call('alice', BOB)).toEqual({ answered: true, status: 200, reason: 'OK' });
    expect(lab.wire.named('call-answered', 'alice').map(({ fields }) => fields)).toEqual([{ peer: BOB }]);
    await lab.wire.run(1000);
    const [near] = await statistics('alice');
    expect(near).toMatchObject({ peer: BOB, kind: 'audio', received: [{ lost: 0 }] });
    expect(near?.received[0]?.packets).toBeGreaterThanOrEqual(50);
    expect(heard('alice')).toEqual([['progressed', { call: expect.any(Number) as number, status: 180 }]]);
    expect(heard('bob')).toEqual([['incoming', { call: expect.any(Number) as number, from: ALICE }]]);
    await tell('alice', 'hang-up');
    await lab.wire.run(1000);
    expect([ends('alice'), ends('bob')]).toEqual([[[BOB, 'bye-sent']], [[ALICE, 'bye-received']]]);
    expect(await statistics('bob')).toEqual([]);
    expect([...lab.wire.open.keys()].filter((key) => /\|500\d\d$/.test(key))).toEqual([]);
  });

  it('rings for as long as it is told, and is declined with 603', async () => {
    await signedIn({ bob: '{ answer: decline, ringFor: 2000 }' });
    const before = lab.wire.now;
    expect(await call('alice', BOB)).toEqual({ answered: false, status: 603, reason: 'Decline' });
    expect((lab.wire.now - before) / 1e9).toBeGreaterThan(2);
    expect(await statistics('alice')).toEqual([]);
  });

  it('an offer of which the callee takes nothing is refused with 488: SRTP here, plain RTP there', async () => {
    await signedIn({ bob: '{ srtp: false }' });
    expect(await call('alice', BOB)).toMatchObject({ answered: false, status: 488 });
    expect([...lab.wire.open.keys()].filter((key) => /\|500\d\d$/.test(key))).toEqual([]);
  });

  it('is busy, 486, when other calls have all of its ports; those go on', async () => {
    await signedIn({ bob: '{ audioPorts: { from: 50000, to: 50000 } }' }, 'alice', 'bob', 'carol');
    expect(await call('alice', BOB)).toMatchObject({ answered: true });
    expect(await call('carol', BOB)).toEqual({ answered: false, status: 486, reason: 'Busy Here' });
    expect(lab.wire.named('media-failed', 'bob').map(({ fields }) => fields['peer'])).toEqual([CAROL]);
    await lab.wire.run(1000);
    expect((await statistics('bob'))[0]).toMatchObject({ peer: ALICE, received: [{ lost: 0 }] });
    await tell('alice', 'hang-up');
    expect(await call('carol', BOB)).toMatchObject({ answered: true });
  });

  it('nobody is there: the status of the server is the result', async () => {
    await signedIn();
    expect(await call('alice', 'nobody@contoso.example')).toMatchObject({ answered: false, status: 404 });
    expect(await call('alice', CAROL)).toMatchObject({ answered: false, status: 480 });
  });

  it('no way for media: answered, but the caller hangs up again', async () => {
    await signedIn();
    lab.wire.blocked = (from, to) => [from, to].every((address) => address === '192.0.2.21' || address === '192.0.2.22');
    const result = await call('alice', BOB);
    expect(result).toMatchObject({ answered: false, status: 200, reason: expect.stringMatching(/^answered, but no media: /) as string });
    await lab.wire.run(1000);
    expect(ends('bob')).toEqual([[ALICE, 'bye-received']]);
  });

  it('hang-up while it rings gives the call up (CANCEL); the callee answers no more', async () => {
    await signedIn({ bob: '{ ringFor: 5000 }' });
    const calling = lab.role('alice').call('call', { to: BOB });
    await lab.wire.run(1000);
    await tell('alice', 'hang-up');
    expect(await lab.wire.finish(calling)).toEqual({ answered: false, status: 487, reason: 'the call was given up' });
    await lab.wire.run(10_000);
    expect(ends('alice')).toEqual([[BOB, 'cancelled']]);
    expect([...lab.wire.open.keys()].filter((key) => /\|500\d\d$/.test(key))).toEqual([]);
  });

  it('hang-up of who is called refuses the call that rings', async () => {
    await signedIn({ bob: '{ answer: ignore }' });
    const calling = lab.role('alice').call('call', { to: BOB });
    await lab.wire.run(1000);
    await tell('bob', 'hang-up');
    expect(await lab.wire.finish(calling)).toMatchObject({ answered: false, status: 480 });
  });

  it('two calls at once are two: each has its media, muting silences both, hang-up ends both', async () => {
    await signedIn({}, 'alice', 'bob', 'carol');
    await call('alice', BOB);
    await call('carol', ALICE);
    await lab.wire.run(500);
    expect((await statistics('alice')).map(({ peer }) => peer)).toEqual([BOB, CAROL]);
    await tell('alice', 'mute');
    const sent = async () => (await statistics('alice')).map((one) => one.sent.packets);
    const before = await sent();
    await lab.wire.run(1000);
    expect(await sent()).toEqual(before);
    await tell('alice', 'unmute');
    await lab.wire.run(1000);
    for (const [i, packets] of (await sent()).entries()) expect(packets).toBeGreaterThan((before[i] ?? 0) + 40);
    await tell('alice', 'hang-up');
    expect(ends('alice')).toEqual([
      [BOB, 'bye-sent'],
      [CAROL, 'bye-sent'],
    ]);
  });
});
