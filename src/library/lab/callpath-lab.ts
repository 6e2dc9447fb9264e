/**
 * A lab for one's own tests, in the manner of testcontainers: say what it shall be, start it, use it, stop it. The same
 * test runs on the simulator, on namespaces and in containers.
 *
 * @example
 * const lab = await new CallpathLab('topologies/contoso.lab.yaml').withSubstrate('docker').withSeed(1).start();
 * const { answered } = await lab.call('alice', 'bob');
 * const verdict = lab.verify([{ media: { between: ['alice', 'bob'], is: 'local' } }]);
 * await lab.stop();
 * @module
 */
import { LabError } from '../../base/error.js';
import { type Nanos, seconds, ZERO } from '../../base/time.js';
import { KINDS } from '../../roles/kinds.js';
import type { RoleKind } from '../../roles/role.js';
import { Recording } from '../../scenario/recording.js';
import type { Substrate } from '../../substrate/substrate.js';
import type { Plan } from '../../topology/plan.js';
import { parseTopology } from '../../topology/topology-file.js';
import { readText } from '../load/files.js';
import { pkiOf } from '../run/flow-run.js';
import { substrateNamed } from '../substrates.js';
import { VERSION } from '../version.js';
import { durationOf } from './duration.js';
import { StartedLab } from './started-lab.js';

/** As long as a flow has. */
const TIME_LIMIT = seconds(600);

/** What a lab shall be. One of these may be started several times: each start is a lab of its own. */
export class CallpathLab {
  readonly #topology: string | Plan;
  #substrate: string | Substrate = 'sim';
  #seed = 1;
  #kinds: ReadonlyMap<string, RoleKind> = KINDS;
  #captureFile: string | null = null;
  #timeLimit: Nanos = TIME_LIMIT;

  /** @param topology a `*.lab.yaml` file, or a plan that was made of one */
  constructor(topology: string | Plan) {
    this.#topology = topology;
  }

  /** `sim` (without it), `netns`, `docker`, or a substrate of one's own. */
  withSubstrate(substrate: string | Substrate): this {
    this.#substrate = substrate;
    return this;
  }

  /** Of all random numbers of the lab; 1 without it. */
  withSeed(seed: number): this {
    this.#seed = seed;
    return this;
  }

  /** Node kinds by name, in place of the product's: `new Map([...KINDS, ['echo', echo]])`. Those of one's own run on `sim` only. */
  withKinds(kinds: ReadonlyMap<string, RoleKind>): this {
    this.#kinds = kinds;
    return this;
  }

  /** Writes the capture (pcapng) to a file, from the lab's start on. Without it, it is kept in memory. */
  withCapture(file: string): this {
    this.#captureFile = file;
    return this;
  }

  /** Lab time that each thing asked of the lab may take, such as `30s`; 10 minutes without it. Errors: CLI_USAGE. */
  withTimeLimit(duration: string): this {
    this.#timeLimit = durationOf(duration);
    return this;
  }

  /** Errors: those of the topology (its first fault), of the substrate where this machine lacks something, CAPTURE_WRITE. */
  async start(): Promise<StartedLab> {
    const kinds = this.#kinds;
    const plan = planOf(this.#topology, kinds);
    const substrate = typeof this.#substrate === 'string' ? await substrateNamed(this.#substrate) : this.#substrate;
    const seed = this.#seed;
    const pki = await pkiOf(plan, seed, kinds);
    const recording = new Recording(plan, { substrate, seed, version: VERSION, captureFile: this.#captureFile });
    const ending = new AbortController();
    try {
      const lab = await substrate.build(plan, { ...recording.deps, kinds, seed, pki, signal: ending.signal });
      return new StartedLab({ plan, lab, kinds, recording, ending, timeLimit: this.#timeLimit });
    } catch (error) {
      recording.close(ZERO);
      throw error;
    }
  }
}

function planOf(topology: string | Plan, kinds: ReadonlyMap<string, RoleKind>): Plan {
  if (typeof topology !== 'string') return topology;
  const parsed = parseTopology(readText(topology, 'topology'), topology, kinds);
  if (parsed.ok) return parsed.plan;
  const [first, ...others] = parsed.errors;
  throw others.length === 0 || first === undefined
    ? first
    : new LabError(first.code, `${first.message} (and ${others.length} more: callpath check ${topology})`, first);
}
