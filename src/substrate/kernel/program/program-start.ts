/**
 * From a node of the plan to what is started: variables filled in, files read.
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { must } from '../../../base/assert.js';
import { LabError } from '../../../base/error.js';
import type { LabPki } from '../../../protocol/pki/lab-pki.js';
import type { ContainerConfig } from '../../../roles/container/config.js';
import { type FileContent, PLACEHOLDER, type ProcessConfig, type ProgramVariable } from '../../../roles/process/config.js';
import type { Plan, PlanNode } from '../../../topology/plan.js';

export interface ProgramFile {
  /** From the program's folder, or absolute in a container. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** All that a ground needs to start a program. */
export interface ProgramStart {
  /** Null: the image's own. */
  readonly entrypoint: readonly string[] | null;
  /** Null: what the image says. */
  readonly command: readonly string[] | null;
  /** All that it finds in its environment, but for PATH. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly ProgramFile[];
  /** Folder of its files. */
  readonly folder: string;
  readonly workdir: string;
  /** Text of its /etc/resolv.conf. */
  readonly resolvConf: string;
  readonly image: string | null;
}

/**
 * Folder of a program's files, as it sees it. /dev/shm is the one folder that every Linux has and that is no disk; a
 * tmpfs of the node's own is laid over it.
 */
const FOLDER = { process: '/dev/shm/callpath', container: '/lab' } as const;

/** In the program's folder: what the lab lays in beside the node's own files. */
const LAB_FILES = '.lab';

/**
 * Errors: FILE_NOT_FOUND for a file that is to be copied, LAB_ROLE_FAILED for a variable that the node lacks.
 */
export function programStart(node: PlanNode, config: ProcessConfig | ContainerConfig, lab: { readonly plan: Plan; readonly pki: LabPki }): ProgramStart {
  const folder = FOLDER['image' in config ? 'container' : 'process'];
  const variables = variablesOf(node, lab.plan, folder);
  const fill = (text: string): string => text.replaceAll(PLACEHOLDER, (_all, name: string) => variables[name as ProgramVariable] ?? lacking(node, name));
  const files = Object.entries(config.files).map(([path, content]) => ({ path, bytes: bytesOf(node, content, lab.plan, fill) }));
  const { certificate, key } = must(lab.pki.identities.get(node.name), `certificate of ${node.name}`);
  const own = { ca: lab.pki.ca, certificate, key, identity: `${certificate.trimEnd()}\n${key}` };
  for (const [name, text] of Object.entries(own)) files.push({ path: `${LAB_FILES}/${name}.pem`, bytes: utf8(text) });
  const env = Object.fromEntries(Object.entries(config.env).map(([name, value]) => [name, fill(value)]));
  return {
    entrypoint: ('entrypoint' in config ? config.entrypoint?.map(fill) : undefined) ?? null,
    command: config.command?.map(fill) ?? null,
    // A program that looks for its settings at home finds those of the node, not those of whoever runs the lab.
    env: { HOME: folder, LANG: 'C.UTF-8', ...variables, ...env },
    files,
    folder,
    workdir: 'workdir' in config && config.workdir !== undefined ? fill(config.workdir) : folder,
    resolvConf: node.resolvers.map((address) => `nameserver ${address}\n`).join(''),
    image: 'image' in config ? config.image : null,
  };
}

function variablesOf(node: PlanNode, plan: Plan, folder: string): Partial<Record<ProgramVariable, string>> {
  const user = plan.users.find((candidate) => candidate.node === node.name);
  const [address, address6] = [addressOf(node, 4), addressOf(node, 6)];
  const home = plan.nodes.find((candidate) => candidate.name === user?.home);
  const homeAddress = home === undefined ? undefined : (addressOf(home, 4) ?? addressOf(home, 6));
  return {
    LAB_NODE: node.name,
    ...(address !== undefined && { LAB_ADDRESS: address }),
    ...(address6 !== undefined && { LAB_ADDRESS6: address6 }),
    LAB_DIR: folder,
    LAB_CA: `${folder}/${LAB_FILES}/ca.pem`,
    LAB_CERTIFICATE: `${folder}/${LAB_FILES}/certificate.pem`,
    LAB_KEY: `${folder}/${LAB_FILES}/key.pem`,
    LAB_IDENTITY: `${folder}/${LAB_FILES}/identity.pem`,
    ...(user !== undefined && {
      LAB_USER: user.address,
      LAB_USER_NAME: user.name,
      LAB_DOMAIN: user.address.slice(user.name.length + 1),
      LAB_PASSWORD: user.password,
    }),
    ...(homeAddress !== undefined && { LAB_HOME: homeAddress }),
  };
}

function addressOf(node: PlanNode, family: 4 | 6): string | undefined {
  return node.interfaces.flatMap((iface) => iface.addresses).find((address) => address.family === family)?.address;
}

function lacking(node: PlanNode, name: string): never {
  const why = name === 'LAB_ADDRESS' || name === 'LAB_ADDRESS6' ? 'the node has no such address' : 'no user sits at the node';
  throw new LabError('LAB_ROLE_FAILED', `${node.name}: \${${name}} has no value: ${why}`, { where: node.src });
}

function bytesOf(node: PlanNode, content: FileContent, plan: Plan, fill: (text: string) => string): Uint8Array {
  if (typeof content === 'string') return utf8(fill(content));
  const path = resolve(dirname(plan.file), content.from);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LabError('FILE_NOT_FOUND', `${node.name}: the file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, {
      where: node.src,
      expected: 'a path from the folder of the topology file',
      cause,
    });
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
