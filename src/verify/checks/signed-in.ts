/**
 * `signed-in: [alice, bob]`: each at their home.
 * @module
 */
import { legsOf } from '../../analysis/legs.js';
import { LabError } from '../../base/error.js';
import { actors } from '../../scenario/description/fields.js';
import { proved, signallingEvidence, stepStart } from '../told.js';
import { check } from './check.js';

export const signedIn = check({
  key: 'signed-in',
  schema: actors,
  form: '[ACTOR, ...]',
  doc: "the event `signed-in` of the user at the user's home, and packets between client and home from the discovery to it",
  read: (all) => all.map((of) => ({ of })),
  actors: ({ of }) => [of],
  fit({ of, src }, _plan, script) {
    if (script.may('sign-in', of)) return [];
    return [new LabError('FLOW_EXPECTATION', `no step has "${of}" sign in`, { where: src, expected: `- sign-in: [${of}]` })];
  },
  about: ({ of }, c) => ({ check: `signed-in/${c.node(of)}`, subject: `${c.node(of)} signs in`, expected: `at home, ${c.user(of)?.home ?? '?'}` }),
  judge({ of }, c) {
    const user = c.user(of);
    const events = c.events('signed-in').filter((event) => event.fields['user'] === user?.address);
    const atHome = events.find((event) => event.node === user?.home);
    if (user === undefined || atHome === undefined) {
      const elsewhere = [...new Set(events.map((event) => event.node))].join(', ');
      return { status: 'fail', observed: elsewhere === '' ? 'not signed in' : `at ${elsewhere}`, evidence: c.whyNot(signallingEvidence(c, [of])) };
    }
    const began = c.events('sign-in-server').findLast((event) => event.node === user.node && event.at <= atHome.at);
    const stretch = { from: began?.at ?? stepStart(c, atHome, user.node), to: atHome.at };
    return proved(c, `at home, ${user.home}`, [stretch], legsOf(c.observation, 'signalling', user.node, user.home));
  },
});
