/**
 * Generated rule sets, as nftables text: firewalls, translators, markers, and what nobody would write.
 * @module
 */
import { type BedName, POOL } from '../bed.js';
import { type Context, family, INTERVALS, makeMatch, type Names, protocol } from './matches.js';
import type { Dice } from './dice.js';
import { PORTS, Universe } from './universe.js';

type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** Has connections tracked in both families, whatever else there is: a kernel is slow to end what a rule set before began. */
const ANCHOR = 'table inet anchor {\n  chain unused {\n    ct state new\n  }\n}';

/** @param tracked whether rules may speak of connections, and translate */
export function generateRules(dice: Dice, bed: BedName, tracked: boolean): string {
  const universe = new Universe(bed);
  const tables = dice.weighted([
    [70, 1],
    [25, 2],
    [5, 3],
  ]);
  const used = new Set<string>();
  const parts: string[] = [];
  while (parts.length < tables) {
    const kind = dice.weighted<'ip' | 'ip6' | 'inet'>([
      [65, 'inet'],
      [25, 'ip'],
      [10, 'ip6'],
    ]);
    const name = dice.pick(['filter', 'nat', 'mangle', 't']);
    if (used.has(`${kind} ${name}`)) continue;
    used.add(`${kind} ${name}`);
    parts.push(table(dice, universe, kind, name, tracked));
  }
  return [...parts, ...(tracked ? [ANCHOR] : [])].join('\n');
}

function table(dice: Dice, universe: Universe, kind: 'ip' | 'ip6' | 'inet', name: string, tracked: boolean): string {
  const names: Names = { sets: [], verdictMaps: [], markMaps: [], counters: [], limits: [] };
  const context: Context = { dice, universe, table: kind, names, own: true, pinned: { family: null, protocol: null } };
  const chains = Array.from(
    {
      length: dice.weighted([
        [50, 0],
        [30, 1],
        [20, 2],
      ]),
    },
    (_, i) => `extra${i}`,
  );
  const lines = [`table ${kind} ${name} {`, ...declarations(context, chains)];
  // A chain may jump to those after it: no loops.
  for (const [i, chain] of chains.entries())
    lines.push(`  chain ${chain} {`, ...rules(context, null, 'filter', chains.slice(i + 1), dice.between(0, 4), tracked), '  }');
  let made = 0;
  const wanted = dice.between(1, 3);
  while (made < wanted) {
    lines.push(...baseChain(context, made, chains, tracked));
    made++;
  }
  if (dice.percent(20)) lines.push(...markers(context, tracked));
  return [...lines, '}'].join('\n');
}

/** Marks that are set where packets come in, kept with connections, and read where they go on. */
function markers(context: Context, tracked: boolean): string[] {
  const { dice } = context;
  const set = Array.from({ length: dice.between(1, 3) }, () => {
    context.pinned.family = context.pinned.protocol = null;
    return `    ${makeMatch(context, tracked)} meta mark set ${mark(context, tracked)}`;
  });
  const read = [1, 7, 0x10].map((value) => `    meta mark ${dice.pick(['', '!= ', 'and 0x7 == '])}${value} counter ${dice.pick(['', 'drop'])}`);
  return [
    '  chain marking {',
    '    type filter hook prerouting priority mangle; policy accept;',
    ...(tracked && dice.percent(50) ? ['    meta mark set ct mark'] : []),
    ...set,
    '  }',
    '  chain marked {',
    '    type filter hook forward priority -150; policy accept;',
    ...(tracked ? ['    ct mark set meta mark'] : []),
    ...read,
    '  }',
  ];
}

function declarations({ dice, universe, table: kind, names }: Context, chains: readonly string[]): string[] {
  const lines: string[] = [];
  if (dice.percent(35)) {
    const of = kind === 'ip' ? 4 : kind === 'ip6' ? 6 : dice.pick([4, 6] as const);
    const interval = dice.percent(50);
    const elements = interval
      ? dice.some<string>(INTERVALS[of], 4)
      : [...new Set(Array.from({ length: dice.between(1, 6) }, () => universe.address(dice, of)))];
    names.sets.push({ name: 'hosts', type: of === 4 ? 'ipv4_addr' : 'ipv6_addr' });
    lines.push(
      `  set hosts {`,
      `    type ${of === 4 ? 'ipv4_addr' : 'ipv6_addr'}`,
      ...(interval ? ['    flags interval'] : []),
      `    elements = { ${elements.join(', ')} }`,
      '  }',
    );
  }
  if (dice.percent(25)) {
    names.sets.push({ name: 'ports', type: 'inet_service' });
    lines.push(
      '  set ports {',
      '    type inet_service',
      '    flags interval',
      `    elements = { ${dice.some(['22', '53', '80-443', '1000-1001', '3478', '5060-5061', '50000-50010'], 4).join(', ')} }`,
      '  }',
    );
  }
  if (dice.percent(20)) {
    names.verdictMaps.push('verdicts');
    const [chain] = chains;
    const verdict = (): string => dice.pick(['accept', 'drop', 'return', 'continue', ...(chain === undefined ? [] : [`jump ${chain}`, `goto ${chain}`])]);
    lines.push(
      '  map verdicts {',
      '    type inet_service : verdict',
      `    elements = { ${dice
        .some(PORTS, 4)
        .map((port) => `${port} : ${verdict()}`)
        .join(', ')} }`,
      '  }',
    );
  }
  if (dice.percent(20)) {
    names.markMaps.push('marks');
    lines.push(
      '  map marks {',
      '    type inet_service : mark',
      `    elements = { ${dice
        .some(PORTS, 4)
        .map((port) => `${port} : ${dice.pick([0, 1, 7, 17])}`)
        .join(', ')} }`,
      '  }',
    );
  }
  if (dice.percent(25)) {
    names.counters.push('seen');
    lines.push('  counter seen {', '    packets 3 bytes 100', '  }');
  }
  if (dice.percent(15)) {
    names.limits.push('few');
    // An hour per token: nothing is refilled while a case runs.
    lines.push('  limit few {', `    rate ${dice.pick([1, 2])}/hour burst ${dice.between(1, 4)} packets`, '  }');
  }
  return lines;
}

interface Place {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: Hook;
  readonly priority: string;
}

function place(dice: Dice, tracked: boolean): Place {
  const nat = (weight: number): number => (tracked ? weight : 0);
  return dice.weighted<() => Place>([
    [34, () => ({ type: 'filter', hook: 'forward', priority: dice.pick(['filter', 'filter', 'filter', '-1', 'security']) })],
    [8, () => ({ type: 'filter', hook: 'input', priority: 'filter' })],
    [8, () => ({ type: 'filter', hook: 'output', priority: dice.pick(['filter', 'raw', 'mangle']) })],
    [8, () => ({ type: 'filter', hook: 'prerouting', priority: dice.pick(['raw', 'mangle', 'filter']) })],
    [6, () => ({ type: 'filter', hook: 'postrouting', priority: dice.pick(['mangle', 'filter', '300']) })],
    [nat(18), () => ({ type: 'nat', hook: 'postrouting', priority: dice.pick(['srcnat', 'srcnat', '99', '150']) })],
    [nat(12), () => ({ type: 'nat', hook: 'prerouting', priority: dice.pick(['dstnat', 'dstnat', '-90']) })],
    [nat(2), () => ({ type: 'nat', hook: 'output', priority: '-100' })],
    [nat(2), () => ({ type: 'nat', hook: 'input', priority: '100' })],
    [2, () => ({ type: 'route', hook: 'output', priority: 'mangle' })],
  ])();
}

function baseChain(context: Context, number: number, chains: readonly string[], tracked: boolean): string[] {
  const { dice } = context;
  const at = place(dice, tracked);
  const policy = at.type !== 'nat' && dice.percent(25) ? 'drop' : 'accept';
  const body = rules(context, at, at.type, chains, dice.between(1, 7), tracked);
  // What most firewalls begin with, or end with.
  if (tracked && at.type === 'filter' && dice.percent(35))
    body.splice(
      dice.percent(70) ? 0 : body.length,
      0,
      `    ct state ${dice.pick(['established,related', 'established', 'established,related,new'])} ${counter(context)}accept`,
    );
  return [`  chain base${number} {`, `    type ${at.type} hook ${at.hook} priority ${at.priority}; policy ${policy};`, ...body, '  }'];
}

function counter({ dice, names }: Context): string {
  if (names.counters.length > 0 && dice.percent(25)) return `counter name "${dice.pick(names.counters)}" `;
  return dice.percent(75) ? 'counter ' : '';
}

function rules(context: Context, at: Place | null, type: Place['type'], chains: readonly string[], count: number, tracked: boolean): string[] {
  return Array.from({ length: count }, () => `    ${rule(context, at, type, chains, tracked)}`);
}

/** nft 1.0 makes one comparison of two such on neighbouring fields, `tcp sport != 53 tcp dport != 80`: then one that holds is enough. */
const DENIES = /^(?:tcp|udp|th|icmp|icmpv6|ip|ip6) [a-z-]+ != [^{@]/;

function rule(context: Context, at: Place | null, type: Place['type'], chains: readonly string[], tracked: boolean): string {
  const { dice, pinned } = context;
  context.own = at === null || at.hook === 'output' || at.hook === 'postrouting' || at.hook === 'input' || at.type === 'nat';
  pinned.family = null;
  pinned.protocol = null;
  const parts: string[] = [];
  for (
    let i = dice.weighted([
      [10, 0],
      [45, 1],
      [35, 2],
      [10, 3],
    ]);
    i > 0;
    i--
  )
    parts.push(makeMatch(context, tracked));
  for (let i = parts.length - 1; i > 0; i--) if (DENIES.test(parts[i - 1]!) && DENIES.test(parts[i]!)) parts.splice(i, 1);
  if (dice.percent(6)) parts.push(limit(context));
  parts.push(counter(context).trim());
  parts.push(at !== null && type === 'nat' ? translation(context, at) : ending(context, at, chains, tracked));
  const text = parts.filter((part) => part !== '').join(' ');
  return text === '' ? 'counter' : text;
}

function limit({ dice, names }: Context): string {
  if (names.limits.length > 0 && dice.percent(50)) return `limit name "${dice.pick(names.limits)}"`;
  return dice.percent(70)
    ? `limit rate ${dice.percent(30) ? 'over ' : ''}${dice.pick([1, 3])}/${dice.pick(['hour', 'day', 'week'])} burst ${dice.between(1, 4)} packets`
    : `limit rate ${dice.percent(30) ? 'over ' : ''}${dice.pick([100, 300])} bytes/${dice.pick(['hour', 'day'])} burst ${dice.pick([60, 200])} bytes`;
}

function ending(context: Context, at: Place | null, chains: readonly string[], tracked: boolean): string {
  const { dice, names } = context;
  const verdicts = [
    'accept',
    'drop',
    'return',
    'continue',
    ...chains.map((chain) => `jump ${chain}`),
    ...(dice.percent(30) ? chains.map((chain) => `goto ${chain}`) : []),
  ];
  // See explained.md: what the kernel makes of UDP over IPv6 whose header was changed on its way in.
  const leaves = at !== null && (at.hook === 'forward' || at.hook === 'output' || at.hook === 'postrouting');
  const raw = at !== null && (at.hook === 'prerouting' || at.hook === 'output') && at.priority === 'raw';
  return dice.weighted<() => string>([
    [40, () => dice.pick(verdicts)],
    [14, () => ''],
    [at !== null && ['input', 'forward', 'output'].includes(at.hook) ? 10 : 0, () => reject(context)],
    [8, () => verdictMap(context, chains, at !== null, tracked)],
    [6, () => `meta mark set ${mark(context, tracked)}`],
    [tracked ? 5 : 0, () => `ct mark set ${mark(context, true)}`],
    [6, () => mangling(context, leaves)],
    [raw ? 20 : 1, () => 'notrack'],
    [2, () => `log prefix "x" ${dice.pick(['accept', 'drop', ''])}`],
    [names.markMaps.length > 0 ? 6 : 0, () => transported(context, (name) => `meta mark set ${name} dport map @marks`)],
  ])();
}

/** @param six whether the header of IPv6 may be changed there */
function mangling(context: Context, six: boolean): string {
  const { dice } = context;
  if (family(context) === 4) return `ip ${dice.pick(['dscp set ef', 'dscp set cs0', 'ttl set 9', 'ecn set ce'])}`;
  return six ? `ip6 ${dice.pick(['dscp set af41', 'hoplimit set 9'])}` : '';
}

/** Something about ports; nothing where the rule is about a protocol that has none. */
function transported(context: Context, text: (name: string) => string): string {
  const name = protocol(context, ['udp', 'tcp']);
  return name === null ? '' : text(name);
}

function mark(context: Context, tracked: boolean): string {
  const { dice } = context;
  return dice.weighted<() => string>([
    [50, () => dice.pick(['0', '1', '7', '0x11'])],
    [15, () => `meta mark ${dice.pick(['or 0x10', 'and 0xf', 'xor 0x3'])}`],
    [
      15,
      () =>
        transported(
          context,
          (name) =>
            `${name} dport map { ${dice
              .some(PORTS, 3)
              .map((port) => `${port} : ${dice.pick([1, 7])}`)
              .join(', ')} }`,
        ) || '7',
    ],
    [tracked ? 15 : 0, () => 'ct mark'],
    [5, () => 'meta mark'],
  ])();
}

function reject(context: Context): string {
  const { dice, table: kind, pinned } = context;
  const four = pinned.family !== 6 && kind !== 'ip6';
  const six = pinned.family !== 4 && kind !== 'ip';
  return `reject${dice.weighted<string>([
    [40, ''],
    [pinned.protocol === null || pinned.protocol === 'tcp' ? 30 : 0, ' with tcp reset'],
    [kind === 'inet' && pinned.family === null ? 30 : 0, ` with icmpx ${dice.pick(['admin-prohibited', 'no-route', 'host-unreachable'])}`],
    [four ? 15 : 0, ` with icmp ${dice.pick(['host-unreachable', 'admin-prohibited', 'net-unreachable'])}`],
    [six ? 15 : 0, ` with icmpv6 ${dice.pick(['addr-unreachable', 'admin-prohibited', 'no-route'])}`],
  ])}`;
}

/** @param shared with the table's map, which may lead to any chain: from base chains only, so that nothing goes round */
function verdictMap(context: Context, chains: readonly string[], shared: boolean, tracked: boolean): string {
  const { dice, names, universe } = context;
  const verdict = (): string => dice.pick(['accept', 'drop', 'return', 'continue', ...chains.map((chain) => `jump ${chain}`)]);
  const bySource = (): string => {
    const of = family(context);
    const sources = new Set(Array.from({ length: 3 }, () => universe.address(dice, of)));
    return `${of === 4 ? 'ip' : 'ip6'} saddr vmap { ${[...sources].map((a) => `${a} : ${verdict()}`).join(', ')} }`;
  };
  return dice.weighted<() => string>([
    [
      40,
      () =>
        transported(
          context,
          (name) =>
            `${name} dport vmap { ${dice
              .some(PORTS, 4)
              .map((port) => `${port} : ${verdict()}`)
              .join(', ')} }`,
        ),
    ],
    [20, bySource],
    [
      15,
      () =>
        `iifname vmap { ${dice
          .some(universe.names(), 2)
          .map((name) => `"${name}" : ${verdict()}`)
          .join(', ')} }`,
    ],
    [
      tracked ? 15 : 0,
      () =>
        `ct state vmap { ${dice
          .some(['established', 'related', 'new', 'invalid', 'untracked'], 4)
          .map((state) => `${state} : ${verdict()}`)
          .join(', ')} }`,
    ],
    [15, () => `meta l4proto vmap { tcp : ${verdict()}, udp : ${verdict()} }`],
    [shared && names.verdictMaps.length > 0 ? 30 : 0, () => transported(context, (name) => `${name} dport vmap @verdicts`)],
  ])();
}

function translation(context: Context, at: Place): string {
  const { dice, universe, table: kind } = context;
  if (dice.percent(12)) return dice.pick(['accept', 'return', '', 'drop']);
  const of = family(context);
  const word = kind === 'inet' ? `${of === 4 ? 'ip' : 'ip6'} ` : '';
  const bracketed = (address: string): string => (of === 6 ? `[${address}]` : address);
  const flags = dice.weighted<string>([
    [85, ''],
    [6, ' persistent'],
    [5, ' random'],
    [4, ' fully-random'],
  ]);
  const ported = (text: string): string => transported(context, (name) => `meta l4proto ${name} ${text}`);
  if (at.hook === 'postrouting' || at.hook === 'input') {
    const pool = POOL[of];
    return dice.weighted<() => string>([
      [at.hook === 'postrouting' ? 40 : 0, () => `masquerade${dice.pick(['', '', '', ' random'])}`],
      [8, () => ported(`snat ${word}to ${bracketed(dice.pick(pool))}:${dice.pick(['2100-2107', '1024-65535', '600-700'])}${flags}`)],
      [4, () => ported(`snat ${word}to ${of === 6 ? `[${pool[0]}]-[${pool.at(-1)}]` : `${pool[0]}-${pool.at(-1)}`}:2100-2109`)],
      [
        6,
        () =>
          `snat ${word}to ${of === 4 ? `ip saddr map { 10.1.0.0/24 : 198.51.100.20/31, 10.9.0.0/16 : 198.51.100.22-198.51.100.23 }` : 'ip6 saddr map { 2001:db8:1::/64 : 2001:db8:2::20/127 }'}`,
      ],
      [at.hook === 'postrouting' ? 4 : 0, () => ported(`masquerade to :${dice.pick(['2100-2107', '1024-65535'])}`)],
      [30, () => `snat ${word}to ${dice.pick(pool)}${flags}`],
      [at.hook === 'postrouting' ? 8 : 0, () => ported(`masquerade to :${dice.pick(['2000', '2000-2000'])}`)],
      [10, () => ported(`snat ${word}to ${bracketed(dice.pick(pool))}:${dice.pick([2000, 1000])}`)],
      [10, () => `snat ${word}to ${pool[0]}-${pool.at(-1)}${flags}`],
      [
        8,
        () =>
          `snat ${word}to ${of === 4 ? 'ip saddr map { 10.1.0.2 : 198.51.100.20, 10.1.0.3 : 198.51.100.21 }' : 'ip6 saddr map { 2001:db8:1::2 : 2001:db8:2::20 }'}`,
      ],
    ])();
  }
  const inner = universe.side(dice.below(universe.count), of);
  return dice.weighted<() => string>([
    [40, () => `dnat ${word}to ${dice.pick(inner)}${flags}`],
    [20, () => ported(`dnat ${word}to ${bracketed(dice.pick(inner))}:${dice.pick([80, 5060, 2000])}`)],
    [15, () => 'redirect'],
    [
      6,
      () =>
        `dnat ${word}to ${of === 4 ? dice.pick(['198.51.100.2-198.51.100.3', '10.1.0.2-10.1.0.4', '198.51.100.2/31']) : '2001:db8:2::2-2001:db8:2::3'}${flags}`,
    ],
    [4, () => ported('redirect to :2100-2107')],
    [10, () => ported(`redirect to :${dice.pick([80, 2000])}`)],
    [
      10,
      () =>
        transported(
          context,
          (name) =>
            `dnat ${word}to ${name} dport map ${of === 4 ? '{ 80 : 10.1.0.2, 443 : 10.1.0.3, 22 : 192.168.7.2 }' : '{ 80 : 2001:db8:1::2, 22 : 2001:db8:3::2 }'}`,
        ),
    ],
    [5, () => ported(`dnat to :${dice.pick([53, 2000])}`)],
  ])();
}
