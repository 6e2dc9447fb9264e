/**
 * Configuration of a `router` node.
 * @module
 */
import { z } from 'zod';
import { routerQuirks } from '../quirks.js';

export const routerConfig = z.strictObject({
  quirks: routerQuirks.optional().describe('what it does wrong with what it forwards; such a router is emulated on every substrate'),
});

export type RouterConfig = z.output<typeof routerConfig>;
