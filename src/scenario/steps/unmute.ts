/**
 * `unmute: [alice]`.
 * @module
 */
import { eachActor } from './each-actor.js';

export const unmute = eachActor('unmute', {
  doc: 'sound again',
});
