/**
 * lab/docs/extending.md names the files that are there, the lines that they have, and code that fits its place.
 * That the code is that of the examples, the check of generated sections shows (test/smoke/docs.test.ts).
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as docs from '../smoke/documents.js';
import { ROOT } from '../smoke/support.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const GUIDE = read('lab/docs/extending.md');
const SECTIONS = ['kind', 'command', 'step', 'expectation', 'payloader', 'workload', 'report format'];

/** The examples as the guide shows them, by their place in `src/`. */
const SHOWN = new Map(
  [...GUIDE.matchAll(/^<!-- generated: (src\/\S+) -->\n```ts\n([\s\S]*?)^```\n<!-- end -->$/gm)].map(([, place = '', code = '']) => [place, code]),
);

/** Relative imports of a file, as files. */
function importsOf(place: string, code: string): readonly string[] {
  return docs.words(/(?:from |import\()'(\.[^']*)\.js'/g, code).map((path) => `${normalize(join(dirname(place), path))}.ts`);
}

/** Of `const X = [..., y];`: is there a line without the y, whatever stands for the dots? */
function hasLine(text: string, form: string): boolean {
  const [before = '', after = ''] = form.split('...');
  const rest = after.replace(/^, [^\])]*/, '');
  return text.split('\n').some((line) => line.includes(before) && line.slice(line.indexOf(before) + before.length).includes(rest));
}

interface Touched {
  readonly file: string;
  readonly note: string;
  readonly isNew: boolean;
}

function touched(section: string): readonly Touched[] {
  return docs.rows(GUIDE, `touches: ${section}`).map(([file, note = '']) => ({ file: docs.bare(file), note, isNew: /^new\b/.test(note) }));
}

it('has a list of files for each kind of extension', () => {
  expect(docs.words(/^<!-- touches: (.+) -->$/gm, GUIDE)).toEqual(SECTIONS);
});

describe.each(SECTIONS)('%s', (section) => {
  it('touches files that are there, and new ones where there are such already', () => {
    for (const { file, isNew } of touched(section)) {
      expect(existsSync(join(ROOT, file)), file).toBe(!isNew);
      // Of a new kind its folder is new as well.
      if (isNew) expect(existsSync(join(ROOT, section === 'kind' ? dirname(dirname(file)) : dirname(file))), file).toBe(true);
    }
  });

  it('lines that are shown with dots are lines of their files', () => {
    for (const { file, note } of touched(section)) {
      for (const form of docs.codes(note).filter((code) => /^((export )?const|formats:) .*\.\.\./.test(code)))
        expect(hasLine(read(file), form), `${file}: ${form}`).toBe(true);
    }
  });

  it('each file that "npm run docs" writes is one of its', () => {
    const generators = readdirSync(join(ROOT, 'lab', 'scripts', 'docs')).map((name) => read(`lab/scripts/docs/${name}`));
    for (const { file } of touched(section).filter(({ note }) => note.includes('npm run docs'))) {
      const made = file.endsWith('.json') ? read('src/cli/commands/schema.ts').includes(file) : generators.some((text) => text.includes(file));
      expect(made, file).toBe(true);
    }
  });
});

describe('the code', () => {
  it('is shown of each new file that is no test, and of no other', () => {
    const files = SECTIONS.flatMap(touched).filter(({ file, isNew }) => isNew && !file.endsWith('.test.ts'));
    expect([...SHOWN.keys()].sort()).toEqual(files.map(({ file }) => file).sort());
  });

  it.each([...SHOWN])('%s imports what is there', (place, code) => {
    const missing = importsOf(place, code).filter((file) => !SHOWN.has(file) && !existsSync(join(ROOT, file)));
    expect(missing).toEqual([]);
    expect(code).not.toMatch(/from '[^']*\/src\//);
  });
});

it('what is not there would be found', () => {
  expect(importsOf('src/a/b.ts', "import { x } from '../c/d.js';\nconst y = () => import('./e.js');")).toEqual(['src/c/d.ts', 'src/a/e.ts']);
  const text = "export const A = ['x', 'y'] as const;\n";
  expect(hasLine(text, "export const A = [..., 'z'] as const;")).toBe(true);
  expect(hasLine(text, "export const A = [..., 'z'];")).toBe(false);
  expect(hasLine(text, "export const B = [..., 'z'] as const;")).toBe(false);
});
