/**
 * Asks an emulated router and the kernel's the same: a seeded story goes through both, what comes out and what the
 * connection tables hold is compared.
 * @module
 */
import { randomRoot } from '../../../src/base/rng.js';
import { describeFrame, frameOf } from './frames.js';
import { kernelRouter } from './kernel-router.js';
import { type CameOut, type Router, type RouterSpec, simRouter } from './router.js';
import type { Case } from './specs.js';
import { Story, type StoryOptions } from './story.js';

/** Ports and identifiers that a router chose at random are all called P: whether two of them are the same is chance. */
function withoutChoice(text: string, known: ReadonlySet<number>): string {
  const name = (port: string): string => (known.has(Number(port)) ? port : 'P');
  return text.replace(
    /((?:udp|tcp|proto=\d+) )(\d+) > (\d+)|\b(sport=|dport=|id=)(\d+)/g,
    (_all, before: string | undefined, from: string, to: string, key: string, value: string) =>
      before === undefined ? `${key}${name(value)}` : `${before}${name(from)} > ${name(to)}`,
  );
}

/**
 * Null when both did the same; else the end of the story, with where they part.
 * @param emulated where the emulated router is another one: to see that it is noticed
 */
export async function compare({ seed, spec, story: options }: Case, steps = 60, emulated: RouterSpec = spec): Promise<string | null> {
  const sim = simRouter(emulated);
  const kernel = await kernelRouter(spec);
  const known = new Set([...(options.ports ?? [5000, 5001, 600, 80]), 80, 53, 5000, 1, 2, 3].flatMap((port) => [port, port ^ 1]));
  // Answers go to the ports that each router chose: two tellers of one story.
  const worlds = [sim, kernel].map((router) => ({ router, story: new Story(randomRoot(seed).stream('story'), options) }));
  const log: string[] = [];
  try {
    for (let i = 0; i < steps; i++) {
      let awaited = 0;
      const told = worlds.map(({ router, story }) => {
        const { wire, packet } = story.next();
        const out = router.send(wire, packet, awaited);
        awaited = out.length;
        story.cameOut(out);
        return { in: withoutChoice(`${wire}: ${describeFrame(frameOf(packet, 1, 1))}`, known), out: withoutChoice(textOf(out), known) };
      });
      const [a, b] = told;
      log.push(`${i} ${a?.in ?? ''}\n     => ${a?.out ?? ''}`);
      if (a?.in !== b?.in || a?.out !== b?.out)
        return report(seed, spec, options, [...log.slice(-25), `kernel: ${b?.in ?? ''}\n     => ${b?.out ?? ''}`, `last drop: ${sim.drops.at(-1) ?? ''}`]);
    }
    const [mine, its] = await Promise.all(worlds.map(({ router }) => tableOf(router, known)));
    return mine === its ? null : report(seed, spec, options, [...log.slice(-10), 'emulated:', mine ?? '', 'kernel:', its ?? '']);
  } finally {
    kernel.close();
  }
}

function textOf(frames: readonly CameOut[]): string {
  // The identification and flow label of what the router makes itself are its own affair.
  return frames
    .map(
      ({ wire, frame }) =>
        `${wire} ${describeFrame(frame)
          .replace(/ flow=0x[0-9a-f]+/, '')
          .replace(/( dscp=\d+) id=\d+/, '$1')}`,
    )
    .join('; ');
}

/** Sorted by what does not depend on chosen ports; seconds to the next ten, for the kernel's clock goes on meanwhile. */
async function tableOf(router: Router, known: ReadonlySet<number>): Promise<string> {
  const lines = (await router.connections()).map((line) =>
    withoutChoice(
      line.replace(/^(\S+ \d+) (\d+)/, (_all, protocol: string, rest: string) => `${protocol} ~${Math.ceil(Number(rest) / 10) * 10}`),
      known,
    ),
  );
  return lines.sort().join('\n');
}

function report(seed: number, spec: RouterSpec, options: StoryOptions, lines: readonly string[]): string {
  return [`seed ${seed} ${JSON.stringify(spec)} ${JSON.stringify(options)}`, ...lines].join('\n');
}
