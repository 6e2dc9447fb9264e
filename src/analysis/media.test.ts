import { expect, it } from 'vitest';
import type { FlowId } from '../base/brand.js';
import type { Flow } from '../capture/ledger.js';
import { PLAN, addressOf } from './ledger.testkit.js';
import { placeFlows } from './media.js';

const POOL = '198.51.100.7';
const placed = (protocol: number, a: string, b: string, ...aliases: readonly (readonly [string, string])[]): unknown => {
  const flow: Flow = { id: 1 as FlowId, protocol, a, b, aliases: aliases.map(([x, y]) => ({ protocol, a: x, b: y })), packets: 1 };
  const found = placeFlows([flow], PLAN).get(flow.id);
  return found === undefined ? null : [found.from.name, found.to.name, found.medium];
};

it('places a flow by whichever of its names leads to a node', () => {
  const [bob, home, fe] = [addressOf('bob'), addressOf('online-fe'), addressOf('dc-fe')];
  expect(placed(6, `${bob}:40000`, `${home}:443`)).toEqual(['bob', 'online-fe', 'signalling']);
  // Source translated on the way; and met first from outside, for a published address.
  expect(placed(6, `${bob}:40000`, `${home}:443`, [`${POOL}:1024`, `${home}:443`])).toEqual(['bob', 'online-fe', 'signalling']);
  expect(placed(6, `${home}:40000`, `${POOL}:5061`, [`${home}:40000`, `${fe}:5061`])).toEqual(['online-fe', 'dc-fe', 'signalling']);
  // A router whose own address a translation uses is not who speaks.
  expect(placed(17, `${addressOf('ce')}:53000`, `${addressOf('public-dns')}:53`, [`${addressOf('dns')}:53000`, `${addressOf('public-dns')}:53`])).toEqual([
    'dns',
    'public-dns',
    'dns',
  ]);
  expect(placed(6, `${bob}:40000`, `${POOL}:443`)).toBeNull();
});
