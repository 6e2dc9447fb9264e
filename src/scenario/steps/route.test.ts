import { describe, expect, it } from 'vitest';
import { route } from './route.js';
import { DONE } from './step-kind.js';
import { NotingStage, misfits, played, readAs } from './step.testkit.js';

/** What a node is told by the step. */
async function told(written: object): Promise<readonly string[]> {
  const stage = new NotingStage();
  expect(await played(route, written, stage)).toEqual(DONE);
  return stage.routes.map(
    ({ node, op, route: { prefix, via, dev, metric, origin } }) => `${node} ${op} ${prefix} via ${via} dev ${dev} metric ${metric} ${origin}`,
  );
}

describe('route', () => {
  it.each<[object, readonly string[]]>([
    [{ node: 'r1', to: '10.0.2.0/24', via: 'r2', dev: 'two', metric: 5 }, ['r1 replace 10.0.2.0/24 via 10.0.3.6 dev two metric 5 static']],
    [{ node: 'r1', to: '10.0.2.0/24', via: '10.0.3.2' }, ['r1 replace 10.0.2.0/24 via 10.0.3.2 dev one metric 0 static']],
    [{ node: 'r1', to: '10.0.2.9/24', dev: 'one' }, ['r1 replace 10.0.2.0/24 via null dev one metric 0 static']],
    [{ node: 'r2', to: '10.0.1.0/24', blackhole: true }, ['r2 replace 10.0.1.0/24 via null dev null metric 0 blackhole']],
    [{ node: 'r2', to: '10.0.1.0/24', metric: 10, delete: true }, ['r2 delete 10.0.1.0/24 via null dev null metric 10 static']],
    [
      { node: 'a', to: 'default', prohibit: true },
      ['a replace 0.0.0.0/0 via null dev null metric 0 prohibit', 'a replace ::/0 via null dev null metric 0 prohibit'],
    ],
    // Nobody there speaks IPv6.
    [{ node: 'a', to: 'default', via: 'r1' }, ['a replace 0.0.0.0/0 via 10.0.1.1 dev eth0 metric 0 static']],
  ])('%j', async (written, changes) => {
    expect(misfits(route, written)).toEqual([]);
    expect(await told(written)).toEqual(changes);
  });

  it.each<[object, string]>([
    [{ node: 'r9', to: 'default', via: 'r2' }, 'FLOW_STEP the topology two has no node "r9"; expected one of: a, b, fe, r1, r2; did you mean "r1"?'],
    [{ node: 'left', to: 'default', via: 'r2' }, 'FLOW_STEP "left" is a bridge: it has no routes; expected one of: a, b, fe, r1, r2'],
    [{ node: 'r1', to: 'nowhere', via: 'r2' }, 'FLOW_STEP "nowhere" is no destination of a route; expected a prefix such as 192.0.2.0/24, or default'],
    [{ node: 'r1', to: 'default', dev: 'on' }, 'FLOW_STEP "r1" has no interface "on"; expected one of: fe, lan, one, two; did you mean "one"?'],
    [{ node: 'r1', to: 'default', via: 'b' }, 'FLOW_STEP "r1" has no next hop "b" for default; expected one of: r2'],
    [{ node: 'r1', to: 'default', via: '10.0.3.1' }, 'FLOW_STEP "r1" has no next hop "10.0.3.1" for default; expected an address of one of: r2'],
  ])('%j does not fit', (written, fault) => {
    expect(misfits(route, written)).toEqual([fault]);
  });

  it.each([
    { node: 'r1', to: 'default' },
    { node: 'r1', to: 'default', via: 'r2', delete: true },
    { node: 'r1', to: 'default', blackhole: false },
    { to: 'default', via: 'r2' },
  ])('%j is no route', (written) => {
    expect(readAs(route, written)).toBeNull();
  });
});
