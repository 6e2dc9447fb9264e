/**
 * Configuration of a front end.
 * @module
 */
import { z } from 'zod';

export const frontEndConfig = z.strictObject({
  domains: z.array(z.string()).min(1).describe('SIP domains that it serves'),
  ports: z.array(z.int().min(1).max(65535)).min(1).default([5061]).describe('TCP ports that it listens on with TLS'),
  digest: z
    .array(z.enum(['SHA-256', 'MD5']))
    .min(1)
    .default(['SHA-256', 'MD5'])
    .describe('digest algorithms that its challenges offer, the preferred one first (RFC 8760); [MD5] for phones that know no other'),
});

export type FrontEndConfig = z.infer<typeof frontEndConfig>;
