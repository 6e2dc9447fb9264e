/**
 * The example of a node kind, in labs on the simulator: its commands, its config, its events in the ledger.
 */
import { expect, it } from 'vitest';
import type { PacketId } from '../../../../src/base/brand.js';
import { CallpathLab, KINDS, parseTopology, type Plan } from '../../../../src/index.js';
import { echo } from './kind.js';

const kinds = new Map([...KINDS, [echo.kind, echo]]);

const TOPOLOGY = `
name: echoes
topology:
  nodes:
    near: { kind: echo, site: hq, addresses: { eth0: [192.0.2.1/24, "2001:db8:1::1/64"] } }
    rt: { kind: router, site: hq, addresses: { a: [192.0.2.254/24, "2001:db8:1::ff/64"], b: [198.51.100.254/24, "2001:db8:2::ff/64"] } }
    far: { kind: echo, site: branch, addresses: { eth0: [198.51.100.1/24, "2001:db8:2::1/64"] }, config: { port: 7007 } }
  links:
    - { name: here, endpoints: ["near:eth0", "rt:a"], impairments: delay 5ms }
    - { name: there, endpoints: ["far:eth0", "rt:b"], impairments: delay 10ms }
`;

function planOf(text: string): Plan {
  const result = parseTopology(text, 'echoes.lab.yaml', kinds);
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.plan;
}

const started = () => new CallpathLab(planOf(TOPOLOGY)).withKinds(kinds).start();

it.each([
  ['IPv4', '198.51.100.1'],
  ['IPv6', '2001:db8:2::1'],
])('%s: every datagram comes back, after what the links take', async (_, to) => {
  await using lab = await started();
  // 5 ms and 10 ms, there and back; neighbours are known after the first datagram.
  expect(await lab.command('near', 'probe', { to, port: 7007, datagrams: 4 })).toEqual({ answered: 4, roundTrip: 30e6 });
  expect(await lab.command('far', 'count')).toEqual({ datagrams: 4, octets: 4 });
  expect(await lab.command('near', 'count')).toEqual({ datagrams: 0, octets: 0 });
});

it('an answer names the datagram that it answers', async () => {
  await using lab = await started();
  await lab.command('near', 'probe', { to: '198.51.100.1', port: 7007, datagrams: 1 });
  const ledger = lab.ledger();
  const [flow] = ledger.flows().filter(({ protocol }) => protocol === 17);
  const [question, answer] = [...ledger.packetsOf(flow!.id)] as PacketId[];
  expect(ledger.journey(answer!)?.causes).toEqual([question]);
  ledger.close();
});

it('what is lost does not come back, and where nobody listens there is no answer', async () => {
  await using lab = await started();
  await lab.setLink('there', 'down');
  expect(await lab.command('near', 'probe', { to: '198.51.100.1', port: 7007, datagrams: 2 })).toEqual({ answered: 0, roundTrip: null });
  await lab.setLink('there', 'up');
  expect(await lab.command('near', 'probe', { to: '198.51.100.1', port: 7, datagrams: 1 })).toEqual({ answered: 0, roundTrip: null });
  expect(await lab.command('far', 'count')).toEqual({ datagrams: 0, octets: 0 });
});

it('commands are held to their declaration', async () => {
  await using lab = await started();
  await expect(lab.command('near', 'probe', { to: '198.51.100.1', port: 7007, datagrams: 0 })).rejects.toMatchObject({ code: 'ROLE_COMMAND' });
  await expect(lab.command('near', 'shout')).rejects.toThrow('near knows no command "shout"');
});

it('the plan knows what it is, and a bad config is told with its place', () => {
  expect(planOf(TOPOLOGY).nodes.find(({ name }) => name === 'far')).toMatchObject({ kind: 'echo', traits: { is: 'server' }, config: { port: 7007 } });
  const bad = parseTopology(TOPOLOGY.replace('port: 7007', 'port: 0'), 'echoes.lab.yaml', kinds);
  expect(bad.ok ? [] : bad.errors.map(({ where }) => where?.line)).toEqual([7]);
});
