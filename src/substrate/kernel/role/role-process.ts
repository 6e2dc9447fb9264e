/**
 * The lab's side: a process for the role of a node.
 * @module
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { NodeId } from '../../../base/brand.js';
import { PACKAGE_ROOT } from '../../../base/package-root.js';
import type { Recorder } from '../../../capture/recorder.js';
import { type RoleListener, RpcClient } from '../rpc/rpc-client.js';

export interface RoleProcessOptions {
  readonly node: string;
  readonly listener: RoleListener;
  /** What the process is started through, as `setpriv --pdeathsig KILL nsenter ...`; its arguments end where `node` begins. */
  readonly wrapper?: readonly string[];
  /** The compiled main.js of this folder; by default that of the package. */
  readonly main?: string;
}

/** The command that runs a role, without wrapper. */
export function roleCommand(main: string = join(PACKAGE_ROOT, 'dist', 'substrate', 'kernel', 'role', 'main.js')): readonly string[] {
  return [process.execPath, '--enable-source-maps', main];
}

/** A fresh process; its role still has to be started. Trouble of the spawn comes from the first call. */
export function spawnRole(options: RoleProcessOptions): RpcClient {
  const [file, ...args] = [...(options.wrapper ?? []), ...roleCommand(options.main)];
  const child = spawn(file ?? process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  return new RpcClient(child, { node: options.node, listener: options.listener });
}

/** What roles tell, into the recorder of a run. */
export function recorderListener(recorder: Pick<Recorder, 'event' | 'secret' | 'srtpKey'>, node: NodeId, touch?: () => void): RoleListener {
  return {
    note(at, name, fields) {
      recorder.event(node, at, name, fields);
    },
    secret(at, secret) {
      if (secret.kind === 'tls') recorder.secret(secret.line);
      else recorder.srtpKey(node, at, { ...secret, key: fromHex(secret.key) });
    },
    ...(touch !== undefined && { touch }),
  };
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
