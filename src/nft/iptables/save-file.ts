/**
 * What `iptables-save` and `ip6tables-save` write, as data: tables, chains with policies and counters, rules as words.
 * @see iptables-save(8), iptables-restore(8)
 * @module
 */
import { LabError } from '../../base/error.js';
import type { SourceRef } from '../../base/error.js';
import type { FaultList } from '../fault.js';

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

export interface SavedChain extends SourceRef {
  readonly name: string;
  /** Null: a chain that people made. */
  readonly policy: string | null;
  readonly counters: Counters;
}

/** A word of a rule; quotes are off. */
export interface Word extends SourceRef {
  readonly text: string;
}

export interface SavedRule extends SourceRef {
  readonly chain: string;
  /** Options with their values, without `-A CHAIN`. */
  readonly words: readonly Word[];
  readonly counters: Counters | null;
}

export interface SavedTable extends SourceRef {
  readonly name: string;
  readonly chains: readonly SavedChain[];
  readonly rules: readonly SavedRule[];
}

export function iptablesFault(code: 'IPTABLES_SYNTAX' | 'IPTABLES_UNSUPPORTED', { file, line, column }: SourceRef, message: string, words: { expected?: string; hint?: string } = {}): LabError {
  return new LabError(code, message, { where: { file, line, column }, ...words });
}

/** Tables in the order of the text. Faults: IPTABLES_SYNTAX. */
export function readSaved(text: string, file: string, faults: FaultList): readonly SavedTable[] {
  const tables: { name: string; chains: SavedChain[]; rules: SavedRule[]; file: string; line: number; column: number }[] = [];
  let open = false;
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const at: SourceRef = { file, line: i + 1, column: raw.search(/\S|$/) + 1 };
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const table = tables.at(-1);
    if (line.startsWith('*')) {
      if (open) faults.add(iptablesFault('IPTABLES_SYNTAX', at, `the table "${table?.name ?? ''}" is not ended by COMMIT`));
      tables.push({ name: line.slice(1).trim(), chains: [], rules: [], ...at });
      open = true;
    } else if (!open || table === undefined) faults.add(iptablesFault('IPTABLES_SYNTAX', at, 'the line stands in no table', { expected: '*filter, or another table, before it' }));
    else if (line === 'COMMIT') open = false;
    else
      faults.attempt(() => {
        if (line.startsWith(':')) table.chains.push(savedChain(line, at));
        else table.rules.push(savedRule(raw, at));
      });
  }
  const last = tables.at(-1);
  if (open && last !== undefined) faults.add(iptablesFault('IPTABLES_SYNTAX', last, `the table "${last.name}" is not ended by COMMIT`));
  return tables;
}

/** `:INPUT DROP [10:600]` */
function savedChain(line: string, at: SourceRef): SavedChain {
  const match = /^:(\S+)\s+(\S+)(?:\s+\[(\d+):(\d+)\])?$/.exec(line);
  if (match === null) throw iptablesFault('IPTABLES_SYNTAX', at, 'the chain cannot be read', { expected: ':NAME POLICY [PACKETS:BYTES]' });
  const [, name = '', policy = '', packets = '0', bytes = '0'] = match;
  return { name, policy: policy === '-' ? null : policy, counters: { packets: Number(packets), bytes: Number(bytes) }, ...at };
}

/** `[3:180] -A INPUT -p tcp -j ACCEPT` */
function savedRule(raw: string, at: SourceRef): SavedRule {
  const words = [...split(raw, at)];
  const counted = /^\[(\d+):(\d+)\]$/.exec(words[0]?.text ?? '');
  if (counted !== null) words.shift();
  const [verb, chain, ...rest] = words;
  if (verb === undefined || chain === undefined || (verb.text !== '-A' && verb.text !== '--append')) {
    throw iptablesFault('IPTABLES_SYNTAX', verb ?? at, `"${verb?.text ?? raw}" is no line of iptables-save`, { expected: '-A CHAIN ...' });
  }
  return { chain: chain.text, words: rest, counters: counted === null ? null : { packets: Number(counted[1]), bytes: Number(counted[2]) }, ...at };
}

/** Words are parted by white space; quotes hold together, a backslash in them takes the next character as it is. */
function split(raw: string, at: SourceRef): readonly Word[] {
  const words: Word[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+))/gy;
  let end = 0;
  while (end < raw.trimEnd().length) {
    pattern.lastIndex = end;
    const match = pattern.exec(raw);
    if (match === null) break;
    const [whole, double, single, plain = ''] = match;
    if (plain.startsWith('"')) throw iptablesFault('IPTABLES_SYNTAX', { ...at, column: end + 1 }, 'the quote is not closed');
    const column = end + (whole.length - whole.trimStart().length) + 1;
    words.push({ text: double?.replace(/\\(.)/g, '$1') ?? single ?? plain, file: at.file, line: at.line, column });
    end = pattern.lastIndex;
  }
  return words;
}
