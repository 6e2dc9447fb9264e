import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { emitStun, isMalformedStun, parseStun } from '../../protocol/stun/codec.js';
import { addressOf } from '../../protocol/stun/message.js';
import { TestHost, Wire } from '../media/hosts.testkit.js';
import type { RoleContext } from '../role.js';
import { stun } from './kind.js';
import { start } from './server.js';

const context = (config: unknown): RoleContext => ({ node: { config } }) as unknown as RoleContext;

describe('stun node', () => {
  it('answers on every address and both families from where it was asked, with the request as the cause', async () => {
    const wire = new Wire();
    await start(new TestHost(wire, 'stun', ['203.0.113.1', '2001:db8:ff::1']), context({ port: 3479 }));
    const client = new TestHost(wire, 'client', ['192.0.2.1', '2001:db8:1::1']);
    for (const [own, server] of [
      ['192.0.2.1', '203.0.113.1'],
      ['2001:db8:1::1', '2001:db8:ff::1'],
    ] as const) {
      const got: Uint8Array[] = [];
      const socket = await client.udp({ address: own, port: 5000 }, (b, o, n) => got.push(b.slice(o, o + n)));
      const request = emitStun({ class: 'request', method: 1, transaction: 'ab'.repeat(12), attributes: [] });
      socket.send(request, 0, request.length, client.endpoint(server, 3479));
      await wire.run(100);
      const packet = parseStun(must(got[0], 'answer'), 0, must(got[0], 'answer').length);
      if (isMalformedStun(packet)) throw new Error(packet.why);
      expect(addressOf(packet, 'xor-mapped-address')).toEqual({ address: own, port: 5000, family: own.includes(':') ? 6 : 4 });
      const answer = must(wire.crossings.at(-1), 'crossing');
      expect([
        answer.from,
        must(
          wire.crossings.find((c) => c.id === answer.cause),
          'cause',
        ).from,
      ]).toEqual([`${server}|3479`, `${own}|5000`]);
    }
  });

  it('drops what is no request, and says so', async () => {
    const wire = new Wire();
    await start(new TestHost(wire, 'stun', ['203.0.113.1']), context({ port: 3478 }));
    const client = new TestHost(wire, 'client', ['192.0.2.1']);
    const socket = await client.udp({ address: '192.0.2.1', port: 5000 }, () => undefined);
    socket.send(Uint8Array.of(1, 2, 3), 0, 3, client.endpoint('203.0.113.1', 3478));
    await wire.run(100);
    expect(wire.discards).toEqual([{ host: 'stun', cause: 1, reason: 'not-stun' }]);
  });

  it('with a second port and a second address it answers from where it is asked to (RFC 5780 section 6.1)', async () => {
    const wire = new Wire();
    await start(new TestHost(wire, 'stun', ['203.0.113.1', '203.0.113.2', '2001:db8:ff::1']), context({ alternatePort: 3479 }));
    const client = new TestHost(wire, 'client', ['192.0.2.1']);
    const socket = await client.udp({ address: '192.0.2.1', port: 5000 }, () => undefined);
    const asked = async (address: string, port: number, value: number): Promise<string | undefined> => {
      const request = emitStun({ class: 'request', method: 1, transaction: 'ab'.repeat(12), attributes: [{ name: 'change-request', value }] });
      socket.send(request, 0, request.length, client.endpoint(address, port));
      await wire.run(100);
      return wire.crossings.at(-1)?.from;
    };
    expect(await asked('203.0.113.1', 3478, 6)).toBe('203.0.113.2|3479');
    expect(await asked('203.0.113.2', 3479, 4)).toBe('203.0.113.1|3479');
    expect(await asked('203.0.113.2', 3479, 2)).toBe('203.0.113.2|3478');
  });

  it('RESPONSE-PORT: the answer goes to that port of who asked (RFC 5780 section 7.5)', async () => {
    const wire = new Wire();
    await start(new TestHost(wire, 'stun', ['203.0.113.1', '203.0.113.2']), context({ alternatePort: 3479 }));
    const client = new TestHost(wire, 'client', ['192.0.2.1']);
    const got: string[] = [];
    const socket = await client.udp({ address: '192.0.2.1', port: 5000 }, () => got.push('5000'));
    await client.udp({ address: '192.0.2.1', port: 5001 }, () => got.push('5001'));
    const request = emitStun({ class: 'request', method: 1, transaction: 'ab'.repeat(12), attributes: [{ name: 'response-port', value: 5001 }] });
    socket.send(request, 0, request.length, client.endpoint('203.0.113.1', 3478));
    await wire.run(100);
    expect(got).toEqual(['5001']);
  });

  it('with a second port and one address it does not start', async () => {
    const start_ = start(new TestHost(new Wire(), 'stun', ['203.0.113.1', '2001:db8:ff::1']), context({ alternatePort: 3479 }));
    await expect(start_).rejects.toMatchObject({ code: 'LAB_ROLE_FAILED', message: expect.stringContaining('two addresses') as string });
  });

  it('its configuration is a port, 3478 by default, and another one', () => {
    expect(stun.schema.parse({})).toEqual({ ok: true, value: { port: 3478 } });
    expect(stun.schema.parse({ alternatePort: 3479 })).toEqual({ ok: true, value: { port: 3478, alternatePort: 3479 } });
    expect(stun.schema.parse({ alternatePort: 3478 }).ok).toBe(false);
    expect(stun.schema.parse({ port: 0 }).ok).toBe(false);
    expect(stun.schema.parse({ prot: 3478 }).ok).toBe(false);
  });
});
