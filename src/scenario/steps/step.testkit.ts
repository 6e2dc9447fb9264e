/**
 * For tests of steps: what a step reads and lacks, and what it asks of a lab. What labs make of that, whole-lab tests show.
 *
 *     a - left - r1 = r2 - right - b         two links between the routers, users ann at a and ben at b, fe behind r1
 * @module
 */
import { must } from '../../base/assert.js';
import type { LabError } from '../../base/error.js';
import type { Json } from '../../roles/role.js';
import type { RouteChange } from '../../topology/plan.js';
import { planOf } from '../../topology/testing/lab.js';
import type { AnyStep, Outcome, Stage, StepKind } from './step-kind.js';

export const PLAN = planOf(`
name: two
organisations: { contoso: { domains: [contoso.example] } }
topology:
  nodes:
    a: { kind: client, site: hq }
    b: { kind: client, site: hq }
    left: { kind: bridge, prefixes: [10.0.1.0/24] }
    r1: { kind: router, site: hq, addresses: { lan: [10.0.1.1/24] }, routes: [{ to: 10.0.2.0/24, via: "r2:one", metric: 10 }] }
    r2: { kind: router, site: hq, routes: [{ to: 10.0.1.0/24, via: "r1:one", metric: 10 }] }
    fe: { kind: front-end, site: hq, config: { domains: [contoso.example] } }
  links:
    - { endpoints: ["a:eth0", "left:p1"] }
    - { endpoints: ["r1:lan", "left:p2"] }
    - { endpoints: ["b:eth0", "r2:lan"], prefixes: [10.0.2.0/24] }
    - { name: one, group: spine, endpoints: ["r1:one", "r2:one"], prefixes: [10.0.3.0/30] }
    - { name: two, group: spine, endpoints: ["r1:two", "r2:two"], prefixes: [10.0.3.4/30] }
    - { endpoints: ["fe:eth0", "r1:fe"], prefixes: [10.0.4.0/24] }
users:
  ann@contoso.example: { node: a, home: fe, password: x }
  ben@contoso.example: { node: b, home: fe, password: y }
`);

export const SRC = { file: 'f.flow.yaml', line: 1, column: 1 };

/** What an entry of a file says, without its place; `null` when it has not the shape. */
export function readAs(kind: StepKind, written: unknown): object | null {
  const raw = kind.schema.safeParse(written);
  return raw.success ? kind.read(raw.data) : null;
}

export function stepOf(kind: StepKind, written: unknown): AnyStep {
  return { ...must(readAs(kind, written), 'a step of the right shape'), do: kind.key, src: SRC };
}

/** What the topology lacks for it. */
export function misfits(kind: StepKind, written: unknown): readonly string[] {
  const faults: readonly LabError[] = kind.fit?.(stepOf(kind, written), PLAN) ?? [];
  return faults.map(({ code, message, expected, hint }) => `${code} ${message}; expected ${expected ?? '-'}${hint === undefined ? '' : `; ${hint}`}`);
}

/** Writes down what is asked of it. */
export class NotingStage implements Stage {
  readonly plan = PLAN;
  readonly asked: string[] = [];
  readonly routes: (RouteChange & { readonly node: string })[] = [];
  readonly #answer: Json;

  /** @param answer of every role */
  constructor(answer: Json = {}) {
    this.#answer = answer;
  }

  readonly lab: Stage['lab'] = {
    links: {
      set: (link, side, change) => {
        this.asked.push(`link ${PLAN.links[link]?.name ?? '?'} ${side} ${JSON.stringify(change)}`);
      },
    },
    node: (name) => ({
      route: (changes) => {
        this.routes.push(...changes.map((change) => ({ ...change, node: name })));
        return Promise.resolve();
      },
    }),
  };

  readonly time = {
    sleep: (delay: number): Promise<void> => {
      this.asked.push(`sleep ${delay / 1e9}`);
      return Promise.resolve();
    },
  };

  ask(actor: string, command: string, argument: Json): Promise<Json> {
    this.asked.push(`${actor} ${command} ${JSON.stringify(argument)}`);
    return Promise.resolve(this.#answer);
  }

  address(actor: string): string {
    return `${actor}@contoso.example`;
  }
}

/** Plays an entry of a file. */
export function played(kind: StepKind, written: unknown, stage: Stage): Promise<Outcome> {
  return kind.play(stepOf(kind, written), stage);
}
