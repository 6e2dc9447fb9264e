import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COLOURS } from '../report/table.js';
import { main } from './command-line.js';
import { print, printError, terminal, visible } from './io.js';
import type { Io } from './io.js';

function collected(isTTY: boolean): { readonly io: Io; readonly said: { out: string; err: string } } {
  const said = { out: '', err: '' };
  const io: Io = {
    stdout: { write: (text) => (said.out += text), isTTY, columns: 80 },
    stderr: { write: (text) => (said.err += text), isTTY },
    env: {},
    ending: (task) => task(new AbortController().signal),
    onHangUp: () => () => undefined,
    anew: null,
  };
  return { io, said };
}

describe('what reaches a terminal', () => {
  it.each([
    ['clears the screen (ECMA-48 ED)', '\u001b[2J', '\\u001b[2J'],
    ['sets the title (xterm OSC 0)', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['is CSI in one octet', '\u009b2J', '\\u009b2J'],
    ['goes back over the line', 'ok\rno', 'ok\\u000dno'],
    ['backspaces', 'a\b\b', 'a\\u0008\\u0008'],
    ['turns the direction', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['deletes', '\u007f', '\\u007f'],
  ])('is shown, not obeyed, where it %s', (_, text, shown) => {
    for (const isTTY of [true, false]) {
      const { io, said } = collected(isTTY);
      print(terminal(io), text);
      printError(terminal(io), text);
      expect(said).toEqual({ out: `${shown}\n`, err: `${shown}\n` });
    }
  });

  it('is otherwise as it was: letters of all scripts, tabs, line breaks', () => {
    const text = 'Grüße ✔\t漢字 🙂\n  zwei';
    expect(visible(text, true)).toBe(text);
  });

  it('has our colours on a terminal, and nobody else makes any in a pipe', () => {
    const text = COLOURS.good(COLOURS.bold('ok'));
    const [screen, pipe] = [collected(true), collected(false)];
    for (const { io } of [screen, pipe]) print(terminal(io), text);
    expect(screen.said.out).toBe(`${text}\n`);
    expect(pipe.said.out).not.toContain('\u001b');
    // Blinking, concealed and the like are none of ours.
    expect(visible('\u001b[5m\u001b[8m', true)).toBe('\\u001b[5m\\u001b[8m');
  });

  it('stays JSON, and what it stands for', () => {
    const value = { title: 'a\u001b[2J\u009b\u202e\u007f' };
    expect(JSON.parse(visible(JSON.stringify(value), false))).toEqual(value);
  });

  it('a line of progress is put in the place of the one before, safely', () => {
    const { io, said } = collected(true);
    // Made safe twice it is what it was.
    terminal(terminal(io)).stderr.rewrite?.('x\u001b[2J');
    expect(said.err).toBe('\rx\\u001b[2J\u001b[K');
  });

  it('goes through the command line, errors too', async () => {
    const { io, said } = collected(true);
    expect(await main(['check', 'nowhere\u001b[2J.lab.yaml'], io)).toBe(2);
    expect(await main(['\u001b[2J'], io)).toBe(2);
    expect(said.err).toContain('nowhere\\u001b[2J.lab.yaml');
    expect(said.out + said.err).not.toContain('\u001b[2J');
  });
});

it('nothing of the product writes to the terminal past that, but a command that runs in a node', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const writers = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/(^|\/)testing\/|\.(test|testkit|contract|bench)\.ts$/.test(file))
    .filter((file) => /^(?! \*).*(process\.std(out|err)\b|\bconsole\.(log|error|warn|info)\b)/m.test(readFileSync(join(root, file), 'utf8')));
  // The start of the process has words of its own; a role's process speaks to the lab by its pipes.
  expect(writers.sort()).toEqual(['cli/live/terminal.ts', 'cli/main.ts', 'cli/process-io.ts', 'substrate/kernel/role/main.ts']);
});
