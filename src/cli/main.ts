#!/usr/bin/env node
/**
 * The `callpath` command as a process. What it consists of is loaded once an interrupt has somebody to hear it.
 * @module
 */

/** Commands that build a lab: an interrupt while one starts ends like one while it runs. */
const WITH_LAB = ['run', 'experiment', 'diff', 'parity', 'up'];
const words = process.argv.slice(2);
const builds = WITH_LAB.includes(words[0] ?? '');

const tooEarly = (): void => {
  process.stderr.write('\nLAB_INTERRUPTED the run was ended before it began\n');
  process.exit(3);
};
if (builds) for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, tooEarly);

const { processIo, watchDefects, watchInterrupts, watchOutput } = await import('./process-io.js');
watchOutput();
watchDefects();
const leave = builds ? watchInterrupts() : null;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, tooEarly);
const { main } = await import('./command-line.js');
process.exitCode = await main(words, processIo);
leave?.();
