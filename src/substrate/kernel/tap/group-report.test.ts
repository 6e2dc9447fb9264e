import { describe, expect, it } from 'vitest';
import { hex } from '../../../wire/bytes.js';
import { isGroupReport } from './tap-port.js';

/** What Linux 6 sends when an interface comes up: RFC 3810 5.2, version 2 report, one record. */
const REPORT = hex(
  '333300000016 02000000000a 86dd' +
    '6000000000240001 fe80000000000000000000fffe000001 ff020000000000000000000000000016' +
    '3a00050200000100' + // hop-by-hop: next header ICMPv6, router alert (RFC 2711), PadN
    '8f00000000000001 04000000 ff0200000000000000000001ff000001',
);

describe('reports of multicast groups', () => {
  it('are told from everything else', () => {
    expect(isGroupReport(REPORT, 0, REPORT.length)).toBe(true);
    const echo = REPORT.slice();
    echo[14 + 40 + 8] = 128;
    expect(isGroupReport(echo, 0, echo.length)).toBe(false);
    const udp = REPORT.slice();
    udp[14 + 40] = 17;
    expect(isGroupReport(udp, 0, udp.length)).toBe(false);
    const ipv4 = REPORT.slice();
    ipv4[12] = 0x08;
    ipv4[13] = 0x00;
    expect(isGroupReport(ipv4, 0, ipv4.length)).toBe(false);
  });

  it('are none when cut short, at whatever length', () => {
    for (let length = 0; length < 14 + 40 + 9; length++) expect(isGroupReport(REPORT, 0, length)).toBe(false);
  });
});
