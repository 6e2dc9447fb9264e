import { Duplex, type DuplexOptions } from 'node:stream';
import { expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import type { Endpoint, TcpStream } from '../../host/host.js';
import { TestHost, Wire } from './hosts.testkit.js';
import { TcpCarrier } from './tcp-carrier.js';

/** One end of a connection in memory: what is written arrives at the other in pieces of so many octets. */
class End extends Duplex implements TcpStream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  cause = 0 as Cause;
  because = 0 as Cause;
  other: End | null = null;
  readonly #piece: number;

  constructor(local: Endpoint, remote: Endpoint, piece: number, options: DuplexOptions = {}) {
    super(options);
    this.local = local;
    this.remote = remote;
    this.#piece = piece;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    const other = must(this.other, 'other end');
    for (let at = 0; at < chunk.length; at += this.#piece) {
      other.push(chunk.subarray(at, at + this.#piece));
    }
    done();
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }
}

function pair(piece: number): { a: End; b: End } {
  const host = new TestHost(new Wire(), 'alice', []);
  const [here, there] = [host.endpoint('192.0.2.1', 50_000), host.endpoint('192.0.2.2', 443)];
  const [a, b] = [new End(here, there, piece), new End(there, here, piece)];
  a.other = b;
  b.other = a;
  return { a, b };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each([1, 3, 4096])('datagrams arrive as they were sent, through pieces of %d octets, with the packet that completed them as cause', async (piece) => {
  const { a, b } = pair(piece);
  const heard: { bytes: number[]; from: Endpoint; cause: Cause }[] = [];
  const sender = new TcpCarrier(a, () => undefined);
  new TcpCarrier(b, (buf, off, len, from, cause) => heard.push({ bytes: [...buf.subarray(off, off + len)], from, cause }));
  b.cause = 77 as Cause;
  const rtp = Uint8Array.of(0xee, 0x80, 0, 0, 1, 0xee);
  sender.send(rtp, 1, 4, a.remote);
  sender.send(Uint8Array.of(1, 2), 0, 2, a.remote);
  await turn();
  expect(heard).toEqual([
    { bytes: [0x80, 0, 0, 1], from: b.remote, cause: 77 },
    { bytes: [1, 2], from: b.remote, cause: 77 },
  ]);
  expect([sender.local, sender.remote]).toEqual([a.local, a.remote]);
});

it('sends to its own peer only, and nothing after its close', async () => {
  const { a, b } = pair(100);
  let heard = 0;
  const sender = new TcpCarrier(a, () => undefined);
  new TcpCarrier(b, () => (heard += 1));
  sender.send(Uint8Array.of(1), 0, 1, a.local);
  sender.close();
  sender.send(Uint8Array.of(1), 0, 1, a.remote);
  sender.close();
  await turn();
  expect(heard).toBe(0);
});

it('tells once that the peer has closed', async () => {
  const { a, b } = pair(100);
  let closed = 0;
  const here = new TcpCarrier(
    a,
    () => undefined,
    () => (closed += 1),
  );
  const there = new TcpCarrier(b, () => undefined);
  there.close();
  await turn();
  a.destroy();
  await turn();
  expect(closed).toBe(1);
  here.close();
});
