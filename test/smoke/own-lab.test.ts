import { expect, it } from 'vitest';
import { CallpathLab } from '../../src/index.js';

it('a call within an office stays in it', async () => {
  await using lab = await new CallpathLab('topologies/contoso.lab.yaml')
    .withSubstrate(process.env['LAB_ON'] ?? 'sim')
    .withSeed(1)
    .start();

  const { answered } = await lab.call('alice', 'bob');
  expect(answered).toBe(true);
  await lab.wait('5s');
  await lab.hangUp('alice');

  const { findings } = lab.verify([
    { signalling: { of: 'bob', is: 'ExpressRoute' } },
    { media: { between: ['alice', 'bob'], is: 'local', sites: ['hq'] } },
    { symmetric: { between: ['alice', 'bob'] } },
    { quality: { between: ['alice', 'bob'], loss: '< 1%' } },
  ]);
  expect(findings.filter(({ status }) => status !== 'pass')).toEqual([]);
}, 300_000);
