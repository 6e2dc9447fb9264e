import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readBounded } from './bounded-file.js';

const folder = mkdtempSync(join(tmpdir(), 'bounded-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

it('reads a file of several blocks as it is', () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  expect(readBounded(file('large', bytes), 200_000, 'ordinary')).toEqual({ bytes });
});

it('refuses one octet more than the largest', () =>
  expect(readBounded(file('one-more', new Uint8Array(1024 * 1024 + 1)), 1024 * 1024, 'ordinary')).toEqual({ refused: 'it holds more than 1 MiB' }));

it('a device without an end has one', () => {
  expect(readBounded('/dev/zero', 1024 * 1024, 'any')).toEqual({ refused: 'it holds more than 1 MiB' });
  expect(readBounded('/dev/zero', 1024 * 1024, 'ordinary')).toEqual({ refused: 'it is no ordinary file' });
});

it('a pipe that nobody writes to is not waited for', () => {
  const path = join(folder, 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  expect(readBounded(path, 1024, 'ordinary')).toEqual({ refused: 'it is no ordinary file' });
});

it('what the file system says is passed on', () => {
  expect(() => readBounded(join(folder, 'none'), 1024, 'any')).toThrow('ENOENT');
  expect(() => readBounded(folder, 1024, 'ordinary')).toThrow('EISDIR');
});
