/**
 * Configuration of a front end.
 * @module
 */
import { z } from 'zod';

export const frontEndConfig = z.strictObject({
  domains: z.array(z.string()).min(1).describe('SIP domains that it serves'),
  ports: z.array(z.int().min(1).max(65535)).min(1).default([5061]).describe('TCP ports that it listens on with TLS'),
});

export type FrontEndConfig = z.infer<typeof frontEndConfig>;
