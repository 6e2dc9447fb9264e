/**
 * The `callpath` command as a function: words in, an exit code out. Thin: it takes words apart, a command is a file that stands
 * on the library and imports what it needs when it runs, so that `check` does not pay for the lab.
 * @module
 */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../library/version.js';
import { ExitCode, tell } from './exit.js';
import { terminal } from './io.js';
import type { Io, Screen } from './io.js';
import { reportOptions } from './report-files.js';

/** For an option that may stand more than once. */
const each = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const WITH = [
  '--with <change>',
  'change the topology first: TARGET=VALUE, such as link.er-primary=down or fw1.firewall=new.nft; may stand more than once',
  each,
] as const;
const JSON_OUT = ['--json', 'as JSON on standard output, in place of the text'] as const;
const TOPOLOGY = ['--topology <file>', 'run on this topology instead of the one that the flow names'] as const;
const LAB = ['--lab <name>', 'the lab that is meant, when several are up'] as const;

/**
 * @param argv what stands after `callpath`
 * @returns the exit code. It never rejects, and leaves the process as it is
 */
export async function main(argv: readonly string[], screens: Io): Promise<number> {
  const io = terminal(screens);
  let code: number = ExitCode.Documented;
  try {
    await commandLine(io, (given) => {
      code = given;
    }).parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version come here too, with code 0; a wrong use was told by commander itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Documented : ExitCode.BadInput;
    return tell(io, error);
  }
}

function commandLine(io: Io, exit: (code: number) => void): Command {
  const program = new Command('callpath')
    .description("A simulated network lab: real SIP, ICE and RTP over emulated links, every packet's path recorded and explained.")
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'CLI_USAGE '));
      },
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', '\nExit codes: 0 all as documented or nothing moved, 1 a flow differs, 2 bad input, 3 the lab itself failed or was interrupted.');

  reportOptions(program.command('run'), 'flows')
    .description('run flows and check them against their documentation; without names: every flow that exists')
    .argument('[flow...]', 'flow ids (callpath flows), *.flow.yaml files or folders with such')
    .option('--seed <number>', 'seed of all random numbers', '1')
    .option('--out <folder>', 'where captures go', 'captures')
    .option(...TOPOLOGY)
    .option(...WITH)
    .option('--baseline <file>', 'compare the paths with those stored there; a flow that moved fails')
    .option('--write-baseline <file>', 'store the paths that were observed')
    .option('--on <substrate>', 'sim (virtual time), netns (Linux namespaces) or docker (containers)', 'sim')
    .option(...JSON_OUT)
    .option('--strict', 'a flow fails when signalling or media of it broke, whatever it expects')
    .option('--verbose', 'show each direction of each link: what it was asked to do, what it did, queue, mean rate, packets')
    .action(async (names: string[], options) => exit(await (await import('./commands/run.js')).run(names, options, io)));

  program
    .command('diff')
    .description('run a flow as it is and with a change of the topology, by the same seed: which legs, calls and packets moved or broke, and why')
    .argument('<flow>', 'flow id (callpath flows) or *.flow.yaml file')
    .option(...WITH)
    .option('--before <change>', 'the same for the side that is compared with; may stand more than once', each)
    .option(...TOPOLOGY)
    .option('--seed <number>', 'seed of all random numbers', '1')
    .option('--on <substrate>', 'sim, netns or docker', 'sim')
    .option('--out <folder>', 'where captures go', 'captures')
    .option(...JSON_OUT)
    .action(async (flow: string, options) => exit(await (await import('./commands/diff.js')).diff(flow, options, io)));

  reportOptions(program.command('experiment'), 'experiments')
    .description('trouble from the field, made to happen and cured: the broken run must show the symptom and its reason, the cured one must be well')
    .argument('[name...]', 'experiment ids (callpath experiment --list), *.experiment.yaml files or folders with such; without: all')
    .option('--list', 'list the experiments')
    .option(...WITH)
    .option(...JSON_OUT)
    .option('--on <substrate>', 'sim, netns or docker', 'sim')
    .option('--seed <number>', 'seed of all random numbers', '1')
    .option('--out <folder>', 'where captures go', 'captures')
    .action(async (names: string[], options) => exit(await (await import('./commands/experiment.js')).experiment(names, options, io)));

  program
    .command('flows')
    .description('list the documented flows')
    .option(...JSON_OUT)
    .action(async (options) => exit(await (await import('./commands/flows.js')).flows(options, io)));

  program
    .command('check')
    .description('validate topology, flow and experiment files; all faults at once')
    .argument('<file...>', '*.lab.yaml, *.flow.yaml or *.experiment.yaml files, or folders with such')
    .option(...WITH)
    .option(...JSON_OUT)
    .option('--strict', 'warnings are faults too')
    .action(async (files: string[], options) => exit(await (await import('./commands/check.js')).check(files, options, io)));

  program
    .command('nodes')
    .description('nodes of a topology: kind, users, interfaces with their links, MACs and addresses, and the names that lead to them')
    .argument('<topology>', '*.lab.yaml file')
    .argument('[node]', 'one node; without it all')
    .option(...WITH)
    .option(...JSON_OUT)
    .action(async (topology: string, node: string | undefined, options) =>
      exit(await (await import('./commands/nodes.js')).nodes(topology, node, options, io)),
    );

  program
    .command('routes')
    .description('routing tables, policy rules and BGP of the nodes: which route wins, and why')
    .argument('<topology>', '*.lab.yaml file')
    .argument('[node]', 'one node; without it all')
    .option(...WITH)
    .option(...JSON_OUT)
    .action(async (topology: string, node: string | undefined, options) =>
      exit(await (await import('./commands/routes.js')).routes(topology, node, options, io)),
    );

  const rules = program.command('rules').description('firewall rules by themselves: check nftables files, import what iptables-save writes');

  rules
    .command('check')
    .description('read files of nftables rules and say what is wrong or outside the supported subset; all faults at once')
    .argument('<file...>', '*.nft files')
    .option(...JSON_OUT)
    .action(async (files: string[], options) => exit(await (await import('./commands/rules.js')).checkRules(files, options, io)));

  rules
    .command('import')
    .description("write the rules of iptables-save or ip6tables-save in nftables' language; what has no translation is told, and nothing is written then")
    .argument('<file>', 'what iptables-save or ip6tables-save wrote')
    .option('--ip6', 'the rules are of IPv6; needed only where the head of the file is missing')
    .option('--source', 'put the old line above each rule, as a comment')
    .option('-o, --out <file>', 'where to write; without it: to the terminal')
    .action(async (file: string, options) => exit(await (await import('./commands/rules.js')).importRules(file, options, io)));

  program
    .command('where')
    .description('the journey of each matching packet: links, times, hops, decisions')
    .argument('<capture>', 'a ledger (*.pcapng) of a run')
    .argument('<filter>', 'a display filter as in Wireshark, such as "udp.port == 53" or "frame.packet_id == 42"')
    .option('--limit <number>', 'journeys to show', '20')
    .option(...JSON_OUT)
    .action(async (capture: string, filter: string, options) => exit(await (await import('./commands/where.js')).where(capture, filter, options, io)));

  program
    .command('why')
    .description('explain the flows of matching packets: what each hop did, what decided, where the ways part')
    .argument('<capture>', 'a ledger (*.pcapng) of a run')
    .argument('<filter>', 'a display filter as in Wireshark, such as "lab.drop" or "udp.port == 3478"')
    .option('--topology <file>', 'the topology of the run: names who holds addresses that nobody answered from')
    .option('--limit <number>', 'flows to show', '10')
    .option(...JSON_OUT)
    .action(async (capture: string, filter: string, options) => exit(await (await import('./commands/why.js')).why(capture, filter, options, io)));

  program
    .command('path')
    .description('what the network does with a packet and with the answer to it, without a call; exits 0 when both arrive')
    .argument('<topology>', '*.lab.yaml file')
    .requiredOption('--from <end>', 'who sends: NODE, NODE:INTERFACE or an address')
    .requiredOption('--to <end>', 'who is spoken to: NODE, NODE:INTERFACE or an address')
    .option('--from-node <node>', 'where packets come in whose source address no node has')
    .option('--udp <ports>', 'FROM:TO, such as 50000:3478')
    .option('--tcp <ports>', 'FROM:TO, such as 50000:443: a SYN and its answer')
    .option('--icmp', 'an echo; also without any of the three')
    .option('-6, --ipv6', 'by IPv6')
    .option('--dscp <mark>', 'mark of both packets, 0 to 63 or a name')
    .option(...WITH)
    .option('--seed <number>', 'of the run whose choice among equal paths is meant', '1')
    .option(...JSON_OUT)
    .action(async (topology: string, options) => exit(await (await import('./commands/path.js')).path(topology, options, io)));

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
    .action(async (capture: string, options) => exit(await (await import('./commands/extract.js')).extract(capture, options, io)));

  reportOptions(program.command('parity'), 'flows')
    .description('one flow on several substrates, side by side: verdicts, link groups, candidate types')
    .argument('<flow>', 'flow id (callpath flows) or *.flow.yaml file')
    .option('--on <substrates>', 'comma-separated; default: all that this machine can run')
    .option(...TOPOLOGY)
    .option(...WITH)
    .option(...JSON_OUT)
    .option('--seed <number>', 'seed of all random numbers', '1')
    .option('--out <folder>', 'where captures go', 'captures')
    .action(async (flow: string, options) => exit(await (await import('./commands/parity.js')).parity(flow, options, io)));

  program
    .command('up')
    .description('build a lab and keep it up, captures being written, until callpath down or Ctrl-C')
    .argument('<topology>', '*.lab.yaml file')
    .requiredOption('--on <substrate>', 'netns or docker')
    .option(...WITH)
    .option('--seed <number>', 'seed of all random numbers', '1')
    .option('--out <folder>', 'where the capture goes', 'captures')
    .action(async (topology: string, options) => exit(await (await import('./commands/up.js')).up(topology, options, io)));

  program
    .command('status')
    .description('nodes and links of a lab that is up')
    .option(...JSON_OUT)
    .option(...LAB)
    .action(async (options) => exit(await (await import('./commands/live.js')).status(options, io)));

  program
    .command('call')
    .description('in a lab that is up: one user calls another; both are signed in first')
    .argument('<from>', 'a user')
    .argument('<to>', 'a user')
    .option(...LAB)
    .action(async (from: string, to: string, options) => exit(await (await import('./commands/live.js')).call(from, to, options, io)));

  program
    .command('hang-up')
    .description('in a lab that is up: end the calls of a user')
    .argument('<user>', 'a user')
    .option(...LAB)
    .action(async (user: string, options) => exit(await (await import('./commands/live.js')).hangUp(user, options, io)));

  program
    .command('link')
    .description('in a lab that is up: change a link')
    .command('set')
    .description('up, down, or words of netem for both directions')
    .argument('<name>', 'a link or a link group')
    .argument('<words...>', 'such as: down, up, loss 5%, delay 20ms 5ms')
    .option(...LAB)
    .action(async (name: string, words: string[], options) => exit(await (await import('./commands/live.js')).setLink(name, words, options, io)));

  program
    .command('exec')
    .description('in a lab that is up: run a command in a node: on docker inside its container, on netns a program of this machine in its network')
    .argument('<node>', 'a node')
    .argument('<command...>', 'after --: the command and its arguments')
    .option('--machine-tools', 'on docker too: a program of this machine in the network of the node, such as tcpdump')
    .option(...LAB)
    .action(async (node: string, command: string[], options) => exit(await (await import('./commands/exec.js')).exec(node, command, options)));

  program
    .command('down')
    .description('take a lab down that is up; ends when nothing of it is left. Without --lab: one that was started in this folder')
    .option(...LAB)
    .action(async (options) => exit(await (await import('./commands/live.js')).down(options, io)));

  program
    .command('compose')
    .description('print a Compose file that runs a topology in containers')
    .argument('<topology>', '*.lab.yaml file, by its path from the folder of the Compose file')
    .option('--flow <flow>', 'a flow that the lab runs: an id or a *.flow.yaml file; may stand more than once. Without: those that come with the product', each)
    .action(async (topology: string, options) => exit(await (await import('./commands/compose.js')).compose(topology, options, io)));

  program
    .command('errors')
    .description('what the error codes mean and how to mend the trouble; without a code: all, as Markdown')
    .argument('[code]', 'such as FLOW_UNKNOWN')
    .action(async (code: string | undefined) => exit(await (await import('./commands/errors.js')).errors(code, io)));

  program
    .command('schema')
    .description('print the JSON Schema of the files that people write, for editors')
    .argument('[of]', 'topology, flow or experiment', 'topology')
    .action(async (of: string) => exit(await (await import('./commands/schema.js')).schema(of, io)));

  return program;
}

/** Where there is no terminal, commander's own width. */
function helpWidth({ isTTY, columns = 0 }: Screen): number {
  return isTTY === true && columns > 0 ? columns : 80;
}
