import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ownerLabel, ownerLives } from './ownership.js';

describe('the owner of a container', () => {
  it('lives as long as its process, told from another of the same number by its start', async () => {
    expect(ownerLives(ownerLabel())).toBe(true);
    expect(ownerLives(`${process.pid}:1`)).toBe(false);
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.once('close', resolve));
    expect(ownerLives(`${child.pid ?? 0}:1`)).toBe(false);
  });

  it('is nobody when the label is none of ours', () => {
    for (const label of ['', ':', 'self:', '../..:1', `${process.pid}`]) expect(ownerLives(label)).toBe(false);
  });
});
