/**
 * One measurement of one ground (see grounds.ts); a process each, which prints one line of JSON.
 *   measure.mjs build|trip|flood|memory|roles fabric|veth COUNT SECONDS main.js
 * SECONDS is the length of a flood, main.js the compiled entry point of role processes.
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { assertInvariant, must } from '../../../src/base/assert.js';
import { GROUNDS, type Ground } from './grounds.js';
import { chain, chainEnd, grid, servers } from './networks.js';

const PINGS = 400;
/** As RTP with 20 ms of PCMU has it. */
const PAYLOAD = 172;

// Other work on the machine shall count little, for both grounds alike. Linux weighs sessions against one another, and
// processes within them (sched(7), "The autogroup feature"); this process is a session of its own. Only root may.
try {
  writeFileSync('/proc/self/autogroup', String(constants.priority.PRIORITY_HIGHEST + 1));
} catch {
  process.stderr.write('measured at the usual priority\n');
}

const [measure = '', kind = '', count = '', seconds = '', roleMain = ''] = process.argv.slice(2);
const [size, flood] = [Number(count), Number(seconds)];
const make = GROUNDS[kind];
assertInvariant(make !== undefined, `a ground is one of ${Object.keys(GROUNDS).join(', ')}`);

const MEASURES: Readonly<Record<string, () => Promise<object>>> = {
  /** Milliseconds for a grid of that many nodes. */
  build: async () => on(await make(grid(size), roleMain), (ground) => Promise.resolve({ millis: ground.built })),
  /** Round trips over a chain of that many links, captured, microseconds. */
  trip: async () =>
    on(await make(chain(size), roleMain), async (ground) => {
      await ground.capture();
      const said = await run([...ground.enter('n0'), 'ping', '-n', '-c', String(PINGS), '-i', '0.005', chainEnd(size)]);
      const trips = [...said.matchAll(/ time=([\d.]+) ms$/gm)].map((match) => Number(match[1]) * 1000).sort((a, b) => a - b);
      assertInvariant(trips.length === PINGS, `${trips.length} of ${PINGS} answers came`);
      return { median: trips[PINGS / 2], high: trips[Math.floor(PINGS * 0.99)] };
    }),
  /** Packets a second that reach the end of a chain of that many links, and how many of all hops were captured. */
  flood: async () =>
    on(await make(chain(size), roleMain), async (ground) => {
      const far = `n${size}`;
      // Dropped where they arrive, so that nothing is sent back; counted by the rule.
      await run([
        ...ground.enter(far),
        'nft',
        'add table inet t; add chain inet t c { type filter hook prerouting priority raw; }; add rule inet t c udp dport 9 counter drop',
      ]);
      await ground.capture();
      const before = await hops(ground, size);
      const sent = Number(await run([...ground.enter('n0'), process.execPath, '-e', floodScript(chainEnd(size))]));
      const arrived = Number(/packets (\d+)/.exec(await run([...ground.enter(far), 'nft', 'list', 'ruleset']))?.[1]);
      const made = (await settled(() => hops(ground, size))) - before;
      return { sent, rate: arrived / flood, captured: (await ground.captured()) / made };
    }),
  /** What a node of a grid takes: memory of processes and of the kernel, KiB. */
  memory: async () => {
    // Once before, so that what the first lab loads is not the nodes'.
    await on(await make(grid(4), roleMain), () => Promise.resolve());
    const plan = grid(size);
    const [rss, kernel] = [process.memoryUsage().rss, kernelMemory()];
    return on(await make(plan, roleMain), async (ground) => {
      await ground.capture();
      const helpers = ground.helpers.reduce((sum, pid) => sum + shareOf(pid), 0);
      return { processes: ((process.memoryUsage().rss - rss) / 1024 + helpers) / size, kernel: (kernelMemory() - kernel) / size };
    });
  },
  /** Start and memory of that many role processes. */
  roles: async () =>
    on(await make(servers(size), roleMain), (ground) => {
      const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);
      assertInvariant(pids.length === size, 'a process for each role');
      return Promise.resolve({ millis: ground.built, processes: pids.reduce((sum, pid) => sum + shareOf(pid), 0) / size });
    }),
};

async function on<T>(ground: Ground, work: (ground: Ground) => Promise<T>): Promise<T> {
  try {
    return await work(ground);
  } finally {
    await ground.close();
  }
}

async function run([file = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assertInvariant(code === 0, `${file} ${args.join(' ')} ended with ${String(code)}`);
  return said;
}

/** For `node -e`: sends as fast as it can, then says how many. */
function floodScript(to: string): string {
  return (
    `const s=require('dgram').createSocket('udp4'),b=Buffer.alloc(${PAYLOAD});let n=0;const end=performance.now()+${flood * 1000};` +
    `s.connect(9,'${to}',()=>{const go=()=>{if(performance.now()>end){console.log(n);s.close();return}for(let i=0;i<32;i++)s.send(b,()=>{n++});setImmediate(go)};go()})`
  );
}

/** Packets that came out of all links, as the kernels count them. */
async function hops(ground: Ground, links: number): Promise<number> {
  const seen = await Promise.all(Array.from({ length: links }, (_, i) => run([...ground.enter(`n${i + 1}`), 'cat', '/proc/net/dev'])));
  // "left: BYTES PACKETS ...": what was received at the end of each link.
  return seen.reduce((sum, text) => sum + Number(must(/^ *left: *\d+ +(\d+)/m.exec(text)?.[1], 'counters of left')), 0);
}

/** Asks until the answer is the same twice: what is queued has arrived. */
async function settled(ask: () => Promise<number>): Promise<number> {
  for (let last = await ask(); ; ) {
    const now = await ask();
    if (now === last) return now;
    last = now;
  }
}

/** Memory that is the kernel's for good: slabs, stacks, page tables, per-CPU areas. KiB. */
function kernelMemory(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return ['Slab', 'KernelStack', 'PageTables', 'Percpu'].reduce(
    (sum, name) => sum + Number(must(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1], name)),
    0,
  );
}

/** A process's memory with its share of what it has in common with others, KiB. */
function shareOf(pid: number): number {
  return Number(must(/^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1], `memory of ${pid}`));
}

const chosen = MEASURES[measure];
assertInvariant(chosen !== undefined, `a measure is one of ${Object.keys(MEASURES).join(', ')}`);
console.log(JSON.stringify(await chosen()));
