/**
 * `sign-out: [alice]`.
 * @module
 */
import { eachActor } from './each-actor.js';

export const signOut = eachActor('sign-out', {
  doc: 'each in turn: the registration is removed',
  refusable: true,
});
