/**
 * The hot path by itself: frames run to and fro through a chain of links with delay, jitter, loss, rate and priority,
 * passed on by ports that do nothing else. Prints what a hop costs, as JSON.
 * Run it bundled, by `node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 FILE [MILLIONS OF HOPS]`.
 * @module
 */
import type { LinkId } from '../../base/brand.js';
import { must } from '../../base/assert.js';
import { randomRoot } from '../../base/rng.js';
import { millis, type Nanos, nanos } from '../../base/time.js';
import { type ImpairmentSpec, NO_IMPAIRMENT } from '../../topology/impairment.js';
import { createFabric, type FabricLink } from '../fabric.js';
import { createScheduler } from '../lab-scheduler.js';
import type { LinkEnd, Port, Tap } from '../link.js';
import type { Packet } from '../packet.js';
import { createPool } from '../pool.js';
import type { Target } from '../scheduler.js';

const LINKS = 5;
const FLOWS = 200;
const EVERY = millis(20);

const SPECS: readonly ImpairmentSpec[] = [
  { ...NO_IMPAIRMENT, delay: millis(1) },
  { ...NO_IMPAIRMENT, delay: millis(5), rate: 1e9 },
  { ...NO_IMPAIRMENT, delay: millis(20), jitter: millis(2), distribution: 'normal' },
  { ...NO_IMPAIRMENT, delay: millis(3), loss: { model: 'gemodel', p: 0.001, r: 0.3, h: 0, k: 1 }, rate: 1e9 },
  { ...NO_IMPAIRMENT, delay: millis(1), rate: 30e6, egress: 'dscp-priority', jitter: millis(0.1) },
];

class CountingTap implements Tap {
  hops = 0;
  ends = 0;
  sent(): void {}
  received(): void {
    this.hops++;
  }
  lost(): void {}
  dropped(): void {}
  ended(): void {
    this.ends++;
  }
}

class Forward implements Port {
  readonly #out: LinkEnd;
  constructor(out: LinkEnd) {
    this.#out = out;
  }
  deliver(p: Packet): void {
    this.#out.send(p);
  }
}

const scheduler = createScheduler();
const pool = createPool();
const tap = new CountingTap();
const links: FabricLink[] = SPECS.map((spec, id) => ({ id: id as LinkId, name: `l${id}`, mtu: 1500, impairments: [spec, spec], up: true }));
const fabric = createFabric({ links, scheduler, pool, tap, random: randomRoot(1) });
const end = (link: number, side: 0 | 1): LinkEnd => fabric.end(link as LinkId, side);

const sink: Port = {
  deliver(p) {
    tap.ended();
    pool.release(p);
  },
};

/** A source of voice: 214 octets every 20 ms. */
class Source implements Target {
  readonly #out: LinkEnd;
  constructor(out: LinkEnd) {
    this.#out = out;
  }
  fire(): void {
    const p = pool.take(214);
    p.buf[p.off + 12] = 0x08;
    p.buf[p.off + 13] = 0;
    p.buf[p.off + 15] = 46 << 2;
    this.#out.send(p);
    scheduler.at((scheduler.now + EVERY) as Nanos, this, 0, null);
  }
}

end(0, 0).attach(sink);
end(LINKS - 1, 1).attach(sink);
for (let i = 0; i < LINKS - 1; i++) {
  end(i, 1).attach(new Forward(end(i + 1, 0)));
  end(i + 1, 0).attach(new Forward(end(i, 1)));
}
for (let flow = 0; flow < FLOWS; flow++) {
  const out = flow % 2 === 0 ? end(0, 0) : end(LINKS - 1, 1);
  scheduler.at(nanos((flow * EVERY) / FLOWS), new Source(out), 0, null);
}

function runHops(n: number): void {
  const until = tap.hops + n;
  while (tap.hops < until) scheduler.step();
}

const gc = must((globalThis as { gc?: () => void }).gc, 'node --expose-gc');
const million = Number(process.argv[2] ?? '1') * 1e6;
runHops(1e6);
gc();
const slabs = pool.slabs;
const before = process.memoryUsage().heapUsed;
const start = performance.now();
runHops(million);
const elapsed = performance.now() - start;
const allocated = process.memoryUsage().heapUsed - before;
process.stdout.write(
  `${JSON.stringify({
    hops: million,
    bytesPerHop: allocated / million,
    slabsMade: pool.slabs - slabs,
    nanosPerHop: Math.round((elapsed * 1e6) / million),
    hopsPerSecond: Math.round((million / elapsed) * 1000),
    labSeconds: scheduler.now / 1e9,
    live: pool.live,
  })}\n`,
);
