/**
 * Entry point of the process of one node: `node dist/substrate/kernel/role/main.js`, frames on stdin and stdout
 * (rpc/frame.ts), messages for people on stderr. It lives exactly as long as its stdin: nothing of a lab may outlive
 * it, however the lab ended.
 * @module
 */
import { Console } from 'node:console';
import type { Told } from '../rpc/frame.js';
import { RpcServer } from '../rpc/rpc-server.js';
import { RoleService } from './role-service.js';

/** Of sysexits.h: the input was not what was expected. */
const EX_DATAERR = 65;

// stdout belongs to the frames: whatever else would be written there goes where people look.
const frames = process.stdout.write.bind(process.stdout) as (bytes: Uint8Array) => boolean;
process.stdout.write = process.stderr.write.bind(process.stderr);
globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });
// Who read the frames is gone, and with it the lab.
process.stdout.on('error', () => {
  process.exit(0);
});

function crash(error: unknown): void {
  // Outside every promise, so that Node reports it with its stack and ends the process.
  setImmediate(() => {
    throw error;
  });
}

const service = new RoleService((told: Told) => {
  server.tell(told);
}, crash);

const server = new RpcServer({
  input: process.stdin,
  write: frames,
  service,
  onEnd: () => {
    service.flush();
    process.exit(0);
  },
  onGarbage: (line) => {
    process.stderr.write(`not a frame of a lab: ${line.slice(0, 200)}\n`);
    process.exit(EX_DATAERR);
  },
});
