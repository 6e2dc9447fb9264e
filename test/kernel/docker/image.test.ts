/**
 * The lab's image as its users have it: a container of it, started by testcontainers with no network, no rights and no
 * daemon, runs the flows on the simulator and leaves a capture.
 */
import { buffer, text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { GenericContainer, Wait } from 'testcontainers';
import type { StartedTestContainer } from 'testcontainers';
import { tool } from '../../smoke/support.js';
import { buildImage, TEST_IMAGE, withoutDocker } from './support.js';

const reason = await withoutDocker();

const logsOf = async (container: StartedTestContainer): Promise<string> => text(await container.logs());

describe.skipIf(reason !== null)('the image', () => {
  beforeAll(() => {
    buildImage();
  }, 300_000);

  const bare = (...command: string[]): GenericContainer =>
    new GenericContainer(TEST_IMAGE)
      .withCommand(command)
      .withNetworkMode('none')
      .withUser('65534:65534')
      .withDroppedCapabilities('ALL')
      // That it has ended well is what is waited for.
      .withWaitStrategy(Wait.forOneShotStartup().withStartupTimeout(240_000));

  it('runs a flow on the simulator: its verdict, and a capture', async () => {
    const container = await bare('run', 'hybrid-p2p-mixed', '--out', '/tmp').start();
    try {
      expect(await logsOf(container)).toContain('as documented');
      const archive = await container.copyArchiveFromContainer('/tmp/hybrid-p2p-mixed.pcapng');
      const bytes = await buffer(archive);
      // A section header block in a tar archive's first file: the octets of its byte-order magic.
      expect(bytes.subarray(512, 524).toString('hex')).toMatch(/^0a0d0d0a.{8}4d3c2b1a$/);
    } finally {
      await container.stop();
    }
  }, 300_000);

  it("says what it can do when it is asked nothing, and its exit code is the command line's", async () => {
    const container = await bare().start();
    expect(await logsOf(container)).toContain('Usage: callpath');
    await container.stop();
    const list = await bare('experiment', '--list').start();
    expect(await logsOf(list)).toContain('experiments; run one with');
    await list.stop();
    await expect(bare('run', 'no-such-flow').start()).rejects.toThrow();
    // One that did not start is removed by testcontainers.
    expect(tool('docker', 'ps', '-aq', '--filter', `ancestor=${TEST_IMAGE}`)).toBe('');
  }, 300_000);
});
