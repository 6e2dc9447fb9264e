/**
 * Configuration of an `echo` node.
 * @module
 */
import { z } from 'zod';

export const echoConfig = z.strictObject({
  port: z.int().min(1).max(65535).default(7).describe('UDP port on every address of the node'),
});
