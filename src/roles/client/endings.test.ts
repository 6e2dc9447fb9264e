/**
 * No command waits for what will not come: whatever a client was asked, and whenever the network ends after it, the command
 * has ended some minutes later, with a result or with an error of the lab's.
 */
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import { ask, type CommandName } from '../commands.js';
import type { RoleLab } from '../role-lab.testkit.js';
import { RawServer } from '../sip/raw-peer.testkit.js';
import { clientCommands } from './commands.js';
import { ALICE, BOB, clientLab } from './lab.testkit.js';

type Command = CommandName<typeof clientCommands>;

/** Milliseconds after the command that all traffic ends: within the handshakes, while it rings (500 ms), at the answer, in the call. */
const CUTS = [0, 15, 30, 45, 60, 80, 120, 200, 400, 510, 530, 550, 580, 640, 800, 1500];

/** More than timer C of a proxy, the caller's patience, and a CANCEL (64 times T1) after it; milliseconds. */
const LIMIT = 300_000;

interface Asked {
  readonly argument: Readonly<Record<string, string>>;
  /** What went before. */
  readonly after: 'nothing' | 'sign-in' | 'call';
}

/** Every command, in the state in which it has most to wait for. */
const COMMANDS: Readonly<Record<Command, Asked>> = {
  'sign-in': { argument: {}, after: 'nothing' },
  'sign-out': { argument: {}, after: 'sign-in' },
  call: { argument: { to: BOB }, after: 'sign-in' },
  'hang-up': { argument: {}, after: 'call' },
  mute: { argument: {}, after: 'call' },
  unmute: { argument: {}, after: 'call' },
  message: { argument: { to: BOB, text: 'hello' }, after: 'sign-in' },
  statistics: { argument: {}, after: 'call' },
};

async function labAfter(after: Asked['after'], bob?: string): Promise<RoleLab> {
  const lab = await clientLab(bob === undefined ? {} : { bob });
  for (const node of ['alice', 'bob']) {
    await lab.start(node);
    if (after !== 'nothing') await lab.ask(node, clientCommands, 'sign-in', {});
  }
  if (after === 'call') await lab.ask('alice', clientCommands, 'call', { to: BOB });
  return lab;
}

/** Milliseconds until the command has ended; null: it has not. */
async function ends(lab: RoleLab, command: Command, argument: Asked['argument'], cut: number): Promise<number | null> {
  const began = lab.wire.now;
  let ended: number | null = null;
  const settled = ask(lab.role('alice'), clientCommands, command, argument as never).catch((error: unknown) => {
    if (!LabError.is(error)) throw error;
  });
  void settled.then(() => (ended = (lab.wire.now - began) / 1e6));
  await lab.wire.run(cut);
  lab.wire.blocked = () => true;
  for (let passed = cut; passed < LIMIT && ended === null; passed += 1000) await lab.wire.run(1000);
  return ended;
}

describe.each(Object.entries(COMMANDS) as [Command, Asked][])('%s', (command, { argument, after }) => {
  it('ends, whenever the network does', async () => {
    const lab = await labAfter(after);
    const never: number[] = [];
    for (const cut of CUTS) {
      // What was asked before the network came back may still be on its way: each in a lab of its own, but for what takes no time.
      const fresh = cut === CUTS[0] ? lab : await labAfter(after);
      if ((await ends(fresh, command, argument, cut)) === null) never.push(cut);
    }
    expect(never).toEqual([]);
  }, 60_000);
});

describe('a call that only rings', () => {
  it('ends by the timer C of a proxy: CANCEL, and 487 of the phone (RFC 3261 section 16.8)', async () => {
    const lab = await labAfter('sign-in', '{ answer: ignore }');
    const outcome = lab.wire.finish(ask(lab.role('alice'), clientCommands, 'call', { to: BOB }), LIMIT);
    expect(await outcome).toEqual({ answered: false, status: 487, reason: 'Request Terminated' });
    expect(lab.wire.now / 1e9).toBeLessThan(200);
    expect(lab.wire.named('call-given-up')).toEqual([]);
  });

  it('ends with its connection when nobody is there any more (RFC 5626 section 4.4.1)', async () => {
    const lab = await labAfter('sign-in', '{ answer: ignore }');
    expect(await ends(lab, 'call', { to: BOB }, 1000)).toBeLessThan(130_000);
    expect(lab.wire.named('transport-failed', 'alice')).not.toEqual([]);
  });

  it('ends by the patience of the caller where the server says no more than 180', async () => {
    const lab = await clientLab({ bob: '{}' });
    await lab.stop('fe1', 'fe2');
    const server = await RawServer.at(lab.host('fe1'), 5061);
    await lab.start('bob');
    await lab.ask('bob', clientCommands, 'sign-in', {});
    const began = lab.wire.now;
    const outcome = lab.wire.finish(ask(lab.role('bob'), clientCommands, 'call', { to: ALICE }), LIMIT);
    await lab.wire.run(1000);
    server.peer.answer(must(server.peer.requests('INVITE')[0], 'an INVITE'), 180);
    expect(await outcome).toEqual({ answered: false, status: 487, reason: 'the call was given up' });
    expect(server.peer.requests('CANCEL')).toHaveLength(1);
    // Four minutes, and 64 times T1 for an answer to what was cancelled (section 9.1).
    expect((lab.wire.now - began) / 1e9).toBeGreaterThanOrEqual(240);
    expect((lab.wire.now - began) / 1e9).toBeLessThanOrEqual(240 + 32 + 1);
    expect(lab.wire.named('call-given-up', 'bob')).toHaveLength(1);
    await lab.stop('bob');
  });
});
