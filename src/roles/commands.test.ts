import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { ask, command, type Commanded, type Handlers, NOTHING, serve } from './commands.js';
import type { Json } from './role.js';

const door = {
  open: command('opens it', z.strictObject({ width: z.int().min(1).max(90), by: z.string() }), z.strictObject({ open: z.boolean() })),
  shut: command('shuts it', NOTHING, NOTHING),
  knock: command('knocks', NOTHING, z.array(z.string())),
};

const handlers: Handlers<typeof door> = {
  open: ({ width }) => ({ open: width > 10 }),
  shut: () => Promise.resolve({}),
  knock: () => ['who', 'is', 'there'],
};

describe('commands of a role', () => {
  const served = serve('front', door, handlers);

  it('are called as they were declared, typed at both ends', async () => {
    const { open } = await ask(served, door, 'open', { width: 80, by: 'alice' });
    expect(open).toBe(true);
    expectTypeOf(open).toEqualTypeOf<boolean>();
    expect(await ask(served, door, 'knock', {})).toEqual(['who', 'is', 'there']);
    expect(await ask(served, door, 'shut', {})).toEqual({});
    // @ts-expect-error a door has no bell
    await expect(ask(served, door, 'ring', {})).rejects.toThrow();
    // @ts-expect-error how wide is missing
    await expect(ask(served, door, 'open', { by: 'alice' })).rejects.toThrow();
  });

  it('an unknown command is refused, with those that there are; what every object has is none', async () => {
    await expect(served.call('ring', {})).rejects.toMatchObject({
      code: 'ROLE_COMMAND',
      message: 'front knows no command "ring"',
      expected: 'one of: open, shut, knock',
    });
    await expect(served.call('toString', {})).rejects.toMatchObject({ code: 'ROLE_COMMAND' });
    await expect(serve('wall', {}, {}).call('open', {})).rejects.toMatchObject({ expected: 'one of: none' });
  });

  it.each<[string, Json, object]>([
    ['a key that is missing', { by: 'a' }, { message: 'the argument of "open" for front: "width" is missing', expected: 'a number' }],
    ['one of another type', { width: '8', by: 'a' }, { message: 'the argument of "open" for front: "width" is the text "8"', expected: 'a number' }],
    ['one out of range', { width: 91, by: 'a' }, { message: 'the argument of "open" for front: "width" is a number 91' }],
    [
      'one that nobody knows',
      { width: 9, by: 'a', bye: 1 },
      { message: 'the argument of "open" for front: unknown key "bye"', expected: 'one of: by, width', hint: 'did you mean "by"?' },
    ],
    ['several faults', {}, { message: 'the argument of "open" for front: "width" is missing (and "by" is missing)' }],
    ['nothing at all', null, { message: 'the argument of "open" for front: the whole is empty', expected: 'a mapping' }],
  ])('a bad argument is refused before the role sees it: %s', async (_, argument, error) => {
    await expect(served.call('open', argument)).rejects.toMatchObject({ code: 'ROLE_COMMAND', ...error });
  });

  it('a result that is not as declared is refused where it is made', async () => {
    const lying = serve('back', door, { ...handlers, open: () => ({ open: 'a little' }) as never });
    await expect(lying.call('open', { width: 9, by: 'a' })).rejects.toMatchObject({
      code: 'ROLE_COMMAND',
      message: 'what back answered to "open": "open" is the text "a little"',
      expected: 'true or false',
    });
  });

  it('and where it is taken, from a role of another version say', async () => {
    const old: Commanded = { call: () => Promise.resolve('yes') };
    await expect(ask(old, door, 'open', { width: 9, by: 'a' })).rejects.toMatchObject({
      code: 'ROLE_COMMAND',
      message: 'what was answered to "open": the whole is the text "yes"',
    });
  });

  it('what a command itself throws passes as it is', async () => {
    const failing = serve('side', door, { ...handlers, shut: () => Promise.reject(new RangeError('stuck')) });
    await expect(ask(failing, door, 'shut', {})).rejects.toThrow(RangeError);
  });
});
