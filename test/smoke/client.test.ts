/**
 * The client role in the whole lab: discovery, answers other than yes, plain RTP, an outage and its end.
 */
import { describe, expect, it } from 'vitest';
import { udpPayload } from '../../src/analysis/payload.js';
import type { PacketId } from '../../src/base/brand.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { decodeDns } from '../../src/protocol/dns/message.js';
import { flowWith, planWith, play, said, swap } from './support.js';

const bob = (config: string) => swap('bob: { <<: *hq, kind: client }', `bob: { <<: *hq, kind: client, config: { stun: online-stun, ${config} } }`);

/** Questions of a node, in order, each once. */
function questions(ledger: Ledger, node: string): string[] {
  const asked: string[] = [];
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const journey = ledger.journey(cursor.id as PacketId);
    const hop = journey?.hops[0];
    if (hop === undefined || ledger.points.linkPoint(hop.point).node !== node) continue;
    const payload = udpPayload(ledger.firstBytes(cursor.id as PacketId) ?? new Uint8Array(0));
    const question = payload?.dstPort === 53 ? decodeDns(payload.bytes)?.question : null;
    if (question !== null && question !== undefined) asked.push(`${question.type} ${question.name}`);
  }
  return [...new Set(asked)];
}

describe('a client', () => {
  it('asks for its sign-in server in the documented order, and stops at the first that serves', async () => {
    const { run } = await play(flowWith('online-p2p-internal'), planWith());
    const domain = 'cloud.contoso.example';
    expect(questions(run.ledger, 'carol').slice(0, 4)).toEqual([
      `A lyncdiscoverinternal.${domain}`,
      `A lyncdiscover.${domain}`,
      `SRV _sipinternaltls._tcp.${domain}`,
      `SRV _sip._tls.${domain}`,
    ]);
    expect(questions(run.ledger, 'carol').some((question) => question.includes(`sipexternal.${domain}`))).toBe(false);
  });

  it('is led to its home by a redirect, and signals there only', async () => {
    const { run } = await play(flowWith('hybrid-p2p-mixed'), planWith());
    const redirected = run.ledger.events().filter((event) => event.name === 'redirected' && event.node === 'bob');
    expect(redirected.map((event) => event.fields['to'])).toEqual(['sipdir.online.lync.example:443']);
  });

  it('declines', async () => {
    const verdict = await play(flowWith('hybrid-p2p-mixed'), planWith(bob('answer: decline')));
    expect(said(verdict, 'call/alice-bob')).toBe('fail: not answered');
    expect(verdict.run.outcomes.at(-1)).toMatchObject({ ok: false, says: '603 Decline' });
    expect(said(verdict, 'media/alice-bob')).toMatch(/^unproved/);
    expect(verdict.error).toBeNull();
  });

  it('speaks plain RTP when told to, and refuses what the other side cannot protect', async () => {
    const plain = await play(flowWith('hybrid-p2p-mixed'), planWith(swap('stun: online-stun\n', 'stun: online-stun\n        srtp: false\n')));
    expect(plain.documented).toBe(true);
    const started = plain.run.ledger.events().filter((event) => event.name === 'media-started');
    expect(started.map((event) => event.fields['protection'])).toEqual(['none', 'none']);
    const torn = await play(flowWith('hybrid-p2p-mixed'), planWith(bob('srtp: false')));
    expect(torn.run.outcomes.at(-1)).toMatchObject({ ok: false });
    expect(torn.run.outcomes.at(-1)?.says).toMatch(/^488 /);
  });

  it('signs in again when its connection was lost and the network is back', async () => {
    const outage = swap(
      '  - hang-up: caller',
      '  - hang-up: caller\n  - link: { name: bob--hq-lan, set: down }\n  - wait: 300s\n  - link: { name: bob--hq-lan, set: up }\n  - wait: 400s\n  - message: { from: caller, to: callee, text: back again }',
    );
    const flow = flowWith('hybrid-p2p-mixed', outage);
    const { run } = await play({ ...flow, limit: (1200 * 1e9) as typeof flow.limit }, planWith());
    const told = run.ledger
      .events()
      .filter((event) => event.node === 'bob')
      .map((event) => event.name);
    expect(told).toContain('registration-lost');
    expect(told).toContain('sign-in-failed');
    expect(told.at(-1)).toBe('message-received');
    expect(run.outcomes.at(-1)).toMatchObject({ ok: true, says: '200' });
  });
});
