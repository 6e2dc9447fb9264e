import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_DECISION, type NodeId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { LabError } from '../../base/error.js';
import { millis } from '../../base/time.js';
import { setU16 } from '../../wire/bytes.js';
import { FileSink, FileSource } from '../store/byte-store.js';
import { echoPayload, ipv4Frame, ipv6Frame, linkEnd, packetOf, playRandom, seenAt, smallLab, tcpPayload, udpPayload } from '../testing/small-lab.js';
import { describeWith, inFolder, judged } from '../testing/tools.js';
import { compileFilter } from './compile.js';
import { CAPTURE_FIELD_TABLE } from './fields.js';
import { selectFrames } from './select.js';

function frames(path: string, filter: string): readonly number[] {
  return selectFrames(new FileSource(path), compileFilter(filter, CAPTURE_FIELD_TABLE)).frames;
}

/** A capture with some of everything. */
function write(path: string): void {
  const lab = smallLab(new FileSink(path));
  let now = playRandom(lab, 150, 4);
  const text = Uint8Array.from('OPTIONS sip:bob SIP/2.0', (c) => c.charCodeAt(0));
  const quoted = ipv4Frame('10.9.9.9', '10.8.8.8', 17, udpPayload(4000, 4001, text)).subarray(14, 14 + 28);
  const unreachable = new Uint8Array(8 + quoted.length);
  unreachable.set([3, 3]);
  unreachable.set(quoted, 8);
  const neighbour = new Uint8Array(24);
  neighbour[0] = 135;
  const later = new Uint8Array(64).fill(0x5a);
  const extra = [
    ipv4Frame('192.168.7.1', '203.0.113.9', 17, udpPayload(5060, 5060, text)),
    ipv4Frame('192.168.7.1', '192.168.7.1', 17, udpPayload(5060, 5062, Uint8Array.of(0, 1, 2, 0xff))),
    ipv4Frame('192.0.2.1', '10.9.9.9', 1, unreachable),
    ipv4Frame('10.0.0.5', '203.0.113.9', 17, later, 0x00b9),
    ipv4Frame('10.0.0.5', '203.0.113.9', 6, tcpPayload(40000, 443, 0x80000000, 0x02, new Uint8Array(0)), 0),
    ipv4Frame('10.0.0.5', '203.0.113.9', 6, tcpPayload(40000, 443, 0x80000001, 0x18, text), 0),
    ipv6Frame('fe80::1', 'ff02::1', 58, neighbour),
    ipv6Frame('2001:db8::5', '2001:db8:9::1', 58, echoPayload(128, 99, 3)),
    ipv4Frame('10.0.0.5', '203.0.113.9', 1, echoPayload(8, 99, 3)),
    ipv4Frame('10.0.0.5', '203.0.113.9', 132, new Uint8Array(40)),
    new Uint8Array(20),
  ];
  for (const [k, frame] of extra.entries()) {
    if (k === 5) setU16(frame, 18, 0x1234);
    const p = packetOf(frame, 9000 + k);
    now = (now + 1_000_000) as typeof now;
    lab.recorder.sent(seenAt(p, now), linkEnd(1, 0), DROP.NONE);
    if (k === 0) lab.recorder.dropped(seenAt(p, now), 2 as NodeId, DROP.FIREWALL_POLICY, NO_DECISION);
  }
  lab.recorder.close((now + millis(1)) as typeof now);
}

const FILTERS = [
  'frame',
  'frame.number == 5',
  'frame.number in {1, 3..6, 40}',
  'frame.len > 200',
  'frame.cap_len <= 0x50',
  'frame.time_relative > 0.75',
  'frame.time_relative <= 0.1',
  'frame.packet_id == 9003',
  'frame.packet_id',
  'frame.packet_id != 9003',
  'frame.interface_name == "l2:fw1"',
  'frame.interface_name contains "node:"',
  'frame.interface_name matches "^L[12]:R1$"',
  'frame.interface_description contains "segment=expressroute"',
  'frame.interface_id == 2',
  'frame.comment',
  'frame.comment contains "rule=7"',
  'frame.comment matches "DROP=firewall-(rule|policy)"',
  'not frame.comment',
  'frame.verdict.hw',
  'frame.verdict.hw == 0e',
  'frame contains "sip:bob"',
  'frame contains 5a:5a:5a',
  'frame.packet_flags_direction == 2',
  'eth.type == 0x88b5',
  'eth.addr == 02:00:00:00:00:01',
  'eth.dst != 02-00-00-00-00-02',
  'eth.src[0:3] == 02:00:00',
  'eth.src[5] == 01',
  'eth.src[4-5] == 00:01',
  'arp',
  'arp.opcode == 1',
  'arp.dst.proto_ipv4 == 10.0.0.1',
  'arp.src.hw_mac == 02:00:00:00:00:01',
  'arp && !ip',
  'ip',
  '!ip',
  'ip.addr == 10.0.0.5',
  'ip.addr != 10.0.0.5',
  '!(ip.addr == 10.0.0.5)',
  'ip.addr !== 10.0.0.5',
  'ip.addr === 192.168.7.1',
  'ip.src == ip.dst',
  'ip.addr == 10.0.0.0/8',
  'ip.addr != 10.0.0.0/8',
  'ip.src eq 192.168.0.0/16 and ip.dst ne 203.0.113.9',
  'ip.addr in {192.168.0.0/16, 192.0.2.1}',
  'ip.src > 100.0.0.0',
  'ip.ttl == 0x40',
  'ip.ttl == 0100',
  'ip.proto == 6 || ip.proto == 132',
  'ip.dsfield.dscp == 46',
  'ip.dsfield.ecn == 0',
  'ip.dsfield == 0xb8',
  'ip.id == 0x1234',
  'ip.len lt 60',
  'ip.hdr_len == 20',
  'ip.flags.df == 1',
  'ip.flags.df == FALSE',
  'ip.flags.mf == TRUE',
  'ip.flags.df',
  'ip.frag_offset > 0',
  'ip.frag_offset == 185',
  'ip.version == 4',
  'ip.checksum != 0',
  'ipv6',
  'ipv6.addr == 2001:db8::5',
  'ipv6.addr == 2001:db8::/32',
  'ipv6.src == fe80::/10',
  'ipv6.dst != ff02::1',
  'ipv6.hlim == 64',
  'ipv6.nxt == 17',
  'ipv6.plen > 100',
  'ipv6.tclass.dscp == 0',
  'ipv6.flow == 0',
  'ipv6.dst in {ff02::1, 2001:db8:9::1}',
  'icmp',
  'icmp.type == 3',
  'icmp.type == 8 and icmp.ident == 99',
  'icmp.seq == 3',
  'icmp.code == 3',
  'icmpv6.type == 135',
  'icmpv6',
  'icmpv6.echo.identifier == 99',
  'icmpv6.echo.sequence_number == 3',
  'udp',
  'udp.port == 3478',
  'udp.port == 4000',
  'udp.srcport != 5060',
  'udp.port != 5060',
  'udp.dstport in {5060..5062}',
  'udp.port not in {3478}',
  'udp.length > 100',
  'udp.payload contains "OPTIONS"',
  'udp.payload == 00:01:02:ff',
  'udp.payload matches "^options sip:[a-z]+"',
  'udp.payload[0:2] == 00:01',
  'udp.port == 5060 and ip or ipv6 and udp',
  'not udp and not tcp or arp',
  'tcp',
  'tcp.port == 5061',
  'tcp.flags.syn == 1',
  'tcp.flags.syn == 1 && tcp.flags.ack == 0',
  'tcp.flags.syn',
  'tcp.flags == 0x018',
  'tcp.flags.reset == True',
  'tcp.flags.fin eq 1 or tcp.flags.push eq 1',
  'tcp.seq_raw >= 0x80000000',
  'tcp.seq_raw == 2147483649',
  'tcp.len == 0',
  'tcp.len > 100',
  'tcp.hdr_len == 20',
  'tcp.window_size_value == 8192',
  'tcp.payload contains 53:49:50',
  'tcp.srcport ge 50002',
  'tcp.dstport == 443',
  'ip.proto == udp.length',
  'tcp.srcport > tcp.dstport',
  'not not udp',
  '((udp))',
];

const TSHARK = ['-n', '-o', 'ip.defragment:FALSE', '-o', 'tcp.desegment_tcp_streams:FALSE'];

/** What tshark selects, per filter: by its Lua taps in one pass, or by a pass per filter where it has no Lua. */
function tsharkSelects(file: string, script: string, filters: readonly string[]): readonly (readonly number[])[] {
  const numbers = (text: string): readonly number[] => text.split('\n').filter(Boolean).map(Number);
  if (!judged('tshark', ['-v']).includes('with Lua')) {
    return filters.map((filter) => numbers(judged('tshark', [...TSHARK, '-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.number'])));
  }
  writeFileSync(
    script,
    `for i, filter in ipairs({ ${filters.map((f) => JSON.stringify(f)).join(', ')} }) do
       local tap = Listener.new("frame", filter)
       function tap.packet(pinfo) print(i .. " " .. pinfo.number) end
     end`,
  );
  const selected = filters.map((): number[] => []);
  for (const line of judged('tshark', [...TSHARK, '-q', '-X', `lua_script:${script}`, '-r', file]).split('\n')) {
    const [filter, frame] = line.split(' ').map(Number);
    if (filter !== undefined && frame !== undefined) selected[filter - 1]?.push(frame);
  }
  return selected;
}

describeWith(describe, ['tshark'], 'filters select what tshark selects', () => {
  test(`${FILTERS.length} filters`, () => {
    expect(FILTERS.length).toBeGreaterThanOrEqual(40);
    inFolder((path) => {
      const file = path('all.pcapng');
      write(file);
      const theirs = tsharkSelects(file, path('taps.lua'), FILTERS);
      const differ: unknown[] = [];
      let selecting = 0;
      for (const [i, filter] of FILTERS.entries()) {
        const ours = frames(file, filter);
        if (ours.length > 0) selecting++;
        const other = theirs[i]!;
        if (ours.join() !== other.join()) differ.push({ filter, ours: ours.filter((n) => !other.includes(n)), theirs: other.filter((n) => !ours.includes(n)) });
      }
      expect(differ).toEqual([]);
      // The rest would prove nothing.
      expect(selecting / FILTERS.length).toBeGreaterThan(0.9);
    });
  });
});

function mistake(filter: string): { readonly code: string; readonly column: number | undefined; readonly hint: string | undefined } {
  try {
    compileFilter(filter, CAPTURE_FIELD_TABLE);
  } catch (e) {
    if (LabError.is(e)) return { code: e.code, column: e.where?.column, hint: e.hint };
    throw e;
  }
  return { code: 'none', column: undefined, hint: undefined };
}

test.each([
  ['', 'FILTER_SYNTAX', 1],
  ['ip.addr ==', 'FILTER_SYNTAX', 11],
  ['ip.addr == 10.0.0.1 udp', 'FILTER_SYNTAX', 21],
  ['(udp', 'FILTER_SYNTAX', 5],
  ['udp )', 'FILTER_SYNTAX', 5],
  ['udp and and tcp', 'FILTER_SYNTAX', 9],
  ['== 3', 'FILTER_SYNTAX', 1],
  ['frame.comment == "open', 'FILTER_SYNTAX', 18],
  ['frame.comment == r"open', 'FILTER_SYNTAX', 18],
  ['udp.port in {1 2}', 'FILTER_SYNTAX', 16],
  ['udp.port in 5', 'FILTER_SYNTAX', 13],
  ['udp.port == §', 'FILTER_SYNTAX', 13],
  ['frame.comment matches "["', 'FILTER_SYNTAX', 23],
  ['eth.src[x] == 01', 'FILTER_SYNTAX', 9],
  ['eth.src[5-3] == 01', 'FILTER_SYNTAX', 9],
  [`${'!'.repeat(300)}udp`, 'FILTER_SYNTAX', 201],
  ['udp.port == 70000', 'FILTER_TYPE', 13],
  ['udp.port == "5060"', 'FILTER_TYPE', 13],
  ['udp.port == five', 'FILTER_TYPE', 13],
  ['udp.port == -1', 'FILTER_TYPE', 13],
  ['udp.port contains "1"', 'FILTER_TYPE', 10],
  ['udp.port matches "1"', 'FILTER_TYPE', 10],
  ['frame.comment matches 5', 'FILTER_TYPE', 23],
  ['frame.comment == 5', 'FILTER_TYPE', 18],
  ['ip.addr == 10.0.0', 'FILTER_TYPE', 12],
  ['ip.addr == 10.0.0.0/33', 'FILTER_TYPE', 12],
  ['ip.addr == 2001:db8::1', 'FILTER_TYPE', 12],
  ['ipv6.addr == 10.0.0.1', 'FILTER_TYPE', 14],
  ['ip.src == udp.port', 'FILTER_TYPE', 11],
  ['eth.src == 02:00', 'FILTER_TYPE', 12],
  ['udp.payload == 0:1', 'FILTER_TYPE', 16],
  ['frame.time_relative > soon', 'FILTER_TYPE', 23],
  ['ip.flags.df == 2x', 'FILTER_TYPE', 16],
  ['ip.flags.df > 0', 'FILTER_TYPE', 13],
  ['udp == 5', 'FILTER_TYPE', 5],
  ['udp in {5}', 'FILTER_TYPE', 1],
  ['udp.port[0:1] == 01', 'FILTER_TYPE', 1],
  ['udp and udp.prot == 5', 'FILTER_UNKNOWN_FIELD', 9],
])('%j is %s at column %i', (filter, code, column) => {
  expect(mistake(filter)).toMatchObject({ code, column });
});

test('an unknown field is answered with near names', () => {
  expect(mistake('udp.prot == 5').hint).toBe('did you mean udp.port?');
  expect(mistake('ip.adr').hint).toMatch(/ip\.addr/);
  expect(mistake('zzzzzzzz').hint).toBeUndefined();
});

test("the lab's own fields", () => {
  inFolder((path) => {
    const file = path('all.pcapng');
    write(file);
    const same = (mine: string, wireshark: string): void => {
      const selected = frames(file, mine);
      expect(selected.length, mine).toBeGreaterThan(0);
      expect(selected, mine).toEqual(frames(file, wireshark));
    };
    same('lab.link == "l2"', 'frame.interface_name matches "^l2:"');
    same('lab.segment == "expressroute"', 'frame.interface_name matches "^l2:"');
    same('lab.group == "er circuits"', 'frame.interface_name matches "^l2:"');
    same('lab.node == "bob"', 'frame.interface_name matches ":bob$" or frame.comment contains "at=bob event"');
    same('lab.drop == "firewall-rule"', 'frame.verdict.hw == 0e');
    same('lab.drop', 'frame.verdict.hw');
    same('lab.event == "signed-in"', 'eth.type == 0x88b5');
    same('lab.decision contains "rule=7"', 'frame.comment contains "rule=7"');
    expect(frames(file, 'lab.decision and lab.event')).toEqual([]);
  });
});

test('property: no text makes the compiler fail in any other way than by a LabError with a column', () => {
  const words = [
    'udp',
    'ip.addr',
    'frame.comment',
    'eth.src',
    '==',
    '!=',
    'in',
    '{',
    '}',
    '(',
    ')',
    '[0:2]',
    '..',
    ',',
    '!',
    'not',
    'and',
    '||',
    '10.0.0.0/8',
    '"a',
    '"b"',
    '5',
    '::',
    'matches',
    'contains',
    '\\',
    'é',
  ];
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((w) => w.join(' ')),
      ),
      (text) => {
        const { code, column } = mistake(text);
        expect(code === 'none' || (column !== undefined && column >= 1 && column <= text.length + 1)).toBe(true);
      },
    ),
    { seed: 7, numRuns: 2000 },
  );
});
