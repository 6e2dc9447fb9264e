/**
 * One question of a stub resolver (RFC 1034 5.3.1): asks its servers in turn, with retransmission and back-off,
 * takes the first answer that matches id, server and question.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import { NEVER, plus, seconds } from '../../base/time.js';
import type { Machine } from '../machine.js';
import { canonicalName, decodeDns, encodeDns } from './message.js';
import type { DnsMessage } from './message.js';

export type StubIn =
  | { readonly kind: 'datagram'; readonly server: number; readonly bytes: Uint8Array }
  | { readonly kind: 'unreachable'; readonly server: number };

export type StubOut =
  | { readonly kind: 'send'; readonly server: number; readonly bytes: Uint8Array }
  | { readonly kind: 'answer'; readonly message: DnsMessage }
  /** The answer is longer than a datagram: it is to be had over TCP, with the same question (RFC 7766 section 5). */
  | { readonly kind: 'truncated'; readonly server: number; readonly bytes: Uint8Array }
  | { readonly kind: 'timeout' };

/** Seconds before the next try: one round over all servers at 1 s, then 2 s, then 4 s. */
const WAITS = [1, 2, 4] as const;

export class StubQuery implements Machine<StubIn, StubOut> {
  readonly #id: number;
  readonly #name: string;
  readonly #type: string;
  readonly #servers: number;
  #attempt = -1;
  #done = false;
  deadline: Nanos = NEVER;

  /** @param servers how many servers there are; they are named 0.. in inputs and outputs */
  constructor(question: { readonly id: number; readonly name: string; readonly type: string; readonly servers: number }) {
    this.#id = question.id;
    this.#name = canonicalName(question.name);
    this.#type = question.type;
    this.#servers = question.servers;
  }

  start(now: Nanos, out: StubOut[]): void {
    this.#next(now, out);
  }

  handle(input: StubIn, now: Nanos, out: StubOut[]): void {
    if (this.#done) return;
    if (input.kind === 'unreachable') {
      if (input.server === this.#attempt % this.#servers) this.#next(now, out);
      return;
    }
    const message = decodeDns(input.bytes);
    if (message === null || !message.response || message.id !== this.#id) return;
    if (message.question === null || canonicalName(message.question.name) !== this.#name || message.question.type !== this.#type) return;
    if (message.rcode === 'SERVFAIL' || message.rcode === 'REFUSED' || message.rcode === 'NOTIMP') {
      if (this.#attempt + 1 < this.#servers) {
        this.#next(now, out);
        return;
      }
    }
    if (message.truncated) this.#finish({ kind: 'truncated', server: input.server, bytes: this.#question() }, out);
    else this.#finish({ kind: 'answer', message }, out);
  }

  tick(now: Nanos, out: StubOut[]): void {
    if (!this.#done && now >= this.deadline) this.#next(now, out);
  }

  #next(now: Nanos, out: StubOut[]): void {
    this.#attempt += 1;
    const wait = WAITS[Math.floor(this.#attempt / this.#servers)];
    if (this.#servers === 0 || wait === undefined) {
      this.#finish({ kind: 'timeout' }, out);
      return;
    }
    this.deadline = plus(now, seconds(wait));
    out.push({ kind: 'send', server: this.#attempt % this.#servers, bytes: this.#question() });
  }

  #question(): Uint8Array {
    return encodeDns({
      id: this.#id,
      response: false,
      opcode: 0,
      recursionDesired: true,
      recursionAvailable: false,
      authoritative: false,
      truncated: false,
      rcode: 'NOERROR',
      question: { name: this.#name, type: this.#type },
      answers: [],
      authority: [],
      edns: null,
    });
  }

  #finish(result: StubOut, out: StubOut[]): void {
    this.#done = true;
    this.deadline = NEVER;
    out.push(result);
  }
}
