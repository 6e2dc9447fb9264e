/**
 * Commands for a lab that is up: `call`, `hang-up`, `link set`, `status`, `down`.
 * @module
 */
import { table } from '../../report/table.js';
import { ExitCode } from '../exit.js';
import { columns, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { ask, connect } from '../../library/live/client.js';

export interface LiveOptions {
  readonly lab?: string;
}

export async function call(from: string, to: string, options: LiveOptions, io: Io): Promise<ExitCode> {
  const result = await ask(options.lab, { do: 'call', from, to });
  print(io, result.answered ? `${from} talks to ${to}; end it with: callpath hang-up ${from}` : `${to} did not answer: ${result.status} ${result.reason}`);
  return result.answered ? ExitCode.Documented : ExitCode.Differs;
}

export async function hangUp(user: string, options: LiveOptions, io: Io): Promise<ExitCode> {
  await ask(options.lab, { do: 'hang-up', user });
  print(io, `${user} hung up`);
  return ExitCode.Documented;
}

export async function setLink(name: string, words: readonly string[], options: LiveOptions, io: Io): Promise<ExitCode> {
  const set = words.join(' ');
  const { links } = await ask(options.lab, { do: 'link', name, set });
  print(io, `${links.join(', ')}: ${set}`);
  return ExitCode.Documented;
}

export async function status(options: LiveOptions & { readonly json?: boolean }, io: Io): Promise<ExitCode> {
  const lab = await ask(options.lab, { do: 'status' });
  if (options.json === true) {
    print(io, JSON.stringify(lab, null, 2));
    return ExitCode.Documented;
  }
  const nodes = lab.nodes.map((node) => [node.name, node.kind, node.users.join(', '), node.failed === null ? '' : 'failed']);
  const links = lab.links.map((link) => [link.name, link.ends.join(' '), ...link.packets.map(String), link.set.join(', ')]);
  print(io, `${lab.topology}, up for ${(lab.time / 1e9).toFixed(0)} s`);
  print(io, table([['node', 'kind', 'users', ''], ...nodes], '  ', columns(io)));
  print(io, table([['link', 'ends', 'packets there', 'back', 'set'], ...links], '  ', columns(io)));
  const failed = lab.nodes.flatMap((node) => (node.failed === null ? [] : [node.failed]));
  for (const why of failed) printError(io, `LAB_ROLE_FAILED ${why}`);
  return failed.length === 0 ? ExitCode.Documented : ExitCode.LabFailed;
}

/** Settles when the lab is down: nothing of it is left then. */
export async function down(options: LiveOptions, io: Io): Promise<ExitCode> {
  const { lab, connection } = await connect(options.lab);
  // Whoever names no lab means one of their own folder.
  await connection.ask({ do: 'down', ...(options.lab === undefined && { folder: process.cwd() }) });
  await connection.ended;
  print(io, `${lab} is down`);
  return ExitCode.Documented;
}
