import { expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import { unmute } from './unmute.js';
import { DONE } from './step-kind.js';
import { NotingStage, played, readAs } from './step.testkit.js';

it('asks each in turn', async () => {
  const stage = new NotingStage();
  expect(await played(unmute, ['ann', 'ben'], stage)).toEqual(DONE);
  expect(stage.asked).toEqual(['ann unmute {}', 'ben unmute {}']);
});

it('ends at the first who cannot', async () => {
  class Refusing extends NotingStage {
    override async ask(actor: string): Promise<never> {
      await super.ask(actor, 'unmute', {});
      throw new LabError('NET_TIMEOUT', 'no answer');
    }
  }
  const stage = new Refusing();
  await expect(played(unmute, ['ann', 'ben'], stage)).rejects.toMatchObject({ code: 'NET_TIMEOUT' });
  expect(stage.asked).toEqual(['ann unmute {}']);
});

it('wants a list of actors', () => {
  expect([readAs(unmute, []), readAs(unmute, 'ann'), readAs(unmute, [''])]).toEqual([null, null, null]);
});
