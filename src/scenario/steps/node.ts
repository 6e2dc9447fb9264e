/**
 * `node: { name: hq-rt, set: down }`: all links of a node go down, or up again.
 * @module
 */
import { z } from 'zod';
import { unknownNames } from '../description/faults.js';
import { name } from '../description/fields.js';
import { DONE, stepKind } from './step-kind.js';

export const node = stepKind({
  key: 'node',
  schema: z.strictObject({ name, set: z.enum(['down', 'up']) }),
  form: '{ name, set }',
  doc: 'all links of a node, in both directions: `down` or `up`',
  read: (raw) => ({ node: raw.name, set: raw.set }),
  actors: () => [],
  fit(step, plan) {
    const known = plan.nodes.map((one) => one.name);
    return unknownNames('FLOW_STEP', [step.node], known, step.src, (it) => `the topology ${plan.name} has no node "${it}"`);
  },
  play(step, { plan, lab }) {
    const links = plan.links.filter(({ ends }) => ends.some(({ nodeName }) => nodeName === step.node));
    for (const { id } of links) lab.links.set(id, 'both', { up: step.set === 'up' });
    return Promise.resolve(DONE);
  },
});
