/**
 * Commands for a lab that is up: `call`, `hang-up`, `link set`, `status`, `down`.
 * @module
 */
import { table } from '../../report/table.js';
import { ExitCode, columns, print } from '../exit.js';
import { ask, connect } from '../live/client.js';
import type { LiveCall, LiveLinks, LiveStatus } from '../live/protocol.js';

export interface LiveOptions {
  readonly lab?: string;
}

export async function call(from: string, to: string, options: LiveOptions): Promise<void> {
  const result = (await ask(options.lab, { do: 'call', from, to })) as LiveCall;
  print(result.answered ? `${from} talks to ${to}; end it with: callpath hang-up ${from}` : `${to} did not answer: ${result.status} ${result.reason}`);
  process.exitCode = result.answered ? ExitCode.Documented : ExitCode.Differs;
}

export async function hangUp(user: string, options: LiveOptions): Promise<void> {
  await ask(options.lab, { do: 'hang-up', user });
  print(`${user} hung up`);
}

export async function setLink(name: string, words: readonly string[], options: LiveOptions): Promise<void> {
  const set = words.join(' ');
  const { links } = (await ask(options.lab, { do: 'link', name, set })) as unknown as LiveLinks;
  print(`${links.join(', ')}: ${set}`);
}

export async function status(options: LiveOptions): Promise<void> {
  const lab = (await ask(options.lab, { do: 'status' })) as unknown as LiveStatus;
  const nodes = lab.nodes.map((node) => [node.name, node.kind, node.users.join(', ')]);
  const links = lab.links.map((link) => [link.name, link.ends.join(' '), ...link.packets.map(String), link.set.join(', ')]);
  print(`${lab.topology}, up for ${(lab.time / 1e9).toFixed(0)} s`);
  print(table([['node', 'kind', 'users'], ...nodes], '  ', columns()));
  print(table([['link', 'ends', 'packets there', 'back', 'set'], ...links], '  ', columns()));
}

/** Settles when the lab is down: nothing of it is left then. */
export async function down(options: LiveOptions): Promise<void> {
  const { lab, connection } = await connect(options.lab);
  await connection.ask({ do: 'down' });
  await connection.ended;
  print(`${lab} is down`);
}
