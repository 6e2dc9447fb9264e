import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { command, NOTHING } from './commands.js';
import { bridge } from './bridge/kind.js';
import { commandReference } from './reference.js';
import type { RoleKind } from './role.js';

const door: RoleKind = {
  ...bridge,
  kind: 'door',
  commands: {
    open: command(
      'opens it | or tries to',
      z.strictObject({ how: z.enum(['wide', 'ajar']), after: z.number().nullable(), guests: z.array(z.strictObject({ name: z.string() })) }),
      z.union([z.strictObject({ open: z.boolean(), at: z.strictObject({ time: z.number() }) }), z.strictObject({ error: z.string() })]),
    ),
    shut: command('shuts it', NOTHING, NOTHING),
    count: command('who passed, by name', NOTHING, z.record(z.string(), z.int())),
    names: command('who passed', NOTHING, z.array(z.string()).readonly()),
    state: command('how it stands', NOTHING, z.literal(['open', 'shut'])),
  },
};

describe('the reference of commands', () => {
  it('shows what goes in and comes out by names, what has parts with them, and keeps the columns of the table', () => {
    expect(commandReference([door]).get('commands of door')?.split('\n')).toEqual([
      '| command | | argument | result |',
      '|---|---|---|---|',
      '| `open` | opens it \\| or tries to | `{ how, after, guests: [{ name }, ...] }` | `{ open, at: { time } } \\| { error }` |',
      '| `shut` | shuts it |  |  |',
      '| `count` | who passed, by name |  | `{ NAME: integer }` |',
      '| `names` | who passed |  | `[string, ...]` |',
      '| `state` | how it stands |  | `"open" \\| "shut"` |',
    ]);
  });
  it('a kind without commands says so', () => expect(commandReference([bridge]).get('commands of bridge')).toBe('No commands.'));
});
