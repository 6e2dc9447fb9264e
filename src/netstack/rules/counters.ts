/**
 * Counters of a rule set: packets, and octets of their IP packets (skb->len).
 * @hot
 * @module
 */
import type { CounterInfo } from './program.js';

export class Counters {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;

  constructor(counters: readonly CounterInfo[]) {
    this.packets = Float64Array.from(counters, (c) => c.packets);
    this.bytes = Float64Array.from(counters, (c) => c.bytes);
  }

  add(counter: number, length: number): void {
    this.packets[counter] = (this.packets[counter] as number) + 1;
    this.bytes[counter] = (this.bytes[counter] as number) + length;
  }
}
