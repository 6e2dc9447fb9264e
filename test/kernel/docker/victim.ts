/**
 * A process that builds a lab of containers, closes it, and begins anew: to be killed at any moment. With a second
 * argument `once` it does so once, and ends with 3 when the lab could not go on.
 */
import { LabError } from '../../../src/base/error.js';
import { createDocker } from '../../../src/substrate/docker/docker.js';
import { buildLab, planOf } from '../support.js';

const TOPOLOGY = `
name: victim
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    sw: { kind: bridge, organisation: lab, segment: customer, prefixes: [192.0.2.0/24] }
    ns: { kind: dns, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.3/24] } }
    st: { kind: stun, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.4/24] } }
  links:
    - { name: ns-sw, segment: customer, endpoints: ["ns:eth0", "sw:p1"] }
    - { name: st-sw, segment: customer, endpoints: ["st:eth0", "sw:p2"] }
zones:
  lab.example: { servers: [ns], records: { a: { A: ns } } }
`;

const [image = '', how] = process.argv.slice(2);
const substrate = createDocker({ image });
try {
  do {
    process.stdout.write('building\n');
    const { finish } = await buildLab(substrate, planOf(TOPOLOGY));
    (await finish()).close();
  } while (how !== 'once');
} catch (error) {
  if (!LabError.is(error)) throw error;
  process.exitCode = error.exitCode;
}
