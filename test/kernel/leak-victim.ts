/**
 * A process that builds a lab on kernels, lets traffic run, closes it, and begins anew: to be killed at any moment. With
 * the argument `once` it does so once, and ends with 3 when the lab could not go on.
 */
import { LabError } from '../../src/base/error.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { buildLab, echoScript, inNode, planOf, roundTripScript, startInNode } from './support.js';

const TOPOLOGY = `
name: victim
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    sw: { kind: bridge, organisation: lab, segment: customer, prefixes: [192.0.2.0/24] }
    ns: { kind: dns, organisation: lab, segment: customer, addresses: { leak0: [192.0.2.3/24] } }
    st: { kind: stun, organisation: lab, segment: customer, addresses: { leak1: [192.0.2.4/24] } }
    # A program of somebody else, with a process that leaves its session; it inherits no environment, so the mark is given.
    pr: { kind: process, organisation: lab, segment: customer, addresses: { leak3: [192.0.2.5/24] }, config: { command: [sh, -c, "setsid sleep 1000 & echo up; wait"], ready: { output: up }, env: { CALLPATH_LEAK_TEST: "${process.env['CALLPATH_LEAK_TEST'] ?? ''}" } } }
    r: { kind: router, organisation: lab, segment: customer, addresses: { leak2: [192.0.2.1/24] } }
  links:
    - { name: ns-sw, segment: customer, endpoints: ["ns:leak0", "sw:leak4"] }
    - { name: st-sw, segment: customer, endpoints: ["st:leak1", "sw:leak5"] }
    - { name: pr-sw, segment: customer, endpoints: ["pr:leak3", "sw:leak7"] }
    - { name: r-sw, segment: customer, endpoints: ["r:leak2", "sw:leak6"], impairments: delay 2ms }
zones:
  lab.example: { servers: [ns], records: { a: { A: ns } } }
`;

const once = process.argv[2] === 'once';
const substrate = createNetns();
try {
  do {
    process.stdout.write('building\n');
    const { lab, finish } = await buildLab(substrate, planOf(TOPOLOGY));
    process.stdout.write('built\n');
    // What a test starts in a node is its own: it must see to its end itself.
    const bound = ['setpriv', '--pdeathsig', 'KILL'];
    const echo = await startInNode(lab, 'ns', ...bound, process.execPath, '-e', echoScript('192.0.2.3', 7));
    await inNode(lab, 'r', ...bound, process.execPath, '-e', roundTripScript('192.0.2.1', '192.0.2.3', 7, 50));
    await echo.stop();
    (await finish()).close();
    process.stdout.write('closed\n');
  } while (!once);
} catch (error) {
  if (!LabError.is(error)) throw error;
  process.exitCode = error.exitCode;
}
