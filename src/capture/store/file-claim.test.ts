import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSink } from './byte-store.js';
import { FileClaim } from './file-claim.js';

const folder = mkdtempSync(join(tmpdir(), 'callpath-claim-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a file', () => {
  it('has one writer at a time, by whatever name its folder goes', () => {
    symlinkSync(folder, join(folder, 'again'));
    const first = new FileClaim(join(folder, 'a.pcapng'));
    expect(() => new FileClaim(join(folder, 'a.pcapng'))).toThrow(expect.objectContaining({ code: 'CAPTURE_BUSY' }));
    expect(() => new FileClaim(join(folder, 'again', 'a.pcapng'))).toThrow(/another run is writing/);
    new FileClaim(join(folder, 'b.pcapng')).release();
    first.release();
    first.release();
    new FileClaim(join(folder, 'a.pcapng')).release();
    expect(readdirSync(folder)).toEqual(['again']);
  });

  it('may be written when who claimed it is gone', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const lock = join(folder, '.c.pcapng.lock');
    // A process with that number may be there again, begun at another time.
    for (const stale of [`{"pid":${gone},"started":"1"}`, `{"pid":${process.pid},"started":"1"}`, 'rubbish']) {
      writeFileSync(lock, stale);
      new FileClaim(join(folder, 'c.pcapng')).release();
    }
    expect(readdirSync(folder)).toEqual(['again']);
  });

  it('keeps a claim that is being written, and of a process of somebody else', () => {
    const lock = join(folder, '.d.pcapng.lock');
    for (const held of ['', '{"pid":1,"started":""}']) {
      writeFileSync(lock, held);
      expect(() => new FileClaim(join(folder, 'd.pcapng'))).toThrow(/another run/);
    }
    rmSync(lock);
  });

  it('is not touched by a second run, and free when the first has closed it', () => {
    const path = join(folder, 'run.pcapng');
    const sink = new FileSink(path);
    sink.write(Uint8Array.of(1, 2, 3), 3);
    expect(() => new FileSink(path)).toThrow(expect.objectContaining({ code: 'CAPTURE_BUSY' }));
    expect(sink.source().size).toBe(3);
    sink.close();
    new FileSink(path).close();
    expect(readdirSync(folder).sort()).toEqual(['again', 'run.pcapng']);
  });
});
