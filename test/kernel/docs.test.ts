/**
 * What the guides show of labs on the kernel (console examples marked `netns`) is what comes, in the order of the page.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, it } from 'vitest';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { documents, missing, shown } from '../smoke/documents.js';
import { LiveDesk, endAll } from './live-support.js';
import { ROOT } from './support.js';

const compiled = compileProduct([]);
const scratch = mkdtempSync(join(tmpdir(), 'callpath-docs-'));
afterEach(endAll);
afterAll(() => {
  compiled.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const examplesOf = (file: string) => shown(readFileSync(join(ROOT, file), 'utf8'), 'console netns');
const pages = documents().filter((file) => examplesOf(file).length > 0);

it('there are such pages', () => {
  expect(pages).toContain('lab/docs/live.md');
});

it.each(pages)('%s', async (file) => {
  const folder = join(scratch, file.replaceAll('/', '-'));
  const main = fileURLToPath(compiled.url('src/cli/main.ts'));
  const desk = new LiveDesk([process.execPath, main], folder);
  const shell = new LiveDesk(['bash', '-c'], folder);
  for (const name of ['lab', 'topologies']) symlinkSync(join(ROOT, name), join(folder, name));
  for (const { command, output, line } of examplesOf(file)) {
    let came: string;
    if (command.startsWith('callpath up ')) {
      // It keeps its terminal.
      const lab = desk.start(...command.split(' ').slice(1));
      await lab.said(output.at(-1) ?? '');
      came = lab.text();
    } else {
      const { out, err } = shell.run(`callpath() { "${process.execPath}" "${main}" "$@"; }; set -o pipefail; ${command}`);
      came = out === '' ? err : out;
    }
    expect(missing(output, came), `${file}:${line}: ${command}\n${came}`).toBeNull();
  }
});
