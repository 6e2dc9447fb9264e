/**
 * From the text of a rule file to a {@link Ruleset}, or to all of its faults at once.
 *
 * What is accepted here means the same to `nft -f` in an empty network namespace; what is outside the supported subset is
 * refused by its name (NFT_UNSUPPORTED), never passed over.
 * @see nft(8); lab/docs/firewalls.md lists the subset
 * @module
 * @example
 * const result = parseRuleset('fw1.nft', (path) => (path === 'fw1.nft' ? text : null));
 * if (!result.ok) for (const error of result.errors) console.error(formatLabError(error));
 */
import type { LabError } from '../base/error.js';
import { FaultList, fault } from './fault.js';
import { resolve } from './meaning/resolve.js';
import type { Ruleset } from './ruleset.js';
import { takeCommands } from './syntax/commands.js';
import type { File } from './syntax/file.js';
import { type FileAccess, looksLikeRules, noRules } from './syntax/include.js';
import { tokenize } from './syntax/lexing/lexer.js';
import { TokenStream } from './syntax/lexing/stream.js';
import { Variables } from './syntax/variables.js';

export type RulesetResult = { readonly ok: true; readonly ruleset: Ruleset } | { readonly ok: false; readonly errors: readonly LabError[] };

/**
 * Pure, but for what `read` does.
 * @param file path of the rule file; relative includes are taken from its folder
 * @param read text of a file, or null when it cannot be had
 * @param list names of the files in a folder: without it, an include with wildcards is a fault
 * @returns the rules, or every fault: codes NFT_*, in the order of the files
 */
export function parseRuleset(file: string, read: FileAccess['read'], list?: FileAccess['list']): RulesetResult {
  const faults = new FaultList();
  const text = read(file);
  const at = { file, line: 1, column: 1 };
  if (text === null) return { ok: false, errors: [fault('NFT_FILE', at, `there is no rule file ${file}`, { expected: 'a file of nftables rules' })] };
  if (typeof text === 'object')
    return { ok: false, errors: [fault('NFT_FILE', at, `${file} is not read: ${text.refused}`, { expected: 'a file of nftables rules' })] };
  if (!looksLikeRules(text)) return { ok: false, errors: [noRules(file, at)] };
  const access: FileAccess = { read, ...(list !== undefined && { list }) };
  const tokens = new TokenStream(file, tokenize(text, file, faults), text);
  const f: File = { name: file, access, reader: { tokens, variables: new Variables(), depth: 0 }, faults, files: [file], size: text.length, includes: 0 };
  const commands = takeCommands(f);
  // Names that seem to be missing may stand where a syntax error was: they are not complained of.
  if (faults.count > 0) return { ok: false, errors: withMeaning(f, commands) };
  const ruleset = resolve(commands, f.files, faults);
  return faults.count > 0 ? { ok: false, errors: faults.sorted(f.files) } : { ok: true, ruleset };
}

/** Beside faults of syntax those of meaning that they cannot have caused. */
function withMeaning(f: File, commands: Parameters<typeof resolve>[0]): readonly LabError[] {
  const meaning = new FaultList();
  resolve(commands, f.files, meaning);
  for (const error of meaning.sorted(f.files)) if (error.code === 'NFT_TYPE' || error.code === 'NFT_UNSUPPORTED') f.faults.add(error);
  return f.faults.sorted(f.files);
}
