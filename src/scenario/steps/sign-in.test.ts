import { expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import { signIn } from './sign-in.js';
import { DONE } from './step-kind.js';
import { NotingStage, played, readAs } from './step.testkit.js';

it('asks each in turn', async () => {
  const stage = new NotingStage();
  expect(await played(signIn, ['ann', 'ben'], stage)).toEqual(DONE);
  expect(stage.asked).toEqual(['ann sign-in {}', 'ben sign-in {}']);
});

it('ends at the first who cannot', async () => {
  class Refusing extends NotingStage {
    override async ask(actor: string): Promise<never> {
      await super.ask(actor, 'sign-in', {});
      throw new LabError('NET_TIMEOUT', 'no answer');
    }
  }
  const stage = new Refusing();
  await expect(played(signIn, ['ann', 'ben'], stage)).rejects.toMatchObject({ code: 'NET_TIMEOUT' });
  expect(stage.asked).toEqual(['ann sign-in {}']);
});

it('wants a list of actors', () => {
  expect([readAs(signIn, []), readAs(signIn, 'ann'), readAs(signIn, [''])]).toEqual([null, null, null]);
});
