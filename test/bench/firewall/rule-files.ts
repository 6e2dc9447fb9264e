/**
 * Rule files of the firewall benchmark: many rules that match none of its packets, and the two that do.
 * @module
 */

/** Where the rule for known connections stands. */
export type Order = 'first' | 'last';

const ESTABLISHED = 'ct state established,related counter accept comment "known connections"';
const BEGIN = 'udp dport 10000-20000 ct state new counter accept comment "calls begin"';

/**
 * A router's file as edge firewalls have it: policy drop, one rule for known connections, one for each service.
 * @param rules in the chain, the one for known connections and the one that lets calls begin among them: 3 at least
 * @param limited packets a second of the calls' traffic above which a last-but-two rule drops; null: no such rule
 */
export function ruleFile(rules: number, order: Order, limited: number | null = null): string {
  const services = Array.from({ length: rules - 2 - (limited === null ? 0 : 1) }, (_, i) => {
    const [a, b] = [i >> 8, i & 255];
    return i % 2 === 0
      ? `ip daddr 10.${a}.${b}.0/24 tcp dport { 443, 5061 } counter accept`
      : `ip saddr 172.16.${a}.${b} udp dport ${3478 + (i % 4)} counter accept`;
  });
  const limit = limited === null ? [] : [`udp dport 10000-20000 limit rate over ${limited}/second burst 5 packets counter drop comment "policed"`];
  const lines = order === 'first' ? [...limit, ESTABLISHED, ...services, BEGIN] : [...services, ...limit, BEGIN, ESTABLISHED];
  return [
    'table inet filter {',
    '\tchain forward {',
    '\t\ttype filter hook forward priority filter; policy drop;',
    ...lines.map((line) => `\t\t${line}`),
    '\t}',
    '}',
    '',
  ].join('\n');
}
