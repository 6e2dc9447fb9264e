/**
 * Configuration of a `stun` node.
 * @module
 */
import { z } from 'zod';

const port = z.int().min(1).max(65535);

export const stunConfig = z
  .strictObject({
    port: port.default(3478).describe('UDP port on every address of the node'),
    alternatePort: port
      .optional()
      .describe('second UDP port, for the tests of NAT behaviour of RFC 5780 and RFC 3489; the node needs two addresses of one family'),
  })
  .refine((config) => config.alternatePort !== config.port, { path: ['alternatePort'], error: 'another port than `port`' });
