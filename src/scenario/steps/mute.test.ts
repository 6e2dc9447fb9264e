import { expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import { mute } from './mute.js';
import { DONE } from './step-kind.js';
import { NotingStage, played, readAs } from './step.testkit.js';

it('asks each in turn', async () => {
  const stage = new NotingStage();
  expect(await played(mute, ['ann', 'ben'], stage)).toEqual(DONE);
  expect(stage.asked).toEqual(['ann mute {}', 'ben mute {}']);
});

it('ends at the first who cannot', async () => {
  class Refusing extends NotingStage {
    override async ask(actor: string): Promise<never> {
      await super.ask(actor, 'mute', {});
      throw new LabError('NET_TIMEOUT', 'no answer');
    }
  }
  const stage = new Refusing();
  await expect(played(mute, ['ann', 'ben'], stage)).rejects.toMatchObject({ code: 'NET_TIMEOUT' });
  expect(stage.asked).toEqual(['ann mute {}']);
});

it('wants a list of actors', () => {
  expect([readAs(mute, []), readAs(mute, 'ann'), readAs(mute, [''])]).toEqual([null, null, null]);
});
