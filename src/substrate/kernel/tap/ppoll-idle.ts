/**
 * How a driver on the wall clock passes its time when frames may come from TAP devices: one `ppoll` over all of them,
 * and a descriptor of its own that ends the wait.
 *
 * The wait runs on another thread, and handing it over costs some 100 microseconds. So it asks for less than it needs,
 * and the rest is passed in looks that return at once, a turn of the event loop apart.
 * @module
 */
import { closeSync } from 'node:fs';
import type { Nanos } from '../../../base/time.js';
import { type Idle, MONOTONIC, type RealTime } from '../../../fabric/driver/real-time.js';
import { type Libc, EFD_FLAGS, POLLIN } from './libc.js';
import { refused } from './refusal.js';
import { HOST_IS_LITTLE } from './tap-device.js';

/** sizeof(struct pollfd): int fd, short events, short revents. */
const POLLFD = 8;
const REVENTS = 6;
/** What a thread costs on the way there and back: waits shorter than this are not worth it. */
const HANDOVER = 150e3;

export class PpollIdle implements Idle {
  readonly #libc: Libc;
  readonly #time: RealTime;
  readonly #count: number;
  readonly #polls: Uint8Array;
  readonly #view: DataView;
  readonly #wakeFd: number;
  readonly #onReady: (index: number) => void;
  readonly #before: () => void;
  readonly #timeout = new Uint8Array(16);
  readonly #word = new Uint8Array(8);
  #waiting: Promise<void> | null = null;
  #woken = false;
  #closed = false;

  /**
   * @param fds to be watched for reading
   * @param before called once when one of them is ready
   * @param onReady called for each that is, with its index in `fds`; reads what is there
   */
  constructor(libc: Libc, fds: readonly number[], before: () => void, onReady: (index: number) => void, time: RealTime = MONOTONIC) {
    this.#libc = libc;
    this.#time = time;
    this.#count = fds.length;
    this.#before = before;
    this.#onReady = onReady;
    this.#wakeFd = libc.eventfd(0, EFD_FLAGS);
    if (this.#wakeFd < 0) throw refused('no event descriptor can be made', libc.errno());
    this.#polls = new Uint8Array((fds.length + 1) * POLLFD);
    this.#view = new DataView(this.#polls.buffer);
    [...fds, this.#wakeFd].forEach((fd, i) => {
      this.#view.setInt32(i * POLLFD, fd, HOST_IS_LITTLE);
      this.#view.setInt16(i * POLLFD + 4, POLLIN, HOST_IS_LITTLE);
    });
  }

  wait(until: Nanos): Promise<void> {
    this.#waiting = this.#wait(until);
    return this.#waiting;
  }

  wake(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    this.#word[HOST_IS_LITTLE ? 0 : 7] = 1;
    this.#libc.write(this.#wakeFd, this.#word, 8);
  }

  /** Ends a wait that is going on; after that the descriptors may be closed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.wake();
    this.#closed = true;
    await this.#waiting;
    closeSync(this.#wakeFd);
  }

  async #wait(until: Nanos): Promise<void> {
    if (this.#closed) return;
    const left = until - this.#time.now() - HANDOVER;
    if (left > 0 && !this.#woken) {
      this.#setTimeout(left);
      // EINTR and the like: the driver looks again.
      const ready = await this.#libc.ppoll(this.#polls, this.#count + 1, this.#timeout);
      if (ready > 0) this.#serve();
      return;
    }
    if (this.#libc.poll(this.#polls, this.#count + 1, 0) > 0) this.#serve();
    await turn();
  }

  #setTimeout(nanos: number): void {
    const view = new DataView(this.#timeout.buffer);
    // A day is as good as never, and fits whatever time_t is.
    const seconds = Math.min(Math.floor(nanos / 1e9), 86_400);
    view.setBigInt64(0, BigInt(seconds), HOST_IS_LITTLE);
    view.setBigInt64(8, BigInt(seconds === 86_400 ? 0 : Math.floor(nanos - seconds * 1e9)), HOST_IS_LITTLE);
  }

  #serve(): void {
    if (this.#view.getInt16(this.#count * POLLFD + REVENTS, HOST_IS_LITTLE) !== 0) {
      this.#libc.read(this.#wakeFd, this.#word, 8);
      this.#woken = false;
    }
    if (this.#closed) return;
    let first = true;
    for (let i = 0; i < this.#count; i++) {
      if (this.#view.getInt16(i * POLLFD + REVENTS, HOST_IS_LITTLE) === 0) continue;
      if (first) this.#before();
      first = false;
      this.#onReady(i);
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
