/**
 * `callpath rules`: firewall rules by themselves, without a topology.
 * @module
 */
import { resolve } from 'node:path';
import { LabError } from '../../base/error.js';
import { collect } from '../../library/faults.js';
import { filesNamed, requireWritable, writeText } from '../../library/load/files.js';
import { importRules as translated, loadRules } from '../../library/load/rules.js';
import type { Ruleset } from '../../nft/ruleset.js';
import { unreachable } from '../../nft/unreachable.js';
import { plural } from '../../report/words.js';
import { ExitCode, tellFaults } from '../exit.js';
import { print } from '../io.js';
import type { Io } from '../io.js';

/**
 * Writes what `iptables-save` wrote as nft text: all of it or nothing.
 * Errors: Faults (IPTABLES_*), FILE_*, CLI_USAGE.
 */
export function importRules(file: string, { out, ...how }: { ip6?: boolean; source?: boolean; out?: string }, io: Io): ExitCode {
  if (out !== undefined) {
    requireWritable(out);
    if (resolve(out) === resolve(file)) throw new LabError('FILE_EXISTS', `${out} is the file that is imported`, { expected: 'another file to write' });
  }
  const { text, family, ...counts } = translated(file, how);
  if (out === undefined) io.stdout.write(text);
  else {
    writeText(out, text);
    print(io, `${out}: ${family}, ${counted(counts)}`);
  }
  return ExitCode.Documented;
}

/** Errors: Faults (NFT_*), FILE_*. */
export function checkRules(files: readonly string[], { json }: { json?: boolean }, io: Io): ExitCode {
  const faults: LabError[] = [];
  const warnings: LabError[] = [];
  for (const file of new Set(filesNamed(files, ['.nft']))) {
    const ruleset = collect(faults, () => loadRules(file));
    if (ruleset === null) continue;
    if (json !== true) print(io, `${file}: ${summary(ruleset)}`);
    warnings.push(...unreachable(ruleset));
  }
  return tellFaults({ faults, warnings }, json === true, io);
}

function summary({ tables, files }: Ruleset): string {
  const chains = tables.flatMap((one) => one.chains);
  const rules = chains.flatMap((chain) => chain.rules);
  const included = files.length === 1 ? '' : `, ${plural(files.length - 1, 'file')} included`;
  return `${counted({ tables: tables.length, chains: chains.length, rules: rules.length })}${included}`;
}

function counted({ tables, chains, rules }: { readonly tables: number; readonly chains: number; readonly rules: number }): string {
  return [plural(tables, 'table'), plural(chains, 'chain'), plural(rules, 'rule')].join(', ');
}
