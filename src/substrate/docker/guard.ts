/**
 * A small process that outlives a killed lab by a moment: when its stdin ends, it removes the lab's containers that are
 * still there, and goes. Containers end by themselves when the lab's stream to them does; but one that was made and
 * not yet started has no stream, and would stay.
 * @module
 */
import { spawn } from 'node:child_process';
import { LABEL } from './vocabulary.js';

export interface Guard {
  /** No lab to guard any more. Idempotent. */
  dismiss(): void;
}

/**
 * By itself, so that it starts fast and runs from wherever this module is loaded. The daemon may still be making a
 * container that a killed lab has asked for: the list must be empty for a second before it is believed.
 */
const SCRIPT = `
const http = require('node:http');
const [socketPath, label] = process.argv.slice(1);
const ask = (method, path) => new Promise((resolve) => {
  const sent = http.request({ socketPath, method, path }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => { text += part; }).on('end', () => resolve(text));
  });
  // Without a daemon there are no containers.
  sent.on('error', () => resolve('[]'));
  sent.end();
});
const all = '/containers/json?all=1&filters=' + encodeURIComponent(JSON.stringify({ label: [label] }));
process.stdin.resume().on('end', async () => {
  for (let empty = 0; empty < 5; empty++) {
    const left = JSON.parse(await ask('GET', all));
    if (left.length > 0) empty = 0;
    await Promise.all(left.map(({ Id }) => ask('DELETE', '/containers/' + Id + '?force=1&v=1')));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});
`;

/** @param lab id of the lab, as its containers' label has it */
export function startGuard(socket: string, lab: string): Guard {
  // In a session of its own: what interrupts the lab from the terminal must not reach it.
  const child = spawn(process.execPath, ['-e', SCRIPT, socket, `${LABEL.lab}=${lab}`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // One that could not be started guards nothing; the next lab then finds what a killed one left.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    dismiss() {
      child.kill('SIGKILL');
    },
  };
}
