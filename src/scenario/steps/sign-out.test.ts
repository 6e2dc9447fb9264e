import { expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import { signOut } from './sign-out.js';
import { DONE } from './step-kind.js';
import { NotingStage, played, readAs } from './step.testkit.js';

it('asks each in turn', async () => {
  const stage = new NotingStage();
  expect(await played(signOut, ['ann', 'ben'], stage)).toEqual(DONE);
  expect(stage.asked).toEqual(['ann sign-out {}', 'ben sign-out {}']);
});

it('ends at the first who cannot', async () => {
  class Refusing extends NotingStage {
    override async ask(actor: string): Promise<never> {
      await super.ask(actor, 'sign-out', {});
      throw new LabError('NET_TIMEOUT', 'no answer');
    }
  }
  const stage = new Refusing();
  await expect(played(signOut, ['ann', 'ben'], stage)).rejects.toMatchObject({ code: 'NET_TIMEOUT' });
  expect(stage.asked).toEqual(['ann sign-out {}']);
});

it('wants a list of actors', () => {
  expect([readAs(signOut, []), readAs(signOut, 'ann'), readAs(signOut, [''])]).toEqual([null, null, null]);
});
