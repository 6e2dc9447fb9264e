import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tarOf } from './tar.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('tarOf', () => {
  it('makes what tar(1) reads, sizes around a block among them', () => {
    const long = `${'folder/'.repeat(16)}${'n'.repeat(90)}`;
    const files = [
      { path: 'etc/a.conf', bytes: bytes('hello\n') },
      { path: 'empty', bytes: bytes('') },
      { path: 'block', bytes: new Uint8Array(512).fill(65) },
      { path: long, bytes: new Uint8Array(513).fill(66) },
    ];
    const listed = spawnSync('tar', ['-tvf', '-', '--utc', '--numeric-owner'], { input: tarOf(files), encoding: 'utf8' });
    expect(listed.stderr).toBe('');
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)),
    ).toEqual(files.map((file) => ['-rw-r--r--', '0/0', String(file.bytes.length), '1970-01-01', '00:00', file.path]));
    expect(spawnSync('tar', ['-xOf', '-', long], { input: tarOf(files), encoding: 'utf8' }).stdout).toBe('B'.repeat(513));
  });

  it('refuses a path that the format cannot hold', () => {
    expect(() => tarOf([{ path: 'n'.repeat(101), bytes: bytes('') }])).toThrow('too long');
  });
});
