/**
 * Foreign programs need a kernel to run on, or a container engine: which substrate has which.
 * @module
 */
import { LabError } from '../base/error.js';
import type { ProgramForm, RoleKind } from '../roles/role.js';
import type { Plan } from '../topology/plan.js';

const RUN_ON: Readonly<Record<ProgramForm, string>> = { process: 'netns', container: 'docker' };

/**
 * Refuses a plan with programs that the substrate cannot run. Errors: TOPOLOGY_SUBSTRATE, with the place of the node.
 * @param forms what it can run
 */
export function refusePrograms(plan: Plan, kinds: ReadonlyMap<string, RoleKind>, substrate: string, forms: readonly ProgramForm[]): void {
  for (const node of plan.nodes) {
    const form = kinds.get(node.kind)?.program;
    if (form === undefined || forms.includes(form)) continue;
    throw new LabError('TOPOLOGY_SUBSTRATE', `${node.name} is a ${node.kind}, which cannot run on ${substrate}`, {
      where: node.src,
      expected: form === 'process' ? 'the kernel of this machine' : 'a Docker daemon',
      hint: `callpath run FLOW --on ${RUN_ON[form]}`,
    });
  }
}
