/**
 * A topology as a Compose file: a service per node, none of which has a network of Docker's own, and one that wires
 * them, emulates those that no kernel can be, runs the flows, writes the captures and exits with the verdict. Pure: a
 * plan becomes text.
 *
 * The file keeps to what `docker compose` and docker-compose 1.29 both read: no `version`, no key newer than the
 * Compose specification of early 2021.
 * @see https://github.com/compose-spec/compose-spec/blob/main/spec.md
 * @example
 * writeFileSync('docker-compose.yml', composeFile(plan, { topology: 'topologies/contoso.lab.yaml' }));
 * @module
 */
import { posix } from 'node:path';
import { LabError } from '../../base/error.js';
import type { Plan, PlanNode } from '../../topology/plan.js';
import { COMPOSE_VARIABLE, IMAGE, IMAGE_VARIABLE, LABEL } from './vocabulary.js';

export interface ComposeOptions {
  /** Path of the topology file, relative to the folder of the Compose file. */
  readonly topology: string;
  /** Flows that the lab runs, by id or by the path of the file, relative as the topology's; none = all that the image knows. */
  readonly flows?: readonly string[];
  /** Folder of the product, in which the image is built; absent: that of the Compose file. */
  readonly context?: string;
}

/** Where the lab's container has the folders that it reads, each in its place. */
const MOUNTED = '/topology';
/** What a service's name may be; Compose allows no more. */
const SERVICE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
/** Of these, the ones that YAML reads as text without quotes. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-zA-Z][a-zA-Z0-9_-]*$/i;

/** Errors: TOPOLOGY_REFERENCE for a node whose name no service can have; CLI_USAGE for a topology that Compose can't mount. */
export function composeFile(plan: Plan, options: ComposeOptions): string {
  const lab = orchestratorName(plan);
  const nodes = plan.nodes.filter((node) => node.emulated !== true);
  return [
    ...head(options, lab),
    ...common(options.context ?? '.'),
    'services:',
    ...nodes.flatMap((node) => ['', ...nodeService(plan, node)]),
    '',
    ...orchestrator(plan, nodes, lab, options),
    '',
  ].join('\n');
}

/** `lab`, or the first free name after it. */
export function orchestratorName(plan: Plan): string {
  const taken = new Set(plan.nodes.map((node) => node.name));
  let name = 'lab';
  for (let number = 2; taken.has(name); number++) name = `lab-${number}`;
  return name;
}

function head({ topology, flows = [], context }: ComposeOptions, lab: string): readonly string[] {
  const named = flows.map((flow) => ` --flow ${flow}`).join('');
  const images = context === undefined ? 'lab/images' : posix.join(context, 'lab/images');
  return [
    `# ${topology} as containers. Made from it by the next line; change the topology, not this file:`,
    `#   callpath compose ${topology}${named} > docker-compose.yml`,
    '#',
    '# Run it, with `docker compose` or docker-compose. Captures are left in captures/; the exit code is the verdict:',
    `#   docker compose up --abort-on-container-exit --exit-code-from ${lab}; docker compose down`,
    '#',
    '# The image is built at the first run, on a public Node image. Where no registry can be reached, build it before:',
    `#   node ${images}/build-scratch.mjs`,
    '',
  ];
}

function common(context: string): readonly string[] {
  return [
    'x-image: &image',
    `  image: \${${IMAGE_VARIABLE}:-${IMAGE}}`,
    '  build:',
    `    context: ${JSON.stringify(context)}`,
    '    dockerfile: lab/images/Dockerfile',
    '    args:',
    '      BASE: ${CALLPATH_BASE:-node:22-bookworm-slim}',
    '',
    '# A node holds still: the lab plugs links into its network and starts its role. It can change nothing of that itself.',
    'x-node: &node',
    '  <<: *image',
    '  entrypoint: [sleep, infinity]',
    '  init: true',
    '  network_mode: none',
    '  user: "65534:65534"',
    '  read_only: true',
    '  cap_drop: [ALL]',
    '  security_opt: ["no-new-privileges:true"]',
    '',
  ];
}

function nodeService(plan: Plan, node: PlanNode): readonly string[] {
  if (!SERVICE_NAME.test(node.name)) {
    throw new LabError('TOPOLOGY_REFERENCE', `"${node.name}" can't be the name of a Compose service`, {
      where: node.src,
      expected: 'letters, digits, ".", "_" and "-", a letter or digit first',
    });
  }
  const name = scalar(node.name);
  return [`  ${name}:`, '    <<: *node', `    hostname: ${name}`, `    labels: {${LABEL.lab}: ${scalar(plan.name)}, ${LABEL.node}: ${name}}`];
}

function orchestrator(plan: Plan, nodes: readonly PlanNode[], lab: string, options: ComposeOptions): readonly string[] {
  const flows = options.flows ?? [];
  const folders = foldersToRead(plan, options.topology, flows.filter(isFile));
  const named = flows.map((flow) => (isFile(flow) ? `${MOUNTED}/${flow}` : flow));
  const command = ['run', ...named, '--on', 'docker', '--topology', `${MOUNTED}/${options.topology}`, '--out', '/captures'];
  return [
    '  # Wires the nodes: it enters their network namespaces by process id, makes devices there, sets addresses and routes.',
    "  # With the daemon's socket and the machine's processes it is as good as root on the machine: run it where that is meant.",
    `  ${lab}:`,
    '    <<: *image',
    `    command: [${command.map(scalar).join(', ')}]`,
    `    environment: {${COMPOSE_VARIABLE}: ${scalar(plan.name)}}`,
    '    network_mode: none',
    '    pid: host',
    '    cap_add: [NET_ADMIN, SYS_ADMIN, SYS_PTRACE]',
    '    security_opt: ["apparmor=unconfined", "label=disable"]',
    '    devices: [/dev/net/tun]',
    '    volumes:',
    "      # Settings of the nodes' networks, which Docker makes unwritable in a container's own /proc.",
    '      - /proc:/host/proc',
    '      - ${DOCKER_SOCKET:-/var/run/docker.sock}:/var/run/docker.sock',
    ...folders.map((folder) => `      - ${scalar(`./${folder}:${posix.join(MOUNTED, folder)}:ro`)}`),
    '      - ./captures:/captures',
    '    depends_on:',
    ...nodes.map((node) => `      - ${scalar(node.name)}`),
  ];
}

/** Of flows that are named, those that are files and no ids. */
function isFile(flow: string): boolean {
  return /[./]/.test(flow);
}

/** Of the topology, of the rule files that it names and of flows, relative to the Compose file's; none twice, none within another. */
function foldersToRead(plan: Plan, topology: string, flows: readonly string[]): readonly string[] {
  const base = posix.dirname(topology);
  const refuseOutside = (path: string): void => {
    if (!posix.isAbsolute(path) && !posix.normalize(path).startsWith('..')) return;
    throw new LabError('CLI_USAGE', `${path} does not lie below the folder of the Compose file`, {
      expected: 'a relative path, such as topologies/contoso.lab.yaml',
    });
  };
  const rules = plan.nodes.flatMap(({ firewall }) => {
    // The plan's paths are those of where it was made: what stays the same is how the one file lies to the other.
    const { ruleset, src } = firewall ?? { ruleset: null, src: null };
    return ruleset?.files.map((file) => posix.join(base, posix.relative(posix.dirname(src.file), file))) ?? [];
  });
  for (const path of [topology, ...rules, ...flows]) refuseOutside(path);
  const folders = [...new Set([topology, ...rules, ...flows].map((path) => posix.normalize(posix.dirname(path))))];
  return folders.filter((folder) => !folders.some((other) => other !== folder && (other === '.' || folder.startsWith(`${other}/`))));
}

/** Text as YAML and Compose both take it for what it is: a dollar sign would begin a variable. */
function scalar(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text.replaceAll('$', '$$$$'));
}
