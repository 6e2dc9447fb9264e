// JSON Schemas of the files that people write, for editors.
import { FILE_SCHEMAS, schemaText } from '../../../dist/cli/commands/schema.js';

export const files = [...FILE_SCHEMAS].map(([of, { file }]) => ({ file, make: () => schemaText(of) }));
