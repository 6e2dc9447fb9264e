/**
 * `sign-in: [alice, bob]`.
 * @module
 */
import { eachActor } from './each-actor.js';

export const signIn = eachActor('sign-in', {
  doc: "each in turn: DNS discovery in the documented order, TLS, REGISTER with digest authentication, redirect to the user's home where the user is homed elsewhere",
  refusable: true,
});
