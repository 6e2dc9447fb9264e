/**
 * Calls from behind NATs: what RFC 4787 says of a NAT's behaviours shows in what ICE makes of it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CallpathLab, type StartedLab } from '../../src/index.js';
import type { PacketId } from '../../src/base/brand.js';
import { KIND_INFOS } from '../../src/roles/kinds.js';
import type { Plan } from '../../src/topology/plan.js';
import { parseOverride } from '../../src/topology/source/overrides/override.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { ROOT } from './support.js';

const FILE = join(ROOT, 'topologies', 'behind-nat.lab.yaml');

function planWith(...changes: readonly string[]): Plan {
  const result = parseTopology(readFileSync(FILE, 'utf8'), FILE, KIND_INFOS, changes.map(parseOverride));
  if (!result.ok) throw new Error(result.errors.map((e) => e.message).join('\n'));
  return result.plan;
}

/** Decisions of the packets that a NAT would not let in. */
function refusals(lab: StartedLab): readonly string[] {
  const ledger = lab.ledger();
  return [...ledger.drops()].flatMap((id) => {
    const end = ledger.journey(id as PacketId)?.end;
    return end?.kind === 'dropped' && end.drop === 'nat-no-mapping' ? [end.decision] : [];
  });
}

async function call(...changes: readonly string[]) {
  await using lab = await new CallpathLab(planWith(...changes)).withSeed(1).start();
  const { answered } = await lab.call('ann', 'ben');
  await lab.wait('10s');
  await lab.hangUp('ann');
  const { findings } = lab.verify([{ ice: { between: ['ann', 'ben'], candidates: 'srflx/srflx' } }, { quality: { between: ['ann', 'ben'], loss: '< 1%' } }]);
  const [ice, quality] = findings;
  return { answered, ice: ice?.observed, quality: quality?.status, refusals: refusals(lab) };
}

const symmetric = (nat: string): string[] => ['mapping', 'filtering'].map((key) => `${nat}.config.${key}=address-and-port-dependent`);

describe('two people at home have media', () => {
  it('by what STUN told them, where mappings are endpoint-independent', async () => {
    expect(await call()).toEqual({ answered: true, ice: 'srflx/srflx', quality: 'pass', refusals: [] });
  });

  it('by what their checks told them, where one NAT maps by destination and the other one lets everybody in', async () => {
    expect(await call(...symmetric('nat-a'))).toMatchObject({ answered: true, ice: 'prflx/srflx', quality: 'pass' });
  });
});

describe('two people at home have no media', () => {
  it('where one NAT maps by destination, and the other one does not know the port', async () => {
    const { answered, ice, refusals: why } = await call(...symmetric('nat-a'), 'nat-b.config.filtering=address-and-port-dependent');
    expect([answered, ice]).toEqual([false, 'no pair selected']);
    expect(why).toContain('at=nat-b stage=prerouting kind=filtered');
  });

  it('where both map by destination, whoever they let in', async () => {
    const mapping = ['nat-a', 'nat-b'].map((nat) => `${nat}.config.mapping=address-and-port-dependent`);
    expect(await call(...mapping)).toMatchObject({ answered: false, ice: 'no pair selected' });
  }, 120_000);

  it('any more, once the mapping of a call has changed', async () => {
    const { answered, quality, refusals: why } = await call('nat-a.config.quirks.mappingChange={ at: 8s }');
    expect([answered, quality]).toEqual([true, 'fail']);
    expect(new Set(why)).toEqual(new Set(['at=nat-a stage=prerouting kind=no-mapping']));
  });
});
