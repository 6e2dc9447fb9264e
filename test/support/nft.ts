/**
 * nft and its kernel as judges of rule texts: in a network namespace of their own, which ends with them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface NftSays {
  readonly ok: boolean;
  /** What it wrote, complaints and all. */
  readonly said: string;
}

/** Null when rules can be loaded here; else why not. */
export function nftLacks(): string | null {
  if (spawnSync('nft', ['--version']).error !== undefined) return 'nft is not installed';
  const [empty] = loadEach(['table inet t {\n}\n']);
  return empty?.ok === true ? null : `no rules can be loaded: ${empty?.said ?? ''}`;
}

/** Loads each text by itself into an empty namespace, for real: the kernel checks more then than with `nft -c`. */
export function loadEach(texts: readonly string[]): readonly NftSays[] {
  return each(texts, 'nft -I . -f fw.nft');
}

/** The instructions that nft makes of each text for the kernel. */
export function bytecodeOfEach(texts: readonly string[]): readonly NftSays[] {
  return each(texts, 'nft -I . --debug=netlink -c -f fw.nft');
}

/** Each text loaded and listed again. */
export function listingOfEach(texts: readonly string[]): readonly NftSays[] {
  return each(texts, 'nft -I . -f fw.nft && nft -s list ruleset');
}

function each(texts: readonly string[], command: string): readonly NftSays[] {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-nft-'));
  try {
    for (const [i, text] of texts.entries()) writeFileSync(join(folder, `${i}.nft`), text);
    // One namespace for all: the rules of each are gone before the next come.
    const script = `i=0; while [ $i -lt ${texts.length} ]; do cp $i.nft fw.nft; (${command}) > $i.out 2>&1; echo $? > $i.code; nft flush ruleset; i=$((i+1)); done`;
    const run = spawnSync('unshare', ['--net', 'timeout', '600', 'sh', '-c', script], { cwd: folder, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`no namespace for nft: ${run.stderr}`);
    return texts.map((_, i) => ({ ok: readFileSync(join(folder, `${i}.code`), 'utf8').trim() === '0', said: readFileSync(join(folder, `${i}.out`), 'utf8') }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
