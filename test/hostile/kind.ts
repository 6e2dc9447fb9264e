/**
 * Node kind of the tests: speaks noise to every port that anybody of the lab may have open, for as long as the lab lives.
 */
import { LabError } from '../../src/base/error.js';
import { millis, seconds } from '../../src/base/time.js';
import type { Host } from '../../src/host/host.js';
import type { RoleContext, RoleKind, RoleServer } from '../../src/roles/role.js';
import { zodConfigSchema } from '../../src/topology/config-schema.js';
import { z } from 'zod';
import { noise, targetsOf } from './noise.js';

const BETWEEN = millis(100);

async function start(host: Host, { node, plan }: RoleContext): Promise<RoleServer> {
  const { addresses, udp, tcp } = targetsOf(plan, node.name);
  const socket = await host.udp({ address: host.addresses[0] ?? '', port: 0 }, () => undefined);
  let stopped = false;
  let round = 0;
  const speak = (): void => {
    if (stopped) return;
    for (const address of addresses) {
      const bytes = noise(host.random);
      socket.send(bytes, 0, bytes.length, host.endpoint(address, udp[round % udp.length] ?? 0));
    }
    void connect(addresses[round % addresses.length] ?? '', tcp[round % tcp.length] ?? 0);
    round++;
    host.after(BETWEEN, speak);
  };
  const connect = async (address: string, port: number): Promise<void> => {
    try {
      const stream = await host.connect({ to: host.endpoint(address, port), timeout: seconds(2) });
      stream.on('error', () => undefined).resume();
      for (let pieces = host.random.below(4); pieces >= 0; pieces--) stream.write(noise(host.random));
      host.after(seconds(0.5), () => {
        stream.destroy();
      });
    } catch (error) {
      if (!LabError.is(error)) throw error;
    }
  };
  host.after(BETWEEN, speak);
  return {
    call: () => Promise.resolve(null),
    stop: () => {
      stopped = true;
      socket.close();
      return Promise.resolve();
    },
  };
}

export const hostile: RoleKind = {
  kind: 'hostile',
  summary: 'speaks noise to every port',
  traits: { is: 'equipment' },
  forwards: false,
  bridge: false,
  schema: zodConfigSchema(z.strictObject({})),
  commands: {},
  load: () => Promise.resolve({ start }),
};
