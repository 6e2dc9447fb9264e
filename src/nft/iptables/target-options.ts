/**
 * The options of a target.
 * @module
 */
import { entry, positive } from './options.js';
import type { Option } from './options.js';
import type { RuleInWork } from './rule.js';
import { iptablesFault } from './save-file.js';

/** Takes those that the target has, each once; the first of another's is left where it is. */
export function targetOptions(rule: RuleInWork, takes: Readonly<Record<string, (option: Option) => void>>): void {
  const taken = new Set<string>();
  for (let option = rule.options.take(); option !== undefined; option = rule.options.take()) {
    const take = entry(takes, option.name);
    if (take === undefined) {
      rule.options.back();
      return;
    }
    positive(option);
    if (taken.has(option.name)) throw iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} stands twice`, { expected: 'each option once' });
    taken.add(option.name);
    take(option);
  }
}
