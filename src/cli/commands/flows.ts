/**
 * `callpath flows`: the documented flows.
 * @module
 */
import { print } from '../exit.js';
import { flowIds, loadFlow } from '../files.js';

export function flows(options: { json?: boolean }): void {
  const all = flowIds().map(loadFlow);
  if (options.json === true) {
    print(
      JSON.stringify(
        all.map(({ id, title, deployment, source, file, actors }) => ({ id, title, deployment, source, file, actors })),
        null,
        2,
      ),
    );
    return;
  }
  const width = Math.max(...all.map((flow) => flow.id.length));
  for (const flow of all) print(`${flow.id.padEnd(width)}  ${flow.title}`);
  print(`\n${all.length} flows; run one with: callpath run ${all[0]?.id ?? 'FLOW'}`);
}
