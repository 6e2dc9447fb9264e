/**
 * The machine's own network, as text: what a lab must leave as it was.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Devices, addresses, routes of all tables, policy rules, firewall, forwarding, mounted namespaces. */
export function hostNetwork(): string {
  const ip = (...args: string[]): string => run('ip', '-json', ...args);
  const parts = {
    links: ip('link'),
    addresses: ip('address'),
    routes4: ip('-4', 'route', 'show', 'table', 'all'),
    routes6: ip('-6', 'route', 'show', 'table', 'all'),
    rules4: ip('-4', 'rule'),
    rules6: ip('-6', 'rule'),
    firewall: run('nft', 'list', 'ruleset'),
    forwarding: ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map((path) => read(`/proc/sys/net/${path}`)).join(' '),
    // A daemon mounts those of its containers, below its own folder; a lab mounts none.
    namespaces: read('/proc/self/mountinfo')
      .split('\n')
      .filter((line) => line.includes(' nsfs ') && !/\/netns\/[0-9a-f]{12} /.test(line)),
  };
  // Lifetimes of addresses and routes run down by themselves.
  return JSON.stringify(parts, null, 1).replace(/\\?"(valid_life_time|preferred_life_time|expires)\\?":\d+,?/g, '');
}

function run(tool: string, ...args: readonly string[]): string {
  const result = spawnSync(tool, args, { encoding: 'utf8' });
  if (result.error !== undefined) return `no ${tool}`;
  // Without IPv6 there is nothing to be asked for; what it says is the same before and after.
  return result.status === 0 ? result.stdout : result.stderr;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
