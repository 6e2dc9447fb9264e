/**
 * iptables as a judge of rules: in a network namespace of its own, which ends with it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Family = 'ip' | 'ip6';

/** Both ways in which iptables keeps rules: in nftables, and as it did before. */
export const BACKENDS = ['nft', 'legacy'] as const;

const TOOLS = { ip: 'iptables', ip6: 'ip6tables' } as const;
const EMPTY = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';

/** Null when iptables can load rules here; else why not. */
export function iptablesLacks(): string | null {
  if (spawnSync('iptables-save', ['--version']).error !== undefined) return 'iptables-save is not installed';
  for (const backend of BACKENDS) {
    const trouble = run(EMPTY, `${TOOLS.ip}-${backend}-restore rules`);
    if (trouble.status !== 0) return `iptables-${backend}-restore loads no rules here: ${trouble.stderr}`;
  }
  return null;
}

/** What iptables-save writes when the rules have been loaded. Throws when iptables refuses them. */
export function savedAgain(family: Family, backend: (typeof BACKENDS)[number], rules: string): string {
  const tool = `${TOOLS[family]}-${backend}`;
  return output(rules, `${tool}-restore -c rules && ${tool}-save -c`);
}

/** What iptables itself makes of the rules in nft's words, each as an `add rule`; what it cannot translate is a comment. */
export function translated(family: Family, rules: string): readonly string[] {
  return output(rules, `${TOOLS[family]}-restore-translate -f rules`).split('\n');
}

function output(rules: string, command: string): string {
  const { status, stdout, stderr } = run(rules, command);
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

function run(rules: string, command: string) {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-iptables-'));
  try {
    writeFileSync(join(folder, 'rules'), rules);
    return spawnSync('unshare', ['--net', 'timeout', '60', 'sh', '-c', command], { cwd: folder, encoding: 'utf8', env: { ...process.env, XTABLES_LOCKFILE: join(folder, 'lock') } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
