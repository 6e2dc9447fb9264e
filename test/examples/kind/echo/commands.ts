/**
 * What an `echo` node can be asked.
 * @module
 */
import { z } from 'zod';
import { command, NOTHING } from '../../../../src/roles/commands.js';

const probing = z.strictObject({ to: z.string(), port: z.int(), datagrams: z.int().min(1) });

export const echoCommands = {
  count: command('how many datagrams it sent back, and their octets', NOTHING, z.strictObject({ datagrams: z.int(), octets: z.int() })),
  probe: command(
    'sends datagrams to another Echo server, one after the other; what came back, and the shortest round trip in nanoseconds',
    probing,
    z.strictObject({ answered: z.int(), roundTrip: z.int().nullable() }),
  ),
};
