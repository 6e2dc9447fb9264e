/**
 * What the peer has reported by SACK, and the questions of RFC 6675 section 4 about it: what counts as lost, how much is
 * in the pipe, what to send again next. All by stream position.
 * @module
 */

interface Range {
  start: number;
  end: number;
}

/** RFC 6675 section 2. */
export const DUPLICATE_THRESHOLD = 3;

export class Scoreboard {
  /** Sorted, disjoint. */
  #ranges: Range[] = [];

  get empty(): boolean {
    return this.#ranges.length === 0;
  }

  /** First octet reported, Infinity when none is. */
  get first(): number {
    return this.#ranges[0]?.start ?? Infinity;
  }

  /** Position after the last octet reported, 0 when none is. */
  get highest(): number {
    return this.#ranges.at(-1)?.end ?? 0;
  }

  /** Notes `[start .. end)`; returns how many octets of it were new. */
  add(start: number, end: number): number {
    let from = start;
    let to = end;
    let known = 0;
    const rest: Range[] = [];
    for (const range of this.#ranges) {
      if (range.end < from || range.start > to) {
        rest.push(range);
        continue;
      }
      known += Math.max(0, Math.min(range.end, end) - Math.max(range.start, start));
      from = Math.min(from, range.start);
      to = Math.max(to, range.end);
    }
    rest.push({ start: from, end: to });
    rest.sort((a, b) => a.start - b.start);
    this.#ranges = rest;
    return end - start - known;
  }

  /** Cumulative acknowledgement. */
  release(una: number): void {
    const kept = this.#ranges.filter((r) => r.end > una);
    for (const range of kept) if (range.start < una) range.start = una;
    this.#ranges = kept;
  }

  clear(): void {
    this.#ranges = [];
  }

  /** IsLost(): three ranges, or more than two segments' worth of octets, were reported above `position`. */
  isLost(position: number, mss: number): boolean {
    let ranges = 0;
    let octets = 0;
    for (const range of this.#ranges) {
      if (range.end <= position) continue;
      ranges += 1;
      octets += range.end - Math.max(range.start, position);
    }
    return ranges >= DUPLICATE_THRESHOLD || octets > (DUPLICATE_THRESHOLD - 1) * mss;
  }

  /**
   * SetPipe(): octets believed to be in the network out of `[una .. next)`. Octets below `lostBelow` count as lost
   * whatever was reported; what lies below `resent` was sent again since.
   */
  pipe(una: number, next: number, mss: number, lostBelow: number, resent: number): number {
    let pipe = 0;
    let at = una;
    for (let i = 0; i <= this.#ranges.length; i++) {
      const range = this.#ranges[i];
      const end = range?.start ?? next;
      if (end > at) {
        const known = Math.min(end, Math.max(at, lostBelow));
        if (end > known && !this.isLost(known, mss)) pipe += end - known;
        pipe += Math.max(0, Math.min(end, resent) - at);
      }
      at = Math.max(at, range?.end ?? at);
    }
    return pipe;
  }

  /**
   * NextSeg() rules 1 and 3: the first hole at or beyond `from` that ends below `limit`.
   * @param lostBelow holes below it are lost whatever was reported
   * @param lostOnly rule 1; false: rule 3
   */
  hole(from: number, limit: number, mss: number, lostBelow: number, lostOnly: boolean): { start: number; end: number } | null {
    let at = from;
    for (let i = 0; i <= this.#ranges.length; i++) {
      const range = this.#ranges[i];
      const end = Math.min(range?.start ?? limit, limit);
      if (end > at) {
        if (!lostOnly || this.isLost(at, mss)) return { start: at, end };
        return at < lostBelow ? { start: at, end: Math.min(end, lostBelow) } : null;
      }
      at = Math.max(at, range?.end ?? at);
    }
    return null;
  }
}
