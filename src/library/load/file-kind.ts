/**
 * What kind of file somebody named, told by its beginning: so that the wrong one is called by its name, with the command
 * that takes it, in place of a list of all that it is not.
 * @module
 */
import { LabError } from '../../base/error.js';

export type FileKind = 'topology' | 'flow' | 'experiment' | 'rules' | 'iptables' | 'capture' | 'baseline' | 'json' | 'junit';

interface KindWords {
  readonly noun: string;
  /** What can be done with it. */
  readonly use: (file: string) => string;
}

const KINDS: Readonly<Record<FileKind, KindWords>> = {
  topology: { noun: 'a topology', use: (file) => `check it by: callpath check ${file}; run a flow on it by: callpath run FLOW --topology ${file}` },
  flow: { noun: 'a flow', use: (file) => `check it by: callpath check ${file}; run it by: callpath run ${file}` },
  experiment: { noun: 'an experiment', use: (file) => `check it by: callpath check ${file}; run it by: callpath experiment ${file}` },
  rules: { noun: 'a file of nftables rules', use: (file) => `check it by: callpath rules check ${file}; load it by "firewall:" of a node` },
  iptables: { noun: 'what iptables-save wrote', use: (file) => `translate it by: callpath rules import ${file}` },
  capture: { noun: 'a capture', use: (file) => `look into it by: callpath where ${file} FILTER; callpath why ${file} FILTER` },
  baseline: { noun: 'a baseline', use: (file) => `hold runs against it by: callpath run --baseline ${file}` },
  json: { noun: 'JSON', use: () => 'it is not written for callpath' },
  junit: { noun: 'an XML document', use: () => 'it is not written for callpath' },
};

/** Octets of a file's beginning that tell its kind. */
export const HEAD = 65536;

/** Null where nothing tells it. @param head its beginning, {@link HEAD} octets are enough */
export function fileKind(head: Uint8Array): FileKind | null {
  if (isCapture(head)) return 'capture';
  const text = new TextDecoder().decode(head);
  if (/^\s*</.test(text)) return 'junit';
  // YAML is JSON too.
  if (/^\s*\{/.test(text)) return JSON_MARKS.find(([mark]) => mark.test(text))?.[1] ?? 'json';
  // Of the lines that are no comments the first that tells.
  for (const line of text.split('\n')) {
    const found = MARKS.find(([mark]) => mark.test(line));
    if (found !== undefined) return found[1];
  }
  return null;
}

const JSON_MARKS: readonly (readonly [RegExp, FileKind])[] = [
  [/"callpath-baseline-/, 'baseline'],
  [/"flow"\s*:/, 'flow'],
  [/"experiment"\s*:/, 'experiment'],
  [/"topology"\s*:\s*\{/, 'topology'],
];

const MARKS: readonly (readonly [RegExp, FileKind])[] = [
  [/^flow\s*:/, 'flow'],
  [/^experiment\s*:/, 'experiment'],
  // Of a flow and an experiment the topology is a text on the line of its key, and they are told before by their first key.
  [/^topology\s*:\s*(\{|#|$)/, 'topology'],
  [/^\*(filter|nat|mangle|raw|security)\s*$/, 'iptables'],
  [/^\s*(add\s+)?table\s+((ip|ip6|inet|arp|bridge|netdev)\s+)?[A-Za-z_]\w*\s*(\{|$)/, 'rules'],
  [/^\s*(flush\s+ruleset|define\s+\w+\s*=|include\s+"|#!.*\bnft\b)/, 'rules'],
];

/** pcapng's section header block, and pcap in both byte orders and both resolutions. */
function isCapture(head: Uint8Array): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = head;
  const magic = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return [0x0a0d0d0a, 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1].includes(magic);
}

/** Errors: FILE_KIND for a file that is known to be of another kind. @param wanted the kinds that would do */
export function requireKind(file: string, head: Uint8Array, ...wanted: readonly FileKind[]): void {
  const kind = fileKind(head);
  if (kind === null || wanted.includes(kind)) return;
  const [first] = wanted;
  throw new LabError('FILE_KIND', `${file} is ${KINDS[kind].noun}`, {
    ...(first !== undefined && { expected: KINDS[first].noun }),
    hint: KINDS[kind].use(file),
  });
}
