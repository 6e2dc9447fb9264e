// Commands of node kinds, for lab/docs/node-kinds.md.
import { KINDS } from '../../../dist/roles/kinds.js';
import { commandReference } from '../../../dist/roles/reference.js';

export const sections = [...commandReference(KINDS.values())].map(([name, text]) => ({
  file: 'lab/docs/node-kinds.md',
  name,
  make: () => `${text}\n`,
}));
