// Rewrites what documents and schemas have from the code:
//   npm run docs             writes
//   npm run docs -- --check  writes nothing, names what is not current, exit code 1
// A generated section stands between <!-- generated: NAME --> and <!-- end -->. To add one: the two marks in the document,
// and an entry in a file of lab/scripts/docs/.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sections as commands } from './docs/commands.mjs';
import { sections as examples } from './docs/examples.mjs';
import { sections as flows } from './docs/flows.mjs';
import { files as schemas } from './docs/schemas.mjs';

/** { file, name, make }: a section of a document. */
const sections = [...commands, ...examples, ...flows];
/** { file, make }: a whole file. */
const files = [...schemas];

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const check = process.argv.includes('--check');

/** By file: its text, and what it should be. */
const texts = new Map();
function textOf(file) {
  if (!texts.has(file)) {
    const text = readOr(file, '');
    texts.set(file, { before: text, after: text, stale: [] });
  }
  return texts.get(file);
}

function readOr(file, otherwise) {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return otherwise;
  }
}

function replace(file, name, made) {
  const text = textOf(file);
  const [begin, end] = [`<!-- generated: ${name} -->\n`, '<!-- end -->'];
  const from = text.after.indexOf(begin);
  const to = from < 0 ? -1 : text.after.indexOf(end, from);
  if (to < 0) throw new Error(`${file} has no section ${begin.trim()} ... ${end}`);
  const at = from + begin.length;
  if (text.after.slice(at, to) !== made) text.stale.push(name);
  text.after = text.after.slice(0, at) + made + text.after.slice(to);
}

for (const { file, name, make } of sections) replace(file, name, make());
for (const { file, make } of files) {
  const text = textOf(file);
  text.after = make();
  if (text.after !== text.before) text.stale.push('all of it');
}

for (const [file, { before, after, stale }] of texts) {
  if (before === after) continue;
  console.log(`${file}: ${stale.join(', ')} ${check ? 'is not current' : 'written'}`);
  if (check) process.exitCode = 1;
  else writeFileSync(join(root, file), after);
}
if (check && process.exitCode === 1) console.log('make it anew: npm run docs');
