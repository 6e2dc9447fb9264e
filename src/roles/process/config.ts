/**
 * What the nodes of foreign programs are given under `config`: kinds `process` and `container` share most of it.
 * @module
 */
import { z } from 'zod';
import { TRAIT_NAMES, type Traits } from '../../topology/traits.js';

/**
 * What `${LAB_...}` may stand for in a command, a variable or a file, and what the program finds in its environment
 * under the same names. A node without IPv6, or without a user, lacks the names that speak of it.
 */
export const PROGRAM_VARIABLES = {
  LAB_NODE: 'name of the node',
  LAB_ADDRESS: 'its first IPv4 address',
  LAB_ADDRESS6: 'its first IPv6 address',
  LAB_DIR: 'folder of its files',
  LAB_CA: 'file: certificate of the lab CA, PEM',
  LAB_CERTIFICATE: 'file: certificate of the node, by the lab CA, PEM',
  LAB_KEY: 'file: its key, PEM',
  LAB_IDENTITY: 'file: certificate and key, one after the other, PEM',
  LAB_USER: 'address of the user who sits here, `alice@contoso.example`',
  LAB_USER_NAME: 'its part before the @',
  LAB_DOMAIN: 'its part after the @',
  LAB_PASSWORD: 'the password of that user',
  LAB_HOME: 'first address of the front end at which that user is homed',
} as const;

export type ProgramVariable = keyof typeof PROGRAM_VARIABLES;

/** `${LAB_...}`: what looks like it and is none is refused, all else that has a dollar is the program's own. */
export const PLACEHOLDER = /\$\{(LAB_[A-Z0-9_]*)\}/g;

/** Text whose variables exist. */
export const text = z.string().superRefine((value, context) => {
  for (const [, name = ''] of value.matchAll(PLACEHOLDER)) {
    if (Object.hasOwn(PROGRAM_VARIABLES, name)) continue;
    context.addIssue({ code: 'custom', message: `there is no variable ${name}; known: ${Object.keys(PROGRAM_VARIABLES).join(', ')}` });
  }
});

const port = z.int().min(1).max(65535);

const content = z.union([
  text.describe('the text itself'),
  z.strictObject({ from: z.string().min(1).describe('a file of this machine, from the folder of the topology file; copied as it is') }),
]);

const ready = z.union([
  z.strictObject({
    port: port.describe('it listens on this port'),
    protocol: z.enum(['udp', 'tcp']).default('udp').describe('of the port'),
  }),
  z.strictObject({
    output: z.string().refine(isPattern, { error: 'this is no regular expression' }).describe('regular expression: a line that it writes matches'),
  }),
]);

function isPattern(source: string): boolean {
  try {
    // eslint-disable-next-line no-restricted-syntax -- the pattern is the user's own
    new RegExp(source, 'm');
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const yes = z.literal(true).optional();

/** What the program is to the rest of the lab: nobody else can know. */
const traits = z.strictObject({
  is: z.enum(['endpoint', 'server', 'equipment']).default('server'),
  homes: yes.describe('users can be homed there'),
  relays: yes.describe('it passes media on (TURN)'),
  mixes: yes.describe('it makes one stream of several'),
  resolves: yes.describe('it answers DNS'),
  reflects: yes.describe('it answers STUN Binding requests'),
});

/** Settings that both kinds have. */
export const common = {
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), text)
    .default({})
    .describe('environment variables'),
  ready: ready.optional().describe('when it counts as started; without it, at once'),
  readyWithin: z.number().positive().max(600).default(10).describe('seconds that it may take to be ready'),
  autostart: z.boolean().default(true).describe('false: it waits for the command `start`'),
  traits: traits.optional().describe('what the program is: without it, a server'),
};

/** A path that stays in the node's folder. */
const inside = z
  .string()
  .regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\0]+[^/\0]$|^[^/.\0]$/, { error: 'a path in the folder of the node: relative, without . and ..' });

export const files = { inside: z.record(inside, content), anywhere: z.record(z.string().regex(/^[^\0]*[^/\0]$/), content) };

export const processConfig = z.strictObject({
  command: z.array(text).min(1).describe('the program and its arguments; no shell reads them'),
  ...common,
  files: files.inside.default({}).describe('files to be laid into its folder, by path'),
  workdir: text.optional().describe('folder that it is started in; by default its own'),
});

/** Of a node with that config. */
export function programTraits(config: { readonly traits?: z.infer<typeof traits> | undefined }): Traits {
  const said = config.traits;
  return { is: said?.is ?? 'server', ...Object.fromEntries(TRAIT_NAMES.filter((name) => said?.[name] === true).map((name) => [name, true])) };
}

export type ProcessConfig = z.infer<typeof processConfig>;
export type FileContent = z.infer<typeof content>;
export type Ready = z.infer<typeof ready>;
