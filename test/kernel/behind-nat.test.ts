/**
 * Calls from behind NATs whose hosts are kernels: the NATs are emulated, so their behaviours (RFC 4787) and quirks show
 * as they do on the simulator (test/smoke/nat.test.ts).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CallpathLab, type StartedLab } from '../../src/index.js';
import type { PacketId } from '../../src/base/brand.js';
import type { DropName } from '../../src/base/drop.js';
import { KIND_INFOS } from '../../src/roles/kinds.js';
import { createDocker } from '../../src/substrate/docker/docker.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import type { Substrate } from '../../src/substrate/substrate.js';
import type { Plan } from '../../src/topology/plan.js';
import { parseOverride } from '../../src/topology/source/overrides/override.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './docker/support.js';
import { ROOT } from './support.js';

const FILE = join(ROOT, 'topologies', 'behind-nat.lab.yaml');

const compiled = compileProduct([]);
afterAll(() => {
  compiled.remove();
});
const netns = createNetns({ main: compiled.main });

function planWith(...changes: readonly string[]): Plan {
  const result = parseTopology(readFileSync(FILE, 'utf8'), FILE, KIND_INFOS, changes.map(parseOverride));
  if (!result.ok) throw new Error(result.errors.map((e) => e.message).join('\n'));
  return result.plan;
}

/** Decisions of packets that were dropped for that reason. */
function dropped(lab: Pick<StartedLab, 'ledger'>, drop: DropName): readonly string[] {
  const ledger = lab.ledger();
  return [...ledger.drops()].flatMap((id) => {
    const end = ledger.journey(id as PacketId)?.end;
    return end?.kind === 'dropped' && end.drop === drop ? [end.decision] : [];
  });
}

/** @param until seconds of lab time at which the call ends, where that is later than 5 s after its beginning */
async function call(substrate: Substrate, changes: readonly string[], until = 0) {
  await using lab = await new CallpathLab(planWith(...changes)).withSubstrate(substrate).withSeed(1).start();
  const { answered } = await lab.call('ann', 'ben');
  const answeredAt = lab.time / 1e9;
  await lab.wait(`${Math.ceil(Math.max(5, until - answeredAt))}s`);
  if (answered) await lab.hangUp('ann');
  const { findings } = lab.verify([{ ice: { between: ['ann', 'ben'], candidates: 'srflx/srflx' } }, { quality: { between: ['ann', 'ben'], loss: '< 2%' } }]);
  const [ice, quality] = findings;
  return { answered, answeredAt, ice: ice?.observed, quality: quality?.status, refused: dropped(lab, 'nat-no-mapping'), policed: dropped(lab, 'policed') };
}

const symmetric = (nat: string): string[] => ['mapping', 'filtering'].map((key) => `${nat}.config.${key}=address-and-port-dependent`);

describe('two people at home, on netns', () => {
  let usual: Awaited<ReturnType<typeof call>>;
  beforeAll(async () => {
    usual = await call(netns, []);
  }, 120_000);

  it('have media by what STUN told them, where mappings are endpoint-independent', () => {
    expect(usual).toMatchObject({ answered: true, ice: 'srflx/srflx', quality: 'pass', refused: [], policed: [] });
  });

  it('have media by what their checks told them, where one NAT maps by destination', async () => {
    expect(await call(netns, symmetric('nat-a'))).toMatchObject({ answered: true, ice: 'prflx/srflx', quality: 'pass' });
  });

  it('have none where the other NAT does not know the port', async () => {
    const { answered, ice, refused } = await call(netns, [...symmetric('nat-a'), 'nat-b.config.filtering=address-and-port-dependent']);
    expect([answered, ice]).toEqual([false, 'no pair selected']);
    expect(refused).toContain('at=nat-b stage=prerouting kind=filtered');
  });

  it('lose it once the mapping of their call has changed', async () => {
    // Well after the call began, however long the lab takes to start: twice what it took before.
    const at = Math.ceil(usual.answeredAt * 2 + 5);
    const { answered, quality, refused } = await call(netns, [`nat-a.config.quirks.mappingChange={ at: ${at}s }`], at + 5);
    expect([answered, quality]).toEqual([true, 'fail']);
    expect(new Set(refused)).toEqual(new Set(['at=nat-a stage=prerouting kind=no-mapping']));
  });

  it('hear less where marked packets are policed, and all of it where the mark is stripped before', async () => {
    const marked = ['ann.dscp=[{ ports: 50000-50019, dscp: EF }]', 'nat-b.config.quirks.police={ rate: 40kbit }'];
    const policed = await call(netns, marked);
    expect([policed.answered, policed.quality]).toEqual([true, 'fail']);
    expect(new Set(policed.policed)).toEqual(new Set(['at=nat-b stage=forward dscp=46 dev=lan']));
    expect(await call(netns, [...marked, 'nat-a.config.quirks.dscp=strip'])).toMatchObject({ answered: true, quality: 'pass', policed: [] });
  });

  it('find their clear-text SIP rewritten by a NAT with an application layer gateway', async () => {
    const invite = [
      'INVITE sip:ben@198.51.100.20 SIP/2.0',
      'Via: SIP/2.0/UDP 192.168.1.10:5060',
      'Contact: <sip:ann@192.168.1.10:5060>',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    // Asks until it is answered: when the other one listens, nobody tells.
    const ask = `const s=require('dgram').createSocket('udp4');s.on('message',()=>process.exit(0));s.bind(5060,'192.168.1.10',()=>{const go=()=>s.send(${JSON.stringify(invite)},5060,'198.51.100.20');go();setInterval(go,200)})`;
    const hear =
      "const s=require('dgram').createSocket('udp4');s.on('message',(m,r)=>{process.stdout.write(m);s.send('SIP/2.0 200 OK\\r\\n\\r\\n',r.port,r.address,()=>s.close())});s.bind(5060,'198.51.100.20')";
    const heard = async (...changes: readonly string[]): Promise<readonly string[]> => {
      await using lab = await new CallpathLab(planWith(...changes)).withSubstrate(netns).withSeed(1).start();
      const [{ stdout }] = await Promise.all([lab.exec('stun', [process.execPath, '-e', hear]), lab.exec('ann', [process.execPath, '-e', ask])]);
      return stdout.split('\r\n').filter((line) => /^(Via|Contact):/.test(line));
    };
    expect(await heard()).toEqual(['Via: SIP/2.0/UDP 192.168.1.10:5060', 'Contact: <sip:ann@192.168.1.10:5060>']);
    expect(await heard('nat-a.config.quirks.sipAlg=true')).toEqual(['Via: SIP/2.0/UDP 203.0.113.2:5060', 'Contact: <sip:ann@203.0.113.2:5060>']);
  });
});

const reason = await withoutDocker();

describe.skipIf(reason !== null)('two people at home, in containers', () => {
  beforeAll(() => {
    buildImage();
  }, 300_000);

  it('have media by what their checks told them, where one NAT maps by destination', async () => {
    expect(await call(createDocker({ image: TEST_IMAGE }), symmetric('nat-a'))).toMatchObject({ answered: true, ice: 'prflx/srflx', quality: 'pass' });
  });
});
