/** Expected: the IANA registry of service names and ports, as /etc/services has it. */
import { expect, it } from 'vitest';
import { refusalOf } from '../../testing/rulesets.js';
import { SERVICES } from './services.js';

it.each([
  ['domain', 53],
  ['sip', 5060],
  ['sip-tls', 5061],
  ['https', 443],
  ['ssh', 22],
  ['rtsp', 554],
  // An alias of http.
  ['www', 80],
  ['kerberos4', 750],
] as const)('the port of %s', (name, port) => expect(SERVICES.get(name)).toBe(port));

it('every port is one', () => {
  for (const [name, port] of SERVICES) expect([name, Number.isInteger(port) && port > 0 && port < 65536]).toEqual([name, true]);
});

it('a name that is not there is refused', () => {
  expect(SERVICES.has('nosuchservice')).toBe(false);
  expect(refusalOf('filter', 'tcp dport nosuchservice accept')).toBe('NFT_UNKNOWN the service "nosuchservice" is not known');
});
