/**
 * Server-reflexive candidates from one STUN server: RFC 8445 section 5.1.1.2, kept alive by section 5.1.1.4.
 * @module
 */
import { must } from '../../../base/assert.js';
import { NO_CAUSE } from '../../../base/brand.js';
import { millis, NEVER, plus, seconds, type Nanos } from '../../../base/time.js';
import { StunClientTransaction, type StunClientOut } from '../../stun/client-transaction.js';
import { emitStun, type StunPacket } from '../../stun/codec.js';
import { addressOf, errorOf, formatAttributeCode, randomHex, STUN_METHOD } from '../../stun/message.js';
import { formatAddress, sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import type { IceBase, NetFault } from './candidate.js';
import type { GatherDeps, Gatherer, GathererOut, GatherNote } from './gatherer.js';

interface Job {
  readonly base: IceBase;
  transaction: StunClientTransaction | null;
  mapped: TransportAddress | null;
  /** When the mapping is to be asked for again; NEVER = not. */
  refreshAt: Nanos;
  ended: boolean;
}

/** Tr: a mapping that nothing else crosses is refreshed this often. */
const REFRESH = seconds(15);

export class ReflexiveGatherer implements Gatherer {
  readonly name: string;
  readonly opensPaths = false;
  readonly notes: GatherNote[] = [];
  readonly #server: TransportAddress;
  #jobs: Job[] = [];
  #deps: GatherDeps | null = null;

  constructor(server: TransportAddress) {
    this.#server = server;
    this.name = `stun ${formatAddress(server)}`;
  }

  get done(): boolean {
    return this.#jobs.every((j) => j.ended);
  }

  start(deps: GatherDeps): void {
    this.#deps = deps;
    this.#jobs = deps.bases
      .filter((b) => b.transport === 'udp' && b.address.family === this.#server.family)
      .map((base) => ({ base, transaction: null, mapped: null, refreshAt: NEVER, ended: false }));
  }

  receive(base: IceBase, from: TransportAddress, packet: StunPacket, now: Nanos, out: GathererOut[]): boolean {
    const job = this.#jobs.find((j) => j.transaction?.transaction === packet.transaction);
    if (job === undefined) return false;
    if (job.base !== base || !sameAddress(from, this.#server)) return true;
    job.transaction = null;
    this.#answered(job, packet, now, out);
    return true;
  }

  /** A hard ICMP error ends the transaction (RFC 8489 section 6.2.1): a server that is refused need not be waited for. */
  fault(base: IceBase, to: TransportAddress, error: NetFault, now: Nanos): void {
    if (!sameAddress(to, this.#server) || (error !== 'port-unreachable' && error !== 'host-unreachable')) return;
    const job = this.#jobs.find((j) => j.base === base && j.transaction !== null);
    if (job === undefined) return;
    this.#note(job, `ICMP ${error}`, now);
    job.transaction = null;
    job.ended = true;
  }

  release(): void {
    for (const job of this.#jobs) {
      job.refreshAt = NEVER;
      job.transaction = null;
      job.ended = true;
    }
  }

  get deadline(): Nanos {
    let next: number = NEVER;
    const free = this.#deps?.pacer.free ?? NEVER;
    for (const job of this.#jobs) {
      if (job.transaction !== null) next = Math.min(next, job.transaction.deadline);
      else next = Math.min(next, job.ended ? Math.max(job.refreshAt, free) : free);
    }
    return next as Nanos;
  }

  tick(now: Nanos, out: GathererOut[]): void {
    for (const job of this.#jobs) {
      if (job.transaction === null && (!job.ended || job.refreshAt <= now)) this.#open(job, now);
      if (job.transaction !== null) this.#advance(job, job.transaction, now, out);
    }
  }

  #open(job: Job, now: Nanos): void {
    const { pacer, random } = must(this.#deps, 'what it was started with');
    if (!pacer.take(now)) return;
    const id = randomHex(random, 12);
    const request = emitStun({ class: 'request', method: STUN_METHOD.BINDING, transaction: id, attributes: [] }, { fingerprint: true });
    // RTO = MAX(500ms, Ta * number of candidates sought) (RFC 8445 section 14.3).
    const rto = Math.max(millis(500), pacer.ta * this.#jobs.length) as Nanos;
    job.transaction = new StunClientTransaction(id, request, now, { rto });
    job.refreshAt = NEVER;
  }

  #advance(job: Job, transaction: StunClientTransaction, now: Nanos, out: GathererOut[]): void {
    const results: StunClientOut[] = [];
    transaction.tick(now, results);
    for (const result of results) {
      if (result.kind === 'send') out.push({ kind: 'send', base: job.base, to: this.#server, bytes: result.bytes, cause: NO_CAUSE });
      if (result.kind === 'timeout') {
        this.#note(job, `no answer to ${result.attempts} requests`, now);
        job.transaction = null;
        job.ended = true;
      }
    }
  }

  #answered(job: Job, packet: StunPacket, now: Nanos, out: GathererOut[]): void {
    job.ended = true;
    const mapped = addressOf(packet, 'xor-mapped-address') ?? addressOf(packet, 'mapped-address');
    // RFC 8489 sections 6.3.3 and 6.3.4: an answer that can't be understood is none, and no other will come.
    if (packet.unknown.length > 0) {
      this.#note(job, `answer with unknown attributes ${packet.unknown.map(formatAttributeCode).join(', ')}`, now);
      return;
    }
    if (packet.class !== 'success' || mapped === undefined) {
      const error = errorOf(packet);
      this.#note(job, error === undefined ? 'answer without a mapped address' : `answered with ${error.code} ${error.reason}`, now);
      return;
    }
    job.refreshAt = plus(now, REFRESH);
    if (job.mapped !== null && sameAddress(job.mapped, mapped)) return;
    this.#note(job, job.mapped === null ? `mapped to ${formatAddress(mapped)}` : `mapping moved to ${formatAddress(mapped)}`, now);
    job.mapped = mapped;
    out.push({ kind: 'candidate', candidate: { type: 'srflx', base: job.base, address: mapped, learnedFrom: this.#server, related: job.base.address } });
  }

  #note(job: Job, what: string, at: Nanos): void {
    this.notes.push({ at, base: formatAddress(job.base.address), what });
  }
}
