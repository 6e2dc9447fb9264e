/**
 * `wait: 5s`.
 * @module
 */
import { duration, time } from '../description/fields.js';
import { DONE, stepKind } from './step-kind.js';

export const wait = stepKind({
  key: 'wait',
  schema: duration,
  form: 'TIME',
  doc: 'nothing, for that long',
  read: (text) => ({ time: time(text) }),
  actors: () => [],
  lasts: (step) => step.time,
  async play(step, stage) {
    await stage.time.sleep(step.time);
    return DONE;
  },
});
