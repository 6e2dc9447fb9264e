/**
 * A gatherer that does as it was told: what it finds and when it is done. Stands for a relay client, which brings bases of its own.
 * @module
 */
import { NO_CAUSE } from '../../base/brand.js';
import { millis, NEVER, type Nanos } from '../../base/time.js';
import { emitStun, type StunPacket } from '../stun/codec.js';
import { STUN_METHOD } from '../stun/message.js';
import { formatAddress, type TransportAddress } from '../stun/transport-address.js';
import type { IceBase, NetFault } from './candidates/candidate.js';
import type { GatherDeps, Gatherer, GathererOut, GatherNote } from './candidates/gatherer.js';
import type { NewCandidate } from './candidates/local-candidates.js';

const SERVER: TransportAddress = { address: '203.0.113.9', port: 3478, family: 4 };
const HELLO = emitStun({ class: 'indication', method: STUN_METHOD.SEND, transaction: '5'.repeat(24), attributes: [] });

export class PlannedGatherer implements Gatherer {
  readonly name = 'planned';
  readonly opensPaths: boolean;
  readonly notes: GatherNote[] = [];
  /** What the agent called, in order. */
  readonly calls: string[] = [];
  done = false;
  /** Takes what comes from there. */
  readonly server: string;
  readonly #finds: readonly NewCandidate[];
  readonly #after: Nanos;
  #due: Nanos = NEVER;

  /** @param after milliseconds from its start to its end, when it names what it found */
  constructor(plan: { readonly opensPaths: boolean; readonly after: number; readonly finds?: readonly NewCandidate[]; readonly server?: string }) {
    this.opensPaths = plan.opensPaths;
    this.#after = millis(plan.after);
    this.#finds = plan.finds ?? [];
    this.server = plan.server ?? '';
  }

  get deadline(): Nanos {
    return this.#due;
  }

  start(deps: GatherDeps, now: Nanos, out: GathererOut[]): void {
    this.calls.push('start');
    this.done = false;
    this.#due = (now + this.#after) as Nanos;
    for (const base of deps.bases.slice(0, 1)) out.push({ kind: 'send', base, to: SERVER, bytes: HELLO, cause: NO_CAUSE });
  }

  tick(now: Nanos, out: GathererOut[]): void {
    this.calls.push(`tick ${now / 1e6}`);
    this.#due = NEVER;
    this.done = true;
    this.notes.push({ at: now, base: '192.0.2.1:50000', what: 'done as planned' });
    for (const candidate of this.#finds) out.push({ kind: 'candidate', candidate });
  }

  receive(_base: IceBase, from: TransportAddress, packet: StunPacket): boolean {
    this.calls.push(`receive ${packet.class}`);
    return formatAddress(from) === this.server;
  }

  fault(_base: IceBase, to: TransportAddress, error: NetFault): void {
    this.calls.push(`fault ${formatAddress(to)} ${error}`);
  }

  release(inUse: readonly IceBase[]): void {
    this.calls.push(`release ${inUse.map((b) => formatAddress(b.address)).join(' ')}`);
  }
}
