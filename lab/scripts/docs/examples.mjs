// lab/docs/extending.md: the code of its examples, as it would stand in src/. The files are test/examples/, where they are
// compiled and run.
import { readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** File of the example, and its place in the product. */
const EXAMPLES = [
  ['kind/echo/config.ts', 'src/roles/echo/config.ts'],
  ['kind/echo/commands.ts', 'src/roles/echo/commands.ts'],
  ['kind/echo/kind.ts', 'src/roles/echo/kind.ts'],
  ['kind/echo/server.ts', 'src/roles/echo/server.ts'],
  ['step/outage.ts', 'src/scenario/steps/outage.ts'],
  ['expectation/dscp.ts', 'src/verify/checks/dscp.ts'],
  ['payloader/l16-payloader.ts', 'src/protocol/rtp/l16-payloader.ts'],
  ['report/markdown.ts', 'src/report/markdown.ts'],
].map(([file, place]) => [`test/examples/${file}`, place]);

/** Imports of the product as they are from another place; those of files that move along stay. */
function moved(text, from, to) {
  return text.replace(/(from |import\()'(\.[^']*)'/g, (whole, word, path) => {
    const target = normalize(join(dirname(from), path));
    if (!target.startsWith('src/')) return whole;
    const near = relative(dirname(to), target);
    return `${word}'${near.startsWith('.') ? near : `./${near}`}'`;
  });
}

/** A program that depends on the package. */
const PROGRAM = 'test/examples/own-tables.ts';

const section = (name, make) => ({ file: 'lab/docs/extending.md', name, make: () => `\`\`\`ts\n${make()}\`\`\`\n` });
const text = (file) => readFileSync(join(root, file), 'utf8');

export const sections = [
  section(PROGRAM, () => text(PROGRAM).replaceAll('../../src/index.js', 'callpath')),
  ...EXAMPLES.map(([file, place]) => section(place, () => moved(text(file), file, place))),
];
