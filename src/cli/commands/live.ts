/**
 * Commands for a lab that is up: `call`, `link set`, `exec`, `status`, `down`.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { LabError } from '../../base/error.js';
import { table } from '../../report/table.js';
import { ExitCode, print } from '../exit.js';
import { ask } from '../live/client.js';
import { theLab } from '../live/state.js';

export interface LiveOptions {
  readonly lab?: string;
}

export async function call(from: string, to: string, options: LiveOptions): Promise<void> {
  const result = (await ask(theLab(options.lab), { do: 'call', from, to })) as { answered: boolean; status: number; reason: string };
  print(result.answered ? `${from} talks to ${to}; end it with: callpath hang-up ${from}` : `${to} did not answer: ${result.status} ${result.reason}`);
  process.exitCode = result.answered ? ExitCode.Documented : ExitCode.Differs;
}

export async function hangUp(node: string, options: LiveOptions): Promise<void> {
  await ask(theLab(options.lab), { do: 'role', node, command: 'hang-up', argument: {} });
  print(`${node} hung up`);
}

export async function setLink(name: string, words: readonly string[], options: LiveOptions): Promise<void> {
  const { links, set } = (await ask(theLab(options.lab), { do: 'link', name, set: words.join(' ') })) as { links: string[]; set: string };
  print(`${links.join(', ')}: ${set}`);
}

/** Runs a command inside a node, on this terminal. Exits as it does. */
export async function exec(node: string, command: readonly string[], options: LiveOptions): Promise<void> {
  const prefix = (await ask(theLab(options.lab), { do: 'enter', node })) as string[];
  const [program = '', ...rest] = [...prefix, ...command];
  const result = spawnSync(program, rest, { stdio: 'inherit' });
  if (result.error !== undefined) throw new LabError('CLI_USAGE', `can't run ${program}: ${result.error.message}`, { cause: result.error });
  process.exitCode = result.status ?? ExitCode.LabFailed;
}

interface Status {
  readonly topology: string;
  readonly time: number;
  readonly nodes: readonly { readonly name: string; readonly kind: string }[];
  readonly links: readonly { readonly name: string; readonly group: string; readonly ends: readonly string[]; readonly packets: readonly number[] }[];
}

export async function status(options: LiveOptions): Promise<void> {
  const lab = (await ask(theLab(options.lab), { do: 'status' })) as unknown as Status;
  print(`${lab.topology}, up for ${(lab.time / 1e9).toFixed(0)} s`);
  print(table([['node', 'kind'], ...lab.nodes.map((node) => [node.name, node.kind])], '  '));
  print(table([['link', 'ends', 'packets there', 'back'], ...lab.links.map((link) => [link.name, link.ends.join(' '), ...link.packets.map(String)])], '  '));
}

export async function down(options: LiveOptions): Promise<void> {
  const lab = theLab(options.lab);
  await ask(lab, { do: 'down' });
  print(`${lab} goes down`);
}
