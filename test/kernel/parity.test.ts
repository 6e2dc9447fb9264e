/**
 * `callpath parity`: each documented flow has the same verdicts, segments, link groups and candidate types on the
 * simulator, in namespaces and in containers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { DOCUMENTED_FLOWS } from '../support/documented-flows.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './docker/support.js';
import { LiveDesk } from './live-support.js';
import { ROOT } from './support.js';

const reason = await withoutDocker();
const compiled = compileProduct([]);
const folder = mkdtempSync(join(tmpdir(), 'callpath-parity-'));
afterAll(() => {
  compiled.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(reason !== null)('callpath parity', () => {
  beforeAll(() => {
    buildImage();
  }, 300_000);

  it.each(DOCUMENTED_FLOWS)(
    '$id is the same on all its substrates',
    ({ id, kernels, compared: beginnings }) => {
      const substrates = ['sim', ...kernels];
      const desk = new LiveDesk([process.execPath, fileURLToPath(compiled.url('src/cli/main.ts'))], folder, { ...process.env, CALLPATH_IMAGE: TEST_IMAGE });
      const compared = () => {
        const said = desk.run('parity', join(ROOT, 'lab', 'flows', `${id}.flow.yaml`), '--on', substrates.join());
        const [head = '', ...rows] = said.out.trimEnd().split('\n');
        return { ...said, head: head.trim().split(/\s+/), end: rows.pop(), differ: rows.filter((row) => !row.startsWith('=  ')) };
      };
      let { code, out, err, head, end, differ } = compared();
      // Speech that is late because the machine has other work is no difference of substrates: that alone is looked at again.
      if (differ.length > 0 && differ.every((row) => row.startsWith('≠  quality/'))) ({ code, out, err, head, end, differ } = compared());
      expect([err, head, differ]).toEqual(['', [id, ...substrates], []]);
      expect(end).toMatch(new RegExp(`^\\d+ rows, the same on ${substrates.join(', ')}$`));
      for (const what of beginnings) expect(out).toContain(`=  ${what}`);
      expect(code).toBe(0);
    },
    400_000,
  );
});
