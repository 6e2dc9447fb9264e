/**
 * What a scenario may ask of a client.
 * @module
 */
import { z } from 'zod';
import { WORKLOADS } from '../../base/workload.js';
import { command, NOTHING } from '../commands.js';

const address = z.string().describe('the address of a user, such as alice@contoso.example');

/** What became of a call. `status` and `reason` are those of the final response. */
export const callResult = z.strictObject({ answered: z.boolean(), status: z.int(), reason: z.string() });

const count = z.int();
/** Nanoseconds. */
const time = z.number();

/** Of one stream of a call, as `MediaStats` has it. */
const streamStatistics = z.strictObject({
  peer: z.string(),
  mid: z.string(),
  kind: z.string(),
  workload: z.enum(WORKLOADS),
  sent: z.strictObject({ ssrc: count, packets: count, octets: count }),
  received: z.array(z.strictObject({ ssrc: count, packets: count, octets: count, lost: count, duplicates: count, reordered: count, jitter: time })).readonly(),
  remote: z.strictObject({ at: time, lost: count, fractionLost: z.number(), jitter: time, roundTrip: time.nullable() }).nullable(),
  bye: z.string().nullable(),
  refused: z.record(z.string(), count).readonly(),
});

export const clientCommands = {
  'sign-in': command(
    'finds the sign-in server by DNS and registers at the home of the user',
    NOTHING,
    z.strictObject({ server: z.string(), port: z.int(), via: z.string() }),
  ),
  'sign-out': command('removes the registration', NOTHING, NOTHING),
  call: command('calls a user; done when media flows or the call was refused', z.strictObject({ to: address }), callResult),
  'hang-up': command('ends all calls, also one that is not answered yet', NOTHING, NOTHING),
  mute: command('sends no sound in any call: no RTP at all, as with silence suppression', NOTHING, NOTHING),
  unmute: command('sends sound again', NOTHING, NOTHING),
  message: command('sends an instant message', z.strictObject({ to: address, text: z.string() }), z.strictObject({ status: z.int(), reason: z.string() })),
  statistics: command('what was sent and received, per stream of each call', NOTHING, z.array(streamStatistics)),
};
