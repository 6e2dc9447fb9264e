#!/usr/bin/env node
/**
 * The `callpath` command. Thin: each command is a file that imports what it needs when it runs, so that `check` does not
 * pay for the lab.
 * @module
 */
import { Command, CommanderError } from 'commander';
import { watchDefects } from './defects.js';
import { ExitCode, allowClosedOutput, tell } from './exit.js';
import { VERSION } from './version.js';

allowClosedOutput();
watchDefects();

const program = new Command('callpath')
  .description('A simulated network lab: real SIP, ICE and RTP over emulated links, every packet\'s path recorded and explained.')
  .version(VERSION)
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText('after', '\nExit codes: 0 all as documented, 1 a flow differs, 2 bad input, 3 the lab itself failed.');

program
  .command('run')
  .description('run flows and check them against their documentation; without names: every flow that exists')
  .argument('[flow...]', 'flow ids (callpath flows) or *.flow.yaml files')
  .option('--seed <number>', 'seed of all random numbers', '1')
  .option('--out <folder>', 'where captures go', 'captures')
  .option('--topology <file>', 'run on this topology instead of the one that the flow names')
  .option('--junit <file>', 'write a JUnit report')
  .option('--baseline <file>', 'compare the paths with those stored there; a flow that moved fails')
  .option('--write-baseline <file>', 'store the paths that were observed')
  .option('--verbose', 'show also what each link was asked to do and what it did')
  .action(async (names: string[], options) => (await import('./commands/run.js')).run(names, options));

program
  .command('flows')
  .description('list the documented flows')
  .option('--json', 'as JSON')
  .action(async (options) => (await import('./commands/flows.js')).flows(options));

program
  .command('check')
  .description('validate topology and flow files; all faults at once')
  .argument('<file...>', '*.lab.yaml or *.flow.yaml files')
  .option('--json', 'faults as JSON')
  .action(async (files: string[], options) => (await import('./commands/check.js')).check(files, options));

program
  .command('where')
  .description('the journey of each matching packet: links, times, hops, decisions')
  .argument('<capture>', 'a ledger (*.pcapng) of a run')
  .argument('<filter>', 'a display filter as in Wireshark, such as "udp.port == 53" or "frame.packet_id == 42"')
  .option('--limit <number>', 'journeys to show', '20')
  .option('--json', 'as JSON, all of them')
  .action(async (capture: string, filter: string, options) => (await import('./commands/where.js')).where(capture, filter, options));

program
  .command('extract')
  .description('write an ordinary single-point capture')
  .argument('<capture>', 'a ledger (*.pcapng) of a run')
  .option('--at <point>', 'the capture point, LINK:NODE; without it and --node: list the points')
  .option('--node <name>', 'all interfaces of a node')
  .option('--flow <packet>', 'only the transport flow that the packet with this id belongs to')
  .option('--filter <filter>', 'only packets that match this display filter')
  .option('--clear', 'decrypt SRTP with the keys in the file')
  .option('--out <file>', 'where to write; default: beside the ledger')
  .action(async (capture: string, options) => (await import('./commands/extract.js')).extract(capture, options));

program
  .command('errors')
  .description('what the error codes mean and how to mend the trouble; without a code: all, as Markdown')
  .argument('[code]', 'such as FLOW_UNKNOWN')
  .action(async (code: string | undefined) => (await import('./commands/errors.js')).errors(code));

program
  .command('schema')
  .description('print the JSON Schema of *.lab.yaml, for editors')
  .action(async () => (await import('./commands/schema.js')).schema());

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version come here too, with code 0; a wrong use was told by commander itself.
    process.exitCode = error.exitCode === 0 ? ExitCode.Documented : ExitCode.BadInput;
  } else {
    process.exitCode = tell(error);
  }
}
