import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../base/error.js';
import type { Json } from '../../../roles/role.js';
import { parseFromRole } from './frame.js';
import { LineReader } from './line-reader.js';
import { RpcServer, type RpcService } from './rpc-server.js';

class Echo implements RpcService {
  start = (argument: Json): Promise<Json> => Promise.resolve({ began: argument });
  call(command: string, argument: Json): Promise<Json> {
    if (command === 'fail') return Promise.reject(new LabError('ROLE_COMMAND', 'no'));
    if (command === 'slip') return Promise.reject(new TypeError('oops'));
    if (command === 'live') return Promise.resolve({ when: new Map() } as unknown as Json);
    return Promise.resolve(argument);
  }
  waiting = (): [{ who: string; what: string }] => [{ who: 'a', what: 'rain' }];
  stop = (): Promise<void> => Promise.resolve();
}

function served(): { input: PassThrough; output: string[]; ended: string[]; garbage: string[]; server: RpcServer; until: (n: number) => Promise<void> } {
  const input = new PassThrough();
  const output: string[] = [];
  const ended: string[] = [];
  const garbage: string[] = [];
  let wake: () => void = () => undefined;
  const lines = new LineReader((line) => {
    output.push(line);
    wake();
  });
  const server = new RpcServer({
    input,
    write: (bytes) => lines.push(bytes),
    service: new Echo(),
    onEnd: () => ended.push('end'),
    onGarbage: (line) => garbage.push(line),
  });
  const until = async (n: number): Promise<void> => {
    while (output.length < n) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { input, output, ended, garbage, server, until };
}

describe("the role's end", () => {
  it('serves what it is asked, each as it is done, and answers by number', async () => {
    const { input, output, until } = served();
    input.write('{"id":1,"start":{"x":1}}\n{"id":2,"call":"echo","argument":[1]}\n{"id":3,"ask":"wai');
    input.write('ting"}\n{"id":4,"stop":true}\n');
    await until(4);
    expect(output.sort().map((line) => parseFromRole(line))).toEqual([
      { id: 1, ok: { began: { x: 1 } } },
      { id: 2, ok: [1] },
      { id: 3, ok: [{ who: 'a', what: 'rain' }] },
      { id: 4, ok: null },
    ]);
  });

  it("errors are answers: the command's own, a mistake in code, a result that is no plain data", async () => {
    const { input, output, until } = served();
    input.write('{"id":1,"call":"fail","argument":null}\n{"id":2,"call":"slip","argument":null}\n{"id":3,"call":"live","argument":null}\n');
    await until(3);
    expect(output.sort().map((line) => parseFromRole(line))).toMatchObject([
      { id: 1, error: { code: 'ROLE_COMMAND', message: 'no' } },
      { id: 2, fault: { name: 'TypeError', message: 'oops' } },
      { id: 3, error: { code: 'ROLE_COMMAND', message: '"when" is a live Map: it cannot leave its process' } },
    ]);
  });

  it('tells between answers; garbage and the end are reported', async () => {
    const { input, output, server, garbage, ended } = served();
    server.tell({ event: 'ringing', at: 5 as never, data: null });
    expect(output).toEqual(['{"event":"ringing","at":5,"data":null}']);
    input.write('hello\n');
    input.end();
    await new Promise((resolve) => input.once('end', resolve));
    expect([garbage, ended]).toEqual([['hello'], ['end']]);
  });
});
