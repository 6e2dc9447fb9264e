// lab/docs/flows.md: the steps and the expectations that there are.
import { STEPS } from '../../../dist/scenario/steps/table.js';
import { CHECKS } from '../../../dist/verify/checks/table.js';
import { table } from './table.mjs';

const file = 'lab/docs/flows.md';
const entry = ({ key, form, doc }) => [`\`${key}: ${form}\``, doc];

export const sections = [
  { file, name: 'steps', make: () => table(['step', 'what happens'], STEPS.map(entry)) },
  { file, name: 'expectations', make: () => table(['expectation', 'judged from'], CHECKS.map(entry)) },
];
