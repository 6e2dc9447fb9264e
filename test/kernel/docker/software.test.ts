/**
 * A foreign image at a node: its process finds the node's network from its first instruction, its files and variables,
 * the resolvers of the plan; its end is in the ledger; no container is left. And images of software that people have:
 * coturn as the server of our clients, node-stun as a client of our server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/base/error.js';
import { seconds } from '../../../src/base/time.js';
import { Engine } from '../../../src/substrate/docker/engine.js';
import { listContainers } from '../../../src/substrate/docker/container.js';
import { createDocker } from '../../../src/substrate/docker/docker.js';
import { LABEL } from '../../../src/substrate/docker/vocabulary.js';
import { swap } from '../../smoke/support.js';
import { findsNoNat, lacks, learnsFromCoturn, NODE_STUN, OUR_SERVER, player, withNode, WITHOUT_PHONES } from '../software-support.js';
import { coturnImage, nodeStunImage } from './foreign-images.js';
import { buildImage, containersOfMine, TEST_IMAGE, withoutDocker } from './support.js';
import { buildLab, inNode, planOf, roundTripScript } from '../support.js';

const ECHO = `
            import { createSocket } from 'node:dgram';
            import { readFileSync } from 'node:fs';
            const socket = createSocket('udp4');
            socket.on('message', (text, from) => { if (String(text) === 'end') process.exit(5); socket.send(text, from.port, from.address); });
            console.log(process.env.COLOUR, process.env.LAB_NODE, readFileSync('/lab/own.txt', 'utf8'));
            console.log(readFileSync('/etc/resolv.conf', 'utf8').split('\\n').filter((line) => line.startsWith('nameserver')).join());
            socket.bind(7, process.env.LAB_ADDRESS);`;

const topology = (image: string): string => `
name: foreign
organisations: { lab: { domains: [lab.example] } }
topology:
  defaults: { organisation: lab, segment: customer }
  nodes:
    near: { kind: router, addresses: { eth0: [192.0.2.1/30] } }
    echo:
      kind: container
      resolvers: [192.0.2.1]
      addresses: { eth0: [192.0.2.2/30] }
      config:
        image: ${image}
        entrypoint: [node]
        command: [/srv/echo.mjs]
        env: { COLOUR: blue }
        ready: { port: 7 }
        files:
          own.txt: "at \${LAB_ADDRESS}"
          /srv/echo.mjs: |${ECHO}
  links:
    - { endpoints: ["near:eth0", "echo:eth0"], impairments: delay 5ms }
`;

const reason = await withoutDocker();

describe.skipIf(reason !== null)('a container of a node', () => {
  beforeAll(() => {
    buildImage();
  }, 300_000);

  it('speaks on the links of the lab, and its end is told', async () => {
    const { lab, finish } = await buildLab(createDocker({ image: TEST_IMAGE }), planOf(topology(TEST_IMAGE)));
    let output: unknown;
    let trips: number[] = [];
    try {
      await lab.run(async () => {
        trips = JSON.parse(await inNode(lab, 'near', process.execPath, '-e', roundTripScript('192.0.2.1', '192.0.2.2', 7, 5))) as number[];
        const ended = lab.role('echo').call('wait', {});
        await inNode(lab, 'near', process.execPath, '-e', `const s=require('dgram').createSocket('udp4');s.send('end',7,'192.0.2.2',()=>s.close())`);
        expect(await ended).toEqual({ code: 5, signal: null });
        output = await lab.role('echo').call('output', {});
      }, seconds(30));
    } finally {
      const ledger = await finish();
      expect(
        ledger
          .events()
          .filter((event) => event.node === 'echo')
          .map(({ name, fields }) => [name, fields['code']]),
      ).toEqual([
        ['program-started', undefined],
        ['program-ready', undefined],
        ['program-ended', '5'],
      ]);
      ledger.close();
    }
    expect(trips).toHaveLength(5);
    for (const trip of trips) expect(trip).toBeGreaterThanOrEqual(10);
    expect(output).toBe('blue echo at 192.0.2.2\nnameserver 192.0.2.1\n');
    expect(await containersOfMine()).toEqual([]);
  }, 300_000);

  it('that runs when the lab ends is removed; an image that is not there is told', async () => {
    const { finish } = await buildLab(createDocker({ image: TEST_IMAGE }), planOf(topology(TEST_IMAGE)));
    const engine = await Engine.connect();
    expect((await listContainers(engine, [LABEL.program])).length).toBeGreaterThan(0);
    (await finish()).close();
    engine.close();
    expect(await containersOfMine()).toEqual([]);
    const failed = await buildLab(createDocker({ image: TEST_IMAGE }), planOf(topology('no.such/image:1'))).then(
      () => null,
      (error: unknown) => error,
    );
    expect(LabError.is(failed) && [failed.code, failed.message]).toEqual(['DOCKER_IMAGE', 'there is no image "no.such/image:1"']);
    expect(await containersOfMine()).toEqual([]);
  }, 300_000);
});

describe.skipIf(reason !== null)('software that people have, as images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-software-'));
  const play = player(createDocker({ image: TEST_IMAGE }), folder);
  beforeAll(() => {
    buildImage();
  }, 300_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    expect(await containersOfMine()).toEqual([]);
  });

  it.skipIf(lacks('turnserver'))(
    'coturn tells our client how it looks from outside',
    async () => {
      const image = await coturnImage();
      const contained = [
        swap(/( {4}coturn:\n {6})kind: process/, '$1kind: container'),
        swap('command: [turnserver, -c, "${LAB_DIR}/turnserver.conf"]', `image: ${image}\n        command: [-c, "\${LAB_DIR}/turnserver.conf"]`),
      ];
      await learnsFromCoturn(play, [...WITHOUT_PHONES, ...contained]);
    },
    400_000,
  );

  it.skipIf(lacks(NODE_STUN))(
    'node-stun finds at our server that no NAT is on the way',
    async () => {
      const image = await nodeStunImage();
      await findsNoNat(play, withNode('container', 'probe', '198.51.100.50', [`image: ${image}`, `command: [-s, ${OUR_SERVER}]`, 'autostart: false']));
    },
    400_000,
  );
});
