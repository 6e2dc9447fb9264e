import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileKind, requireKind } from './file-kind.js';
import { readText, requireCapture } from './files.js';
import { checkFile } from './check.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'callpath-kinds-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the kind of a file', () => {
  it.each([
    ['topologies', '.lab.yaml', 'topology'],
    ['lab/flows', '.flow.yaml', 'flow'],
    ['lab/experiments', '.experiment.yaml', 'experiment'],
    ['lab/rules', '.nft', 'rules'],
    ['lab/rules', '.rules', 'iptables'],
  ])('%s: each *%s is told to be of the kind %s', (where, ending, kind) => {
    const files = readdirSync(join(ROOT, where)).filter((name) => name.endsWith(ending));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(fileKind(readFileSync(join(ROOT, where, file))), file).toBe(kind);
  });

  it.each([
    ['{"format": "callpath-baseline-1", "flows": {}}', 'baseline'],
    ['{"name": "x"}', 'json'],
    ['{"name": "x", "topology": {}}', 'topology'],
    ['{"flow": "x", "topology": "y"}', 'flow'],
    ['<?xml version="1.0"?>', 'junit'],
    ['# nothing\n', null],
    ['topology: x.lab.yaml\n', null],
    ['add table inet f\n', 'rules'],
  ])('%j is %s', (text, kind) => {
    expect(fileKind(bytes(text))).toBe(kind);
  });

  it('captures by their magic numbers (pcapng; pcap in either byte order)', () => {
    expect(
      [
        [0x0a, 0x0d, 0x0d, 0x0a],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
      ].map((head) => fileKind(Uint8Array.from(head))),
    ).toEqual(['capture', 'capture', 'capture']);
  });

  it('a wrong one is called by its name, with what takes it; one that nothing tells is left to who reads it', () => {
    expect(() => {
      requireKind('a.nft', bytes('table inet f {\n}\n'), 'flow');
    }).toThrow(
      expect.objectContaining({
        code: 'FILE_KIND',
        message: 'a.nft is a file of nftables rules',
        expected: 'a flow',
        hint: 'check it by: callpath rules check a.nft; load it by "firewall:" of a node',
      }) as Error,
    );
    requireKind('a.yaml', bytes('name: x\n'), 'flow');
    const flow = join(folder, 'a.flow.yaml');
    writeFileSync(flow, 'flow: a\ntopology: x.lab.yaml\n');
    expect(() => {
      requireCapture(flow);
    }).toThrow(expect.objectContaining({ code: 'FILE_KIND' }) as Error);
    requireCapture(join(folder, 'none.pcapng'));
  });
});

describe('a text that somebody names', () => {
  it('a device without an end is given up, and a capture is told before its octets are looked at', () => {
    expect(() => readText('/dev/zero')).toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE', message: "/dev/zero can't be read: it holds more than 64 MiB" }) as Error,
    );
    expect(() => checkFile('/dev/zero')).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }) as Error);
    expect(() => checkFile('/dev/null')).toThrow();
    const capture = join(folder, 'a.pcapng');
    writeFileSync(capture, Uint8Array.from([0x0a, 0x0d, 0x0d, 0x0a, 0xff, 0xfe]));
    expect(() => checkFile(capture)).toThrow(expect.objectContaining({ code: 'FILE_KIND', message: `${capture} is a capture` }) as Error);
  });
});
