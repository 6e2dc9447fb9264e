/**
 * The experiments on kernels, as the command line has them: the broken variant shows its symptom and the reason, the
 * cured one is well, with the findings of the simulator.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { experimentIds, loadExperiment } from '../../src/library/load/load.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';

const compiled = compileProduct([]);
const scratch = mkdtempSync(join(tmpdir(), 'callpath-experiments-'));
afterAll(() => {
  compiled.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const nft = spawnSync('nft', ['--version']).error === undefined;
if (!nft && process.env['CI'] !== undefined) throw new Error('nft is missing; .ci/run installs it');

/** Of minutes; what it takes the rest runs beside it. */
const LONG = 'udp-timeout-below-keepalive';
const LONGEST_FIRST = [LONG, ...experimentIds().filter((id) => id !== LONG)];

interface Variant {
  readonly expected: boolean;
  readonly trouble: string | null;
  readonly findings: readonly { readonly check: string; readonly status: string; readonly observed: string }[];
}

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly variants: Readonly<Record<string, Variant>>;
}

/** By its file: the compiled product has none beside it. */
async function experiment(id: string, on: string): Promise<Outcome> {
  const seen = join(scratch, `${id}-${on}.json`);
  const child = spawn(
    process.execPath,
    [fileURLToPath(compiled.url('src/cli/main.ts')), 'experiment', loadExperiment(id).file, '--on', on, '--out', join(scratch, on), '--json-report', seen],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err, variants: (JSON.parse(readFileSync(seen, 'utf8')) as Record<string, Readonly<Record<string, Variant>>>)[id] ?? {} };
}

// A lab of an experiment waits for most of its time; each has namespaces of its own. As many at once as `maxConcurrency` says.
describe.skipIf(!nft)('the experiments on kernels', { concurrent: true }, () => {
  it.each(LONGEST_FIRST)(
    '%s: broken and cured end as they should, as on the simulator',
    async (id) => {
      const kernel = await experiment(id, 'netns');
      expect(kernel, kernel.out).toMatchObject({
        code: 0,
        err: '',
        variants: { broken: { expected: true, trouble: null }, cured: { expected: true, trouble: null } },
      });
      const simulated = await experiment(id, 'sim');
      const statuses = ({ variants }: Outcome): unknown =>
        Object.entries(variants).map(([name, { findings }]) => [name, findings.map(({ check, status }) => `${check} ${status}`)]);
      expect(statuses(kernel)).toEqual(statuses(simulated));
    },
    300_000,
  );
});
