/**
 * Configuration of a `stun` node.
 * @module
 */
import { z } from 'zod';

export const stunConfig = z.strictObject({
  port: z.int().min(1).max(65535).default(3478).describe('UDP port on every address of the node'),
});
