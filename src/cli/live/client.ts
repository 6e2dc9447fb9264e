/**
 * One request to a lab that is up.
 * @module
 */
import { createConnection } from 'node:net';
import { LabError } from '../../base/error.js';
import type { Json } from '../../roles/role.js';
import { LineSplitter } from './protocol.js';
import type { LiveAnswer, LiveRequest } from './protocol.js';
import { forget, socketOf } from './state.js';

/** Errors: the lab's own, and LAB_INTERRUPTED when it went down before it answered. */
export function ask(lab: string, request: LiveRequest): Promise<Json> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketOf(lab));
    const lines = new LineSplitter();
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      for (const line of lines.push(chunk)) {
        const answer = JSON.parse(line) as LiveAnswer;
        socket.end();
        if ('ok' in answer) resolve(answer.ok);
        else reject(LabError.fromJSON(answer.error));
      }
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      // The socket of a lab that was killed: nobody listens any more.
      if (cause.code === 'ECONNREFUSED') forget(lab);
      reject(new LabError('CLI_USAGE', `the lab "${lab}" is not up`, { hint: 'start it: callpath up TOPOLOGY --on netns', cause }));
    });
    socket.on('close', () => {
      reject(new LabError('LAB_INTERRUPTED', `the lab "${lab}" went down before it answered`));
    });
  });
}
