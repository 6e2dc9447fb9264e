/**
 * `outage: { node: hq-lan, for: 2s }`: a node is not there for a while, as when it is started anew.
 * @module
 */
import { z } from 'zod';
import { unknownNames } from '../../../src/scenario/description/faults.js';
import { duration, name, time } from '../../../src/scenario/description/fields.js';
import { DONE, stepKind } from '../../../src/scenario/steps/step-kind.js';

export const outage = stepKind({
  key: 'outage',
  schema: z.strictObject({ node: name, for: duration }),
  form: '{ node, for }',
  doc: 'all links of a node are down for that long, then up again',
  read: (raw) => ({ node: raw.node, time: time(raw.for) }),
  actors: () => [],
  fit(step, plan) {
    const known = plan.nodes.map((one) => one.name);
    return unknownNames('FLOW_STEP', [step.node], known, step.src, (it) => `the topology ${plan.name} has no node "${it}"`);
  },
  lasts: (step) => step.time,
  async play(step, { plan, lab, time: clock }) {
    const links = plan.links.filter(({ ends }) => ends.some(({ nodeName }) => nodeName === step.node));
    for (const { id } of links) lab.links.set(id, 'both', { up: false });
    await clock.sleep(step.time);
    for (const { id } of links) lab.links.set(id, 'both', { up: true });
    return DONE;
  },
});
