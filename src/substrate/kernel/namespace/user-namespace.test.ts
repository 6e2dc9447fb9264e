/**
 * Why user namespaces are refused: by the texts of unshare(1) and ip(8) and the settings that they depend on. What this
 * machine's kernel forbids is shown in test/kernel.
 */
import { describe, expect, it } from 'vitest';
import { forbidden } from './user-namespace.js';

const DENIED = 'unshare: write failed /proc/self/uid_map: Operation not permitted';

describe('a user namespace that is refused', () => {
  it.each([
    // user_namespaces(7), "ERRORS".
    ['a limit', 'unshare: unshare failed: No space left on device', {}, 'sysctl -w user.max_user_namespaces='],
    ['no user namespaces', DENIED, { 'user/max_user_namespaces': '0' }, 'sysctl -w user.max_user_namespaces='],
    ['no network namespaces', DENIED, { 'user/max_net_namespaces': '0' }, 'sysctl -w user.max_net_namespaces='],
    // Debian's own setting.
    ['a setting of Debian', DENIED, { 'kernel/unprivileged_userns_clone': '0' }, 'sysctl -w kernel.unprivileged_userns_clone=1'],
    // Ubuntu 24.04: made, but without rights.
    [
      'AppArmor',
      'RTNETLINK answers: Operation not permitted',
      { 'kernel/apparmor_restrict_unprivileged_userns': '1' },
      'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    ],
    ['a kernel without', 'unshare: unshare failed: Invalid argument', {}, 'run as root'],
    [
      'a container',
      'unshare: unshare failed: Operation not permitted',
      { 'kernel/unprivileged_userns_clone': '1', 'kernel/apparmor_restrict_unprivileged_userns': '0' },
      '--privileged --device /dev/net/tun',
    ],
  ] as const)('by %s is told with its cure', (_, said, settings, cure) => {
    const read = (path: string): string => new Map<string, string>(Object.entries(settings)).get(path.replace('/proc/sys/', '')) ?? '';
    const error = forbidden(said, (path) => `${read(path)}\n`);
    expect(error.code).toBe('KERNEL_PERMISSION');
    expect(error.message).toContain(said);
    expect(error.hint).toContain(cure);
  });

  it('is not what is wrong when a tool is missing', () => {
    expect(forbidden('unshare: failed to execute ip: No such file or directory', () => '')).toMatchObject({
      code: 'KERNEL_TOOL',
      hint: 'apt-get install iproute2',
    });
  });
});
