import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { parseTopology } from '../../topology/topology-file.js';
import { KIND_INFOS } from '../kinds.js';
import { stunServers } from './ice-servers.js';

const parsed = parseTopology(
  `
name: ice
organisations: { contoso: { domains: [contoso.example] } }
topology:
  defaults: { segment: customer, organisation: contoso, resolvers: [] }
  nodes:
    alice: { kind: client, addresses: { eth0: [192.0.2.1/24] } }
    relay: { kind: stun, addresses: { eth0: [192.0.2.2/24, "2001:db8::2/64"] } }
  links:
    - { endpoints: ["alice:eth0", "relay:eth0"] }
`,
  'ice.lab.yaml',
  KIND_INFOS,
);
const plan = must(parsed.ok ? parsed.plan : undefined, 'a plan');

describe('STUN servers of a client', () => {
  it('none is configured: none is asked', () => expect(stunServers({ stunPort: 3478 }, plan, ['192.0.2.1'])).toEqual([]));
  it('a node stands for its addresses, of the families that the client has', () => {
    const both = [
      { address: '192.0.2.2', port: 3479 },
      { address: '2001:db8::2', port: 3479 },
    ];
    const config = { stun: 'relay', stunPort: 3479 };
    expect(stunServers(config, plan, ['192.0.2.1', '2001:db8::1'])).toEqual(both);
    expect(stunServers(config, plan, ['192.0.2.1'])).toEqual(both.slice(0, 1));
    expect(stunServers(config, plan, ['2001:db8::1'])).toEqual(both.slice(1));
    expect(stunServers(config, plan, [])).toEqual([]);
  });
  it('an address stands for itself, unless it cannot be reached', () => {
    const config = { stun: '203.0.113.9', stunPort: 3478 };
    expect(stunServers(config, plan, ['192.0.2.1'])).toEqual([{ address: '203.0.113.9', port: 3478 }]);
    expect(stunServers(config, plan, ['2001:db8::1'])).toEqual([]);
  });
});
