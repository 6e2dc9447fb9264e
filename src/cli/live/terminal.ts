/**
 * A command in a container on this process's terminal or pipes, as if it ran here.
 * @module
 */
import type { ReadStream } from 'node:tty';
import type { Readable } from 'node:stream';
import { openExec } from '../../library/substrates.js';
import { killedBy } from '../../library/live/command.js';
import { outcomeOf } from '../../library/live/outcome.js';
import type { Session } from '../../library/live/outcome.js';
import type { LiveExec } from '../../library/live/protocol.js';

type Attachment = Extract<LiveExec, { how: 'attach' }>;

/** The kind of terminal that this process has, both ways; null without one. */
export function terminalKind(): string | null {
  return process.stdin.isTTY && process.stdout.isTTY ? (process.env['TERM'] ?? 'dumb') : null;
}

/** Starts what the lab has prepared. Gives its exit code; null when it is gone and nobody can tell. Errors: DOCKER_*. */
export async function attach(prepared: Attachment, terminal: boolean): Promise<number | null> {
  const session = await openExec(prepared);
  try {
    const { stdin, stdout, stderr } = await session.start(terminal);
    const leave = terminal ? becomeTerminal(session, process.stdin) : () => undefined;
    // Who is gone reads nothing any more; that it is gone tells its output's end.
    stdin.on('error', () => undefined);
    process.stdin.pipe(stdin);
    try {
      const whole = Promise.all([shown(stdout, process.stdout), shown(stderr, process.stderr)]).then(() => true);
      // As for a program that runs here: it is of no more use.
      if (!(await Promise.race([whole, nobodyReads()]))) return killedBy('SIGPIPE');
    } finally {
      process.stdin.unpipe(stdin).pause();
      leave();
      stdin.destroy();
    }
    return await outcomeOf(session);
  } finally {
    session.close();
  }
}

/** Keys go to the command as they are, and it learns how large the window is. Gives what ends that. */
function becomeTerminal(session: Session, keys: ReadStream): () => void {
  const resize = (): void => {
    // A window that could not be told its size is no reason to end what runs in it.
    session.resize(process.stdout.rows, process.stdout.columns).catch(() => undefined);
  };
  keys.setRawMode(true);
  process.stdout.on('resize', resize);
  resize();
  return () => {
    process.stdout.off('resize', resize);
    keys.setRawMode(false);
  };
}

/** Gives false when whoever read this process's output (`| head`) is gone. */
function nobodyReads(): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => {
      resolve(false);
    });
  });
}

/** Settles when all is written that there was to read. */
function shown(from: Readable, to: NodeJS.WriteStream): Promise<void> {
  from.pipe(to, { end: false });
  return new Promise((resolve) => {
    from.once('close', resolve);
  });
}
