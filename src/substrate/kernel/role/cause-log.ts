/**
 * What a role received and what it sent because of that, told to the lab. A kernel does not say which packet brought a
 * datagram, and a role's process knows no packet ids: so a cause is, in this process, the number of a datagram received,
 * and the lab, which sees the frames at the node's taps, finds out which packet that was (identity/cause-resolver.ts).
 *
 * A datagram is described by its key (identity/datagram-key.ts), when it was received or sent, how many alike ones came
 * before it in one run of such, and when that run began: alike datagrams (a request sent again) are then told apart by
 * their order. A run ends when none came for {@link RUN_ENDS}.
 *
 * Told are only datagrams that were sent because of something, and what they were sent because of; in batches, so late.
 * @module
 */
import { type Cause, NO_CAUSE } from '../../../base/brand.js';
import { CauseSets } from '../../../base/cause-sets.js';
import { type Nanos, seconds } from '../../../base/time.js';
import type { Endpoint } from '../../../host/host.js';
import { parseAddress } from '../../../wire/address.js';
import { setU32 } from '../../../wire/bytes.js';
import { type DatagramEnd, datagramKey } from '../identity/datagram-key.js';
import { Recent } from '../identity/recent.js';
import type { ToldCauses } from '../rpc/frame.js';

/** Alike datagrams further apart belong to two runs. Above what the lab allows for the way between socket and tap. */
export const RUN_ENDS = seconds(4);
/** Datagrams received that may still be named as causes. */
const REMEMBERED = 1 << 14;
/** Rows of a batch, and how long one waits for more, milliseconds. */
const BATCH = 512;
const PATIENCE = 20;

/** A datagram's place in its run. */
interface Run {
  since: Nanos;
  last: Nanos;
  count: number;
}

/** Key, time, place in its run, beginning of the run. */
type Description = readonly [key: number, at: Nanos, nth: number, since: Nanos];

export class CauseLog {
  readonly sets = new CauseSets();
  readonly #now: () => Nanos;
  readonly #tell: (told: { readonly causes: ToldCauses }) => void;
  readonly #ends = new Map<number, DatagramEnd>();
  readonly #receivedRuns = new Recent<Run>(RUN_ENDS);
  readonly #sentRuns = new Recent<Run>(RUN_ENDS);
  /** By number modulo REMEMBERED. */
  readonly #received: (Description | null)[] = [];
  #last = 0;
  #batch: { received: ToldCauses['received']; sent: ToldCauses['sent'] } = { received: [], sent: [] };
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => Nanos, tell: (told: { readonly causes: ToldCauses }) => void) {
    this.#now = now;
    this.#tell = tell;
  }

  /** A datagram was received: its number. */
  received(from: Endpoint, to: Endpoint, buf: Uint8Array, off: number, len: number): Cause {
    const number = ++this.#last;
    this.#received[number % REMEMBERED] = this.#describe(this.#receivedRuns, from, to, buf, off, len, this.#now());
    return number as Cause;
  }

  /** A datagram was sent, at `at`. All are counted, told are those with a cause. */
  sent(from: Endpoint, to: Endpoint, bytes: Uint8Array, cause: Cause, at: Nanos): void {
    const description = this.#describe(this.#sentRuns, from, to, bytes, 0, bytes.length, at);
    if (cause === NO_CAUSE) return;
    const numbers = this.sets.ids(cause);
    for (const number of numbers) this.#explain(number);
    this.#batch.sent.push([...description, ...numbers]);
    this.#later();
  }

  /** The numbers in a cause; what they stand for has been told when this returns. */
  name(cause: Cause): readonly number[] {
    const numbers = this.sets.ids(cause);
    for (const number of numbers) this.#explain(number);
    this.flush();
    return numbers;
  }

  /** Tells what has not been told yet. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { received, sent } = this.#batch;
    if (received.length === 0 && sent.length === 0) return;
    this.#batch = { received: [], sent: [] };
    this.#tell({ causes: { received, sent } });
  }

  #describe(runs: Recent<Run>, from: Endpoint, to: Endpoint, buf: Uint8Array, off: number, len: number, at: Nanos): Description {
    const key = datagramKey(this.#end(from), this.#end(to), buf, off, len);
    const run = runs.get(key, at);
    if (run === undefined || at - run.last > RUN_ENDS) {
      runs.set(key, { since: at, last: at, count: 1 }, at);
      return [key, at, 0, at];
    }
    run.last = at;
    return [key, at, run.count++, run.since];
  }

  /** Once for each datagram; one that was forgotten is not told, and the lab then knows nothing of it. */
  #explain(number: number): void {
    const at = number % REMEMBERED;
    const description = number > this.#last - REMEMBERED ? this.#received[at] : null;
    if (description === null || description === undefined) return;
    this.#received[at] = null;
    this.#batch.received.push([number, ...description]);
  }

  #later(): void {
    if (this.#batch.sent.length >= BATCH) this.flush();
    else
      this.#timer ??= setTimeout(() => {
        this.flush();
      }, PATIENCE).unref();
  }

  #end(endpoint: Endpoint): DatagramEnd {
    let end = this.#ends.get(endpoint.key);
    if (end === undefined) {
      const bytes = octetsOf(endpoint.address);
      end = { bytes, at: 0, length: bytes.length, port: endpoint.port };
      this.#ends.set(endpoint.key, end);
    }
    return end;
  }
}

function octetsOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) return new Uint8Array(0);
  if (address.family === 6) return address.bytes;
  const bytes = new Uint8Array(4);
  setU32(bytes, 0, address.value);
  return bytes;
}
