/**
 * `ice: { between: [alice, bob], candidates: host/host }`: the types of the selected candidates.
 * @module
 */
import { z } from 'zod';
import { AddressOwners } from '../../analysis/addresses.js';
import { legsOf } from '../../analysis/legs.js';
import type { Leg } from '../../analysis/legs.js';
import type { LabEvent } from '../../capture/ledger.js';
import { pair } from '../../scenario/description/fields.js';
import type { Context } from '../context.js';
import { legEvidence } from '../evidence.js';
import { needsCalls } from '../fit.js';
import { check } from './check.js';

export const ice = check({
  key: 'ice',
  schema: z.strictObject({
    between: pair,
    candidates: z.string().regex(/^(host|srflx|prflx|relay)\/(host|srflx|prflx|relay)$/, { error: 'two candidate types such as host/host' }),
  }),
  form: '{ between, candidates }',
  doc: "the events `ice-selected` at both clients and the STUN packets: `host/host`, `host/srflx` ...; the first is the first actor's",
  read({ between, candidates }) {
    const [local = '', remote = ''] = candidates.split('/');
    return [{ between, local, remote }];
  },
  actors: ({ between }) => between,
  fit: ({ between, src }, _plan, script) => needsCalls(between, script, src),
  about: ({ between, local, remote }, c) => ({ check: `ice/${c.pair(...between)}`, subject: `${c.pair(...between)} ICE`, expected: `${local}/${remote}` }),
  judge(e, c) {
    const [first, second] = e.between;
    const selected = [...selections(c, first, second), ...selections(c, second, first)];
    if (selected.length === 0) return { status: 'unproved', observed: 'no pair selected', evidence: c.whyNot() };
    const seen = selected.map((event) => {
      const [local, remote] = [event.fields['local-type'] ?? '?', event.fields['remote-type'] ?? '?'];
      return event.node === c.node(first) ? `${local}/${remote}` : `${remote}/${local}`;
    });
    const kinds = [...new Set(seen)];
    const both = [first, second].every((actor) => selected.some((event) => event.node === c.node(actor)));
    const direct = legsOf(c.observation, 'stun', c.node(first), c.node(second));
    // By way of relays the checks are seen between each actor and them, wrapped or not.
    const byRelay = (actor: string): readonly Leg[] => (['stun', 'turn'] as const).flatMap((medium) => legsOf(c.observation, medium, c.node(actor)));
    const checks = direct.length > 0 ? direct : [first, second].flatMap(byRelay);
    const evidence = legEvidence(checks, c.observation, c.plan);
    if (evidence.total === 0) return { status: 'unproved', observed: `${kinds.join(' and ')}, but no STUN packet`, evidence: c.whyNot() };
    const ok = both && kinds.length === 1 && kinds[0] === `${e.local}/${e.remote}`;
    return { status: ok ? 'pass' : 'fail', observed: both ? kinds.join(' and ') : `${kinds.join(' and ')}, one side only`, evidence };
  },
});

/** Pairs that an actor's agent selected, without those that lead to a third endpoint: it may have other calls. */
function selections(c: Context, actor: string, peer: string): readonly LabEvent[] {
  const owners = new AddressOwners(c.plan);
  return c.events('ice-selected').filter((event) => {
    const remote = owners.ofEndpoint(event.fields['remote'] ?? '');
    const third = remote?.traits.is === 'endpoint' && remote.name !== c.node(peer);
    return event.node === c.node(actor) && !third;
  });
}
