import { describe, expect, it } from 'vitest';
import { outerUser } from './state.js';

describe('who a user is outside', () => {
  it.each([
    // user_namespaces(7): first here, first outside, how many.
    ['the first namespace', 1000, '         0          0 4294967295\n', 1000],
    ['unshare --map-root-user', 0, '         0       1000          1\n', 1000],
    ['ranges', 1007, '0 1000 1\n1000 100000 65536\n', 100007],
    ['who is not mapped', 5, '0 1000 1\n', 5],
    ['no user namespaces', 501, '', 501],
  ])('in %s', (_, uid, map, outside) => {
    expect(outerUser(uid, map)).toBe(outside);
  });
});
