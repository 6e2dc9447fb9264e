/**
 * The calls of a client, several at once: made, taken, changed, ended. What the network or the other side refuses is a
 * result.
 * @module
 */
import { LabError } from '../../base/error.js';
import { millis, seconds } from '../../base/time.js';
import type { Content } from '../../protocol/sip/body.js';
import type { MediaStats } from '../media/media-stats.js';
import type { SipEvent } from '../sip/sip-user-agent.js';
import { type Account, userIn } from './account.js';
import { ClientCall } from './call.js';
import { CallMedia, type ConnectResult, Voice } from './call-media.js';
import type { ClientConfig } from './config.js';
import type { StunServer } from './ice-servers.js';

export interface CallResult {
  readonly answered: boolean;
  /** Of the final response. */
  readonly status: number;
  readonly reason: string;
}

/**
 * So long it lets the other side ring. RFC 3261 leaves that to the user (timer B ends with the first provisional response); a
 * proxy's timer C, of more than three minutes (16.6), comes before, so that this is for whom no proxy answers any more.
 */
const PATIENCE = seconds(240);

const GIVEN_UP: CallResult = { answered: false, status: 487, reason: 'the call was given up' };

type Told<K extends SipEvent['kind']> = Extract<SipEvent, { kind: K }>;

export class Calls {
  readonly #account: Account;
  readonly #config: ClientConfig;
  readonly #stunServers: readonly StunServer[];
  readonly #voice: Voice;
  /** Those that have media, by the number of the call. */
  readonly #calls = new Map<number, ClientCall>();
  /** Calls to this client that are not over, with or without media. */
  readonly #taken = new Set<number>();

  constructor(account: Account, config: ClientConfig, stunServers: readonly StunServer[]) {
    this.#account = account;
    this.#config = config;
    this.#stunServers = stunServers;
    this.#voice = new Voice(account.host);
  }

  // ---- calls of this side

  /** Settles when media flows or the call has failed. Errors: MEDIA_FAILED when no port is free. @param to address of record */
  async call(to: string): Promise<CallResult> {
    const { host, sip } = this.#account;
    const call = new ClientCall(host, to, await this.#openMedia(true));
    const { id, outcome } = sip.call(`sip:${to}`, call.offer());
    this.#calls.set(id, call);
    const patience = host.after(PATIENCE, () => {
      host.event('call-given-up', { peer: to });
      void sip.hangUp(id);
    });
    const answer = await outcome;
    host.cancel(patience);
    if (answer.kind !== 'answered') {
      this.#drop(id);
      return answer.kind === 'cancelled' ? GIVEN_UP : { answered: false, status: answer.status, reason: answer.reason };
    }
    const why = await this.#connected(id, call, answer.content);
    if (why !== null) return { answered: false, status: 200, reason: `answered, but no media: ${why}` };
    await this.#promote(id, call);
    host.event('call-answered', { peer: to });
    return { answered: true, status: 200, reason: answer.reason };
  }

  /** Null when media flows; else why not, and the call is ended. What the peer answers is never an error of ours. */
  async #connected(id: number, call: ClientCall, answer: Content | null): Promise<string | null> {
    const { host, sip } = this.#account;
    const why = await failure(() => call.answered(answer));
    if (why === null) return null;
    host.event('media-failed', { peer: call.peer, why });
    void sip.hangUp(id);
    return why;
  }

  /** The last phase of the documented media set-up: a re-INVITE with the pair that ICE chose (RFC 8839 section 4.4.1.2.2). */
  async #promote(id: number, call: ClientCall): Promise<void> {
    const { host, sip } = this.#account;
    // A peer without ICE has chosen no pair.
    if (!call.ice) return;
    const answer = await sip.offer(id, 'INVITE', call.offer());
    if (answer.status >= 300) {
      call.withdraw();
      host.event('promotion-refused', { peer: call.peer, status: answer.status });
      return;
    }
    const why = await failure(() => call.answered(answer.content));
    if (why !== null) host.event('promotion-refused', { peer: call.peer, status: answer.status, says: why });
  }

  // ---- calls to this side

  async incoming(event: Told<'incoming'>): Promise<void> {
    const { host, sip, emit } = this.#account;
    const peer = userIn(event.from);
    this.#taken.add(event.call);
    emit('incoming', { call: event.call, from: peer });
    sip.progress(event.call, 180);
    if (this.#config.answer === 'ignore') return;
    await host.sleep(millis(this.#config.ringFor));
    if (!this.#taken.has(event.call)) return;
    if (this.#config.answer === 'decline') this.#reject(event.call, 603, 'Decline');
    else await this.#take(event, peer);
  }

  async #take({ call: id, content }: Told<'incoming'>, peer: string): Promise<void> {
    const { host, sip } = this.#account;
    // Who offers first controls ICE (RFC 8445 section 6.1.1): with an INVITE that brings no offer that is this side.
    const late = content === null;
    const media = await this.#freeMedia(peer, late);
    if (media === null) {
      if (this.#taken.has(id)) this.#reject(id, 486);
      return;
    }
    const call = new ClientCall(host, peer, media);
    if (!this.#taken.has(id)) {
      call.media.stop();
      return;
    }
    this.#calls.set(id, call);
    if (late) {
      sip.answer(id, call.offerLate());
      return;
    }
    try {
      const answer = call.answer(content);
      if (answer === null) {
        this.#reject(id, 488);
        return;
      }
      sip.answer(id, answer.content);
      const result = await answer.connected;
      if (!result.ok) host.event('media-failed', { peer, why: result.why });
    } catch (error) {
      if (!LabError.is(error)) throw error;
      host.event('offer-refused', { peer, says: error.message });
      this.#reject(id, error.code === 'SDP_MALFORMED' ? 400 : 488);
    }
  }

  /** Null when every port is taken by other calls: it is busy (RFC 3261 section 21.4.24). */
  async #freeMedia(peer: string, controlling: boolean): Promise<CallMedia | null> {
    try {
      return await this.#openMedia(controlling);
    } catch (error) {
      if (!LabError.is(error) || error.code !== 'MEDIA_FAILED') throw error;
      this.#account.host.event('media-failed', { peer, why: error.message });
      return null;
    }
  }

  #reject(id: number, status: number, reason?: string): void {
    this.#account.sip.reject(id, status, reason);
    this.#drop(id);
  }

  // ---- calls that are there

  /** The ACK came: with the answer to an offer that went out in the 2xx (RFC 3261 sections 13.2.1 and 14.2). */
  confirmed({ call: id, content }: Told<'confirmed'>): void {
    const call = this.#calls.get(id);
    if (call?.awaited === true) void this.#connected(id, call, content);
  }

  /** The peer offers something else, or asks for an offer. */
  offered({ call: id, content }: Told<'offered'>): void {
    const { host, sip } = this.#account;
    const call = this.#calls.get(id);
    if (content === null && call !== undefined) {
      sip.answerOffer(id, 200, call.offerLate());
      return;
    }
    try {
      const answer = call?.answer(content) ?? null;
      if (answer === null) sip.answerOffer(id, 488);
      else sip.answerOffer(id, 200, answer.content);
    } catch (error) {
      if (!LabError.is(error)) throw error;
      host.event('offer-refused', { peer: call?.peer ?? '', says: error.message });
      sip.answerOffer(id, 488);
    }
  }

  ended({ call: id, why }: Told<'ended'>): void {
    const call = this.#calls.get(id);
    if (call !== undefined) this.#account.host.event('call-ended', { peer: call.peer, why });
    this.#drop(id);
  }

  /** Ends all calls, one after the other; those that are not answered are given up or refused. */
  async hangUp(): Promise<void> {
    const { sip } = this.#account;
    for (const id of new Set([...this.#calls.keys(), ...this.#taken])) {
      await sip.hangUp(id);
      this.#drop(id);
    }
  }

  mute(muted: boolean): void {
    for (const call of this.#calls.values()) call.media.mute(muted);
  }

  /** Of the streams that were agreed on, call by call. */
  statistics(): (MediaStats & { readonly peer: string })[] {
    return [...this.#calls.values()].flatMap(({ peer, media }) => media.stats().map((stats) => ({ peer, ...stats })));
  }

  /** Stops all media; nothing is said to anybody. */
  stop(): void {
    for (const call of this.#calls.values()) call.media.stop();
    this.#calls.clear();
    this.#taken.clear();
  }

  #openMedia(controlling: boolean): Promise<CallMedia> {
    return CallMedia.open({ host: this.#account.host, config: this.#config, stunServers: this.#stunServers, voice: this.#voice, controlling });
  }

  #drop(id: number): void {
    this.#calls.get(id)?.media.stop();
    this.#calls.delete(id);
    this.#taken.delete(id);
  }
}

/** Why media does not flow, by the peer's answer or the network; null: it does. */
async function failure(connecting: () => Promise<ConnectResult>): Promise<string | null> {
  try {
    const result = await connecting();
    return result.ok ? null : result.why;
  } catch (error) {
    if (!LabError.is(error)) throw error;
    return error.message;
  }
}
