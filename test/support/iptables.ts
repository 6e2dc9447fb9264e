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

/** Null when iptables can load rules here; else why not. Not every kernel still has the tables of before. */
export function iptablesLacks(backend: (typeof BACKENDS)[number]): string | null {
  if (spawnSync('iptables-save', ['--version']).error !== undefined) return 'iptables-save is not installed';
  const { status, stderr } = run({ rules: EMPTY }, `${TOOLS.ip}-${backend}-restore rules`);
  return status === 0 ? null : `iptables-${backend}-restore loads no rules here: ${stderr.trim()}`;
}

/** What iptables-save writes when the rules have been loaded. Throws when iptables refuses them. */
export function savedAgain(family: Family, backend: (typeof BACKENDS)[number], rules: string): string {
  const tool = `${TOOLS[family]}-${backend}`;
  return output({ rules }, `${tool}-restore -c rules && ${tool}-save -c`);
}

/** What iptables itself makes of the rules in nft's words, each as an `add rule`; what it cannot translate is a comment. */
export function translated(family: Family, rules: string): readonly string[] {
  return output({ rules }, `${TOOLS[family]}-restore-translate -f rules`).split('\n');
}

function output(files: Readonly<Record<string, string>>, command: string): string {
  const { status, stdout, stderr } = run(files, command);
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

function run(files: Readonly<Record<string, string>>, command: string) {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-iptables-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return spawnSync('unshare', ['--net', 'timeout', '60', 'sh', '-c', command], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, XTABLES_LOCKFILE: join(folder, 'lock') },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Packets of many kinds over the loopback: UDP, TCP and echoes, with different ports, lengths, TTLs and marks. */
const TRAFFIC = {
  ip: ['10.0.0.1', '10.1.1.1', '192.0.2.1'],
  ip6: ['2001:db8::1', '2001:db8:1::1', '2001:db9::1'],
} as const;

/**
 * How many packets each rule has counted, in the order of the rules: by iptables as it was before nftables, and by nft, both
 * in one namespace, which see the same packets. The rules must let every packet go on.
 */
export function countedByBoth(family: Family, rules: string, nft: string): { readonly iptables: readonly number[]; readonly nft: readonly number[] } {
  const tool = `${TOOLS[family]}-legacy`;
  const ping = `ping ${family === 'ip' ? '-4' : '-6'} -q -c 1 -W 1`;
  const prefix = family === 'ip' ? 24 : 64;
  const [first, ...others] = TRAFFIC[family];
  const send = TRAFFIC[family].flatMap((to) => [
    ...[1, 53, 1000, 3478, 40000].map((port) => `echo text > /dev/udp/${to}/${port}`),
    ...[22, 80, 5061, 30000].map((port) => `(echo > /dev/tcp/${to}/${port}) 2>/dev/null`),
    ...['-s 10', '-s 500 -t 1', '-Q 184', '-Q 136 -t 200', '-m 1', '-m 16'].map((options) => `${ping} ${options} ${to} >/dev/null`),
    ...others.map((from) => `${ping} -I ${from} ${to} >/dev/null`),
  ]);
  const script = [
    'ip link set lo up',
    ...TRAFFIC[family].map((address) => `ip addr add ${address}/${prefix} dev lo ${family === 'ip' ? '' : 'nodad'}`),
    `${tool}-restore rules && nft -f other.nft || exit 1`,
    `ip route get ${first} >/dev/null`,
    ...send,
    `${tool}-save -c | grep -v '^#' && echo ---- && nft list ruleset`,
  ].join('\n');
  const [saved = '', listed = ''] = output({ rules, 'other.nft': nft, 'traffic.sh': script }, 'bash traffic.sh').split('----\n');
  const numbers = (text: string, pattern: RegExp): readonly number[] => [...text.matchAll(pattern)].map((match) => Number(match[1]));
  return { iptables: numbers(saved, /^\[(\d+):\d+\] -A/gm), nft: numbers(listed, /counter packets (\d+) bytes/g) };
}
