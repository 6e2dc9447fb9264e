/**
 * Labs for tests, on the simulator: what is asked of them, what is refused, and that nothing outlives them.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seconds } from '../../base/time.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import { CallpathLab } from './callpath-lab.js';
import type { StartedLab } from './started-lab.js';

const FILE = join(import.meta.dirname, '..', '..', '..', 'topologies', 'contoso.lab.yaml');
const folder = mkdtempSync(join(tmpdir(), 'callpath-library-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a lab for tests', () => {
  it('calls, waits, hangs up, and is judged in the words of flow files, by name or address', async () => {
    const lab = await new CallpathLab(FILE).withSeed(7).start();
    expect(await lab.call('alice', 'bob')).toMatchObject({ answered: true, status: 200 });
    const talking = lab.time;
    await lab.wait('4s');
    expect(lab.time).toBe(talking + seconds(4));
    const verdict = lab.verify([
      { 'signed-in': ['alice', 'bob@contoso.example'] },
      { media: { between: ['alice', 'bob'], is: 'local', sites: ['hq'] } },
      { quality: { between: ['alice', 'bob'], loss: '< 1%', delay: '< 50ms' } },
    ]);
    expect(verdict.findings.map(({ check, status }) => [check, status])).toEqual([
      ['signed-in/alice', 'pass'],
      ['signed-in/bob', 'pass'],
      ['media/alice-bob', 'pass'],
      ['quality/alice-bob', 'pass'],
    ]);
    expect(verdict.documented).toBe(true);
    expect(lab.verify([{ media: { between: ['alice', 'bob'], is: 'Internet' } }]).documented).toBe(false);
    expect((await lab.command('alice', 'statistics')) as unknown[]).toHaveLength(1);
    await lab.hangUp('alice');
    const stopped = await lab.stop();
    expect(stopped.observe().calls).toMatchObject([{ from: 'alice', to: 'bob' }]);
    expect(stopped.verify([{ call: { from: 'alice', to: 'bob' } }]).documented).toBe(true);
  }, 180_000);

  it('does at one time what is asked at one time, and the same with the same seed', async () => {
    const times = async (): Promise<unknown> => {
      const lab = await new CallpathLab(FILE).withSeed(3).start();
      const calls = await Promise.all([lab.call('alice', 'bob'), lab.call('carol', 'dave'), lab.wait('9s')]);
      expect(calls).toMatchObject([{ answered: true }, { answered: true }, undefined]);
      // The wait and the calls began together.
      expect(lab.time).toBeLessThan(seconds(10));
      const ledger = (await lab.stop()).ledger();
      const events = ledger.events().map(({ at, node, name }) => [at, node, name]);
      ledger.close();
      return events;
    };
    expect(await times()).toEqual(await times());
  }, 180_000);

  it('tells of a broken link by what it does to a call, and writes a capture', async () => {
    const file = join(folder, 'run.pcapng');
    const lab = await new CallpathLab(FILE).withCapture(file).start();
    await lab.setLink('bob--hq-lan', 'down');
    await expect(lab.call('alice', 'bob')).rejects.toMatchObject({ code: expect.stringMatching(/^(DNS|NET|SIP)_/) as string });
    const [finding] = lab.verify([{ call: { from: 'alice', to: 'bob' } }]).findings;
    expect(finding).toMatchObject({ status: 'fail', evidence: { why: expect.stringContaining('step call: ') as string } });
    expect((await lab.status()).links.find(({ name }) => name === 'bob--hq-lan')?.set).toEqual(['down']);
    // What was recorded is in the file while the lab lives: who ends the process loses a step at most.
    await lab.wait('1s');
    await lab.wait('1s');
    const meanwhile = readLedgerFile(file);
    expect([meanwhile.ledger.packets > 0, meanwhile.partial]).toEqual([true, true]);
    meanwhile.ledger.close();
    await lab.stop();
    const { ledger, warnings } = readLedgerFile(file);
    expect([ledger.packets > 0, warnings]).toEqual([true, []]);
    ledger.close();
  }, 180_000);

  it('refuses what it does not have, and everything once it is stopped', async () => {
    const lab = await new CallpathLab(FILE).withTimeLimit('30s').start();
    await expect(lab.call('alice', 'bobb')).rejects.toMatchObject({ code: 'FLOW_ACTOR', hint: 'did you mean "bob"?' });
    await expect(lab.setLink('er', 'los 5%')).rejects.toMatchObject({ code: 'FLOW_STEP' });
    await expect(lab.command('alice', 'dance')).rejects.toMatchObject({ code: 'ROLE_COMMAND' });
    await expect(lab.exec('alice', ['true'])).rejects.toMatchObject({ code: 'ROLE_COMMAND', expected: 'a lab on netns or docker' });
    await expect(lab.wait('a while')).rejects.toMatchObject({ code: 'CLI_USAGE' });
    await expect(lab.wait('1h')).rejects.toMatchObject({ code: 'LAB_TIME_LIMIT' });
    expect(() => lab.verify([{ media: { between: ['alice', 'bobb'], is: 'local' } }])).toThrow(
      expect.objectContaining({ code: 'FLOW_ACTOR', hint: 'did you mean "bob"?' }) as Error,
    );
    expect(() => lab.verify([{ media: { between: ['alice', 'bob'], is: 'local', sites: ['hqq'] } }])).toThrow(
      expect.objectContaining({ code: 'FLOW_EXPECTATION' }) as Error,
    );
    expect(() => lab.verify([])).toThrow(expect.objectContaining({ code: 'FLOW_SCHEMA' }) as Error);
    expect(await lab.stop()).toBe(await lab.stop());
    await expect(lab.call('alice', 'bob')).rejects.toMatchObject({ code: 'LAB_INTERRUPTED' });
  }, 180_000);

  it('ends what is under way when it is stopped', async () => {
    const lab = await new CallpathLab(FILE).withTimeLimit('200h').start();
    await lab.call('alice', 'bob');
    const waiting = lab.wait('100h');
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'LAB_INTERRUPTED' }), lab.stop()]);
  }, 180_000);

  it('does not start on bad input, with its place', async () => {
    writeFileSync(
      join(folder, 'bad.lab.yaml'),
      readFileSync(FILE, 'utf8')
        .replaceAll('firewall: ..', `firewall: ${join(dirname(FILE), '..')}`)
        .replace('kind: router', 'kind: ruoter')
        .replace('delay 4ms', 'delay 4'),
    );
    await expect(new CallpathLab(join(folder, 'bad.lab.yaml')).start()).rejects.toMatchObject({
      code: 'TOPOLOGY_UNKNOWN_KIND',
      message: expect.stringContaining('1 more') as string,
      where: { file: join(folder, 'bad.lab.yaml') },
    });
    await expect(new CallpathLab(join(folder, 'none.lab.yaml')).start()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(new CallpathLab(FILE).withSubstrate('dokker').start()).rejects.toMatchObject({ code: 'CLI_USAGE', hint: 'did you mean "docker"?' });
    expect(() => new CallpathLab(FILE).withTimeLimit('soon')).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }) as Error);
  });

  it('is stopped where its scope ends', async () => {
    const inScope = async (): Promise<StartedLab> => {
      await using lab = await new CallpathLab(FILE).start();
      await lab.wait('1s');
      return lab;
    };
    await expect((await inScope()).call('alice', 'bob')).rejects.toMatchObject({ code: 'LAB_INTERRUPTED' });
  });
});
