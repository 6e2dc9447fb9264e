/**
 * How a command in a container ended.
 * @module
 */
import type { openExec } from '../substrates.js';

export type Session = Awaited<ReturnType<typeof openExec>>;

/** Between two looks whether a command has ended that has closed its output, milliseconds. */
const LOOK = 50;

/** Its exit code; null when its container is gone. What has closed its output may still run. */
export async function outcomeOf(session: Session): Promise<number | null> {
  for (;;) {
    const outcome = await session.outcome();
    if (outcome === 'unknown') return null;
    if (outcome !== 'running') return outcome;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
