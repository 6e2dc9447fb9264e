/**
 * Initial sequence numbers in the shape of RFC 6528: ISN = M + F(local, remote, secret), M a 4-microsecond clock.
 * F mixes with a secret of the node's own random stream: unlike between connections, equal between equal runs.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import type { Rng } from '../../base/rng.js';

export class SequenceGenerator {
  readonly #secret: readonly [number, number];

  constructor(random: Rng) {
    this.#secret = [random.u32(), random.u32()];
  }

  initial(now: Nanos, local: number, localPort: number, remote: number, remotePort: number): number {
    let hash = this.#secret[0];
    for (const word of [local >>> 0, Math.floor(local / 4294967296), remote >>> 0, Math.floor(remote / 4294967296), (localPort << 16) | remotePort]) {
      hash = mix(hash ^ word);
    }
    return (Math.floor(now / 4000) + mix(hash ^ this.#secret[1])) >>> 0;
  }
}

/** Finaliser of MurmurHash3. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
