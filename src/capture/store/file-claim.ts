/**
 * One writer for a file: who writes it holds a claim beside it, `.NAME.lock`, which says which process that is. The claim of a
 * process that is gone (killed, so that it could not take it away) counts for nothing.
 * @module
 */
import { linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../../base/error.js';

export class FileClaim {
  readonly #lock: string;
  #held = true;

  /** Errors: CAPTURE_BUSY while another run writes the file; those of node:fs for a folder that cannot be written to. */
  constructor(path: string) {
    this.#lock = join(realpathSync(dirname(path)), `.${basename(path)}.lock`);
    const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
    if (take(this.#lock, own)) return;
    const theirs = contentOf(this.#lock);
    if (isAlive(theirs) || !this.#clear(theirs) || !take(this.#lock, own)) throw busy(path);
  }

  /** Takes a claim away that nobody holds any more. False when it has become another one meanwhile. */
  #clear(content: string): boolean {
    const aside = `${this.#lock}.${process.pid}`;
    try {
      renameSync(this.#lock, aside);
    } catch {
      // Somebody else did so: whose claim it is then, the next attempt shows.
      return true;
    }
    const same = contentOf(aside) === content;
    if (!same) linkSync(aside, this.#lock);
    rmSync(aside, { force: true });
    return same;
  }

  /** Idempotent. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    rmSync(this.#lock, { force: true });
  }
}

/** False when it is there already. */
function take(lock: string, content: string): boolean {
  try {
    writeFileSync(lock, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function contentOf(lock: string): string {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return '';
  }
}

/** A claim that is being written says nothing yet, and is one. */
function isAlive(content: string): boolean {
  const [, pid, started] = /^\{"pid":(\d{1,10}),"started":"(\d*)"\}$/.exec(content) ?? [];
  if (pid === undefined) return content === '';
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // A process of somebody else may not be asked, and is there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return started === '' || startOf(Number(pid)) === started;
}

/** When a process began, in ticks since the machine's start (proc_pid_stat(5), field 22), since numbers of processes come again; empty where that is not told. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function busy(path: string): LabError {
  return new LabError('CAPTURE_BUSY', `another run is writing ${path}`, {
    expected: 'a file that no other run writes',
    hint: 'wait until it has ended, or give this run another folder: --out FOLDER',
  });
}
