import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../base/time.js';
import * as tcp from '../../wire/tcp.js';
import { A, Network, connected, heard, pair, pattern, same, trace } from './pipe.testkit.js';

const { SYN, ACK_FLAG: ACK } = tcp;
const MSS = 1460;

/** Segments of text that A sent, by their first position. */
function textOf(net: Network): string[] {
  return trace(net.seen).filter((row) => /^A .* \d{2,}/.test(row) && row.includes(' 1460'));
}

describe('retransmission time-out (RFC 6298)', () => {
  it('repeats the SYN after 1, 2, 4 .. s and gives up after 127 s, as Linux', () => {
    const net = new Network();
    const socket = net.host(A).connect({ to: 99 as never, toPort: 5061 });
    net.run();
    expect(net.seen.map((s) => s.at / 1e9)).toEqual([0, 1, 3, 7, 15, 31, 63]);
    expect([socket.state, socket.error, net.scheduler.now]).toEqual(['closed', 'timeout', seconds(127)]);
  });

  it('ends an attempt at the time-out given', () => {
    const net = new Network();
    const socket = net.host(A).connect({ to: 99 as never, toPort: 5061, timeout: seconds(5) });
    net.run();
    expect([socket.error, net.scheduler.now, net.scheduler.pending]).toEqual(['timeout', seconds(5), 0]);
  });

  it('waits SRTT + 200 ms, doubles, and gives up after the retries', () => {
    const { net, peer, socket } = connected({ dataRetries: 3 });
    socket.write(pattern(10), 0, 10);
    expect(heard(net, peer)).toEqual(['PSH,ACK 1/1 10']);
    net.run();
    // The SYN's round trip was 0 here: RTO = max(0, 200 ms).
    expect(net.seen.slice(2).map((s) => s.at / 1e6)).toEqual([0, 200, 600, 1400]);
    expect([socket.error, net.scheduler.now]).toEqual(['timeout', millis(3000)]);
  });

  it('gives up when the user time-out ends (RFC 5482)', () => {
    const { net, socket } = connected({ userTimeout: seconds(2) });
    socket.write(pattern(10), 0, 10);
    net.run();
    expect([socket.error, net.scheduler.now]).toEqual(['timeout', seconds(2)]);
  });

  it('has patience with a peer that has closed its window over what is out', () => {
    const { net, peer, socket } = connected({ dataRetries: 3 });
    socket.write(pattern(10), 0, 10);
    for (let i = 0; i < 12; i++) {
      peer.send(ACK, 1, 1, { window: 0 });
      net.runFor(seconds(60));
    }
    expect(socket.state).toBe('established');
    net.run();
    expect(socket.error).toBe('timeout');
  });

  it('restarts from the initial window after a pause (RFC 5681 section 4.1)', () => {
    const net = new Network();
    const { a, b } = pair(net);
    a.send(pattern(200_000));
    net.runFor(seconds(1));
    expect(a.socket.info().cwnd).toBeGreaterThan(50_000);
    b().send(pattern(100));
    net.runFor(seconds(1));
    const before = net.seen.length;
    a.send(pattern(200_000));
    expect(net.seen.length - before).toBe(10);
  });

  it('takes no sample from what was sent twice (Karn), and keeps the back-off until one comes', () => {
    const { net, peer, socket } = connected();
    socket.write(pattern(10), 0, 10);
    net.runFor(millis(650));
    expect(socket.info().rto).toBe(millis(800));
    peer.send(ACK, 1, 11);
    expect(socket.info().rto).toBe(millis(800));
    socket.write(pattern(10), 0, 10);
    net.runFor(millis(100));
    peer.send(ACK, 1, 21);
    // SRTT = 7/8 * 0 + 1/8 * 100 ms; RTTVAR = 3/4 * 0 + 1/4 * 100 ms, under the floor.
    expect(socket.info()).toMatchObject({ rtt: millis(12.5), rto: millis(212.5) });
  });

  it('starts anew with 3 s and one segment when the SYN was repeated (rule 5.7, RFC 5681 section 3.1)', () => {
    const net = new Network();
    net.drop = (_, i) => i === 0;
    const { a } = pair(net);
    a.send(pattern(10_000));
    net.runFor(millis(1020));
    expect(a.socket.info()).toMatchObject({ rto: seconds(3), cwnd: MSS });
    expect(net.seen.slice(3).length).toBe(1);
  });

  it('leaves the window at one segment and ssthresh at half the flight, which a second time-out holds', () => {
    const { net, socket } = connected();
    socket.write(pattern(14_600), 0, 14_600);
    net.runFor(millis(250));
    expect(socket.info()).toMatchObject({ cwnd: MSS, ssthresh: 7300 });
    net.runFor(millis(400));
    expect(socket.info()).toMatchObject({ cwnd: MSS, ssthresh: 7300 });
  });
});

describe('fast recovery without SACK (RFC 5681 section 3.2, RFC 6582)', () => {
  it('repeats at the third duplicate, inflates, deflates at a partial acknowledgement, leaves at the full one', () => {
    const { net, peer, socket } = connected({ sack: false });
    socket.write(pattern(50_000), 0, 50_000);
    expect(heard(net, peer).length).toBe(10);
    peer.send(ACK, 1, 1);
    peer.send(ACK, 1, 1);
    // Limited transmit (RFC 3042): one new segment on each of the first two.
    expect(heard(net, peer)).toEqual([`ACK ${1 + 10 * MSS}/1 1460`, `ACK ${1 + 11 * MSS}/1 1460`]);
    peer.send(ACK, 1, 1);
    expect(heard(net, peer)).toEqual(['ACK 1/1 1460']);
    // FlightSize was 12 segments: ssthresh = 6, cwnd = 6 + 3.
    expect(socket.info()).toMatchObject({ ssthresh: 6 * MSS, cwnd: 9 * MSS });
    for (let i = 0; i < 4; i++) peer.send(ACK, 1, 1);
    expect(socket.info().cwnd).toBe(13 * MSS);
    expect(heard(net, peer)).toEqual([`ACK ${1 + 12 * MSS}/1 1460`]);
    peer.send(ACK, 1, 1 + 5 * MSS);
    // Partial: the next missing segment at once; cwnd = 13 - 5 + 1.
    expect(socket.info().cwnd).toBe(9 * MSS);
    expect(heard(net, peer)[0]).toBe(`ACK ${1 + 5 * MSS}/1 1460`);
    peer.send(ACK, 1, 1 + 12 * MSS);
    expect(socket.info().cwnd).toBeLessThanOrEqual(6 * MSS);
    expect(socket.info().ssthresh).toBe(6 * MSS);
  });

  it('takes the duplicates that a time-out provokes for none (RFC 6582 section 3.2 step 2)', () => {
    const { net, peer, socket } = connected({ sack: false });
    socket.write(pattern(3 * MSS), 0, 3 * MSS);
    net.runFor(millis(250));
    peer.send(ACK, 1, 1 + 3 * MSS);
    socket.write(pattern(5 * MSS), 0, 5 * MSS);
    heard(net, peer);
    const { ssthresh } = socket.info();
    for (let i = 0; i < 5; i++) peer.send(ACK, 1, 1 + 3 * MSS);
    expect(heard(net, peer).filter((row) => row.startsWith(`ACK ${1 + 3 * MSS}/`))).toEqual([]);
    expect(socket.info().ssthresh).toBe(ssthresh);
  });

  it('does not count what changes the window or carries text', () => {
    const { net, peer, socket } = connected({ sack: false });
    socket.write(pattern(10_000), 0, 10_000);
    heard(net, peer);
    for (const window of [60_000, 50_000, 40_000, 30_000]) peer.send(ACK, 1, 1, { window });
    for (let i = 0; i < 4; i++) peer.send(ACK, 1 + i, 1, { window: 30_000, payload: pattern(1) });
    expect(heard(net, peer).filter((row) => row.endsWith('1460'))).toEqual([]);
    expect(socket.info().ssthresh).toBe(Infinity);
  });
});

describe('recovery with SACK (RFC 2018, RFC 6675)', () => {
  const options = { mss: 1460, sackPermitted: true };

  it('repeats the holes and nothing else', () => {
    const { net, peer, socket } = connected({}, options);
    socket.write(pattern(14_600), 0, 14_600);
    heard(net, peer);
    const base = (net.seen[0]?.tcp.seq ?? 0) + 1;
    const block = (from: number, to: number): [number, number] => [(base + from * MSS) >>> 0, (base + to * MSS) >>> 0];
    // Segments 0 and 4 are missing.
    peer.send(ACK, 1, 1, { options: { sack: [block(1, 2)] } });
    peer.send(ACK, 1, 1, { options: { sack: [block(1, 3)] } });
    expect(heard(net, peer)).toEqual([]);
    peer.send(ACK, 1, 1, { options: { sack: [block(1, 4)] } });
    expect(heard(net, peer)).toEqual(['ACK 1/1 1460']);
    expect(socket.info()).toMatchObject({ ssthresh: 5 * MSS, cwnd: 5 * MSS });
    for (let i = 6; i <= 10; i++) peer.send(ACK, 1, 1, { options: { sack: [block(5, i), block(1, 4)] } });
    expect(heard(net, peer)).toEqual([`ACK ${1 + 4 * MSS}/1 1460`]);
    peer.send(ACK, 1, 1 + 4 * MSS, { options: { sack: [block(5, 10)] } });
    peer.send(ACK, 1, 1 + 10 * MSS);
    expect(heard(net, peer)).toEqual([]);
    expect([socket.info().cwnd, socket.unacknowledged]).toEqual([5 * MSS, 0]);
  });

  it('measures round trips by what was reported, never by what was sent again', () => {
    const { net, peer, socket } = connected({}, options);
    socket.write(pattern(6 * MSS), 0, 6 * MSS);
    const base = (net.seen[0]?.tcp.seq ?? 0) + 1;
    net.runFor(millis(80));
    peer.send(ACK, 1, 1, { options: { sack: [[base + MSS, base + 6 * MSS]] } });
    // SRTT = 7/8 * 0 + 1/8 * 80 ms.
    expect(socket.info().rtt).toBe(millis(10));
    net.runFor(millis(80));
    peer.send(ACK, 1, 1 + 6 * MSS);
    expect(socket.info().rtt).toBe(millis(10));
  });

  it('is not stirred by reports of what came twice (RFC 2883)', () => {
    const { net, peer, socket } = connected({}, options);
    socket.write(pattern(6 * MSS), 0, 6 * MSS);
    const base = (net.seen[0]?.tcp.seq ?? 0) + 1;
    peer.send(ACK, 1, 1 + 2 * MSS);
    heard(net, peer);
    for (let i = 0; i < 5; i++) peer.send(ACK, 1, 1 + 2 * MSS, { options: { sack: [[base + i * 100, base + i * 100 + 100]] } });
    peer.send(ACK, 1, 1 + 2 * MSS, { options: { sack: [[base + 90 * MSS, base + 91 * MSS]] } });
    expect(heard(net, peer)).toEqual([]);
    expect(socket.info().ssthresh).toBe(Infinity);
  });

  it('reports what came out of order, the latest block first', () => {
    const { net, peer } = connected({}, options);
    const at = (position: number): number => peer.iss + position;
    peer.send(ACK, 11, 1, { payload: pattern(10) });
    peer.send(ACK, 31, 1, { payload: pattern(10) });
    peer.send(ACK, 51, 1, { payload: pattern(10) });
    peer.send(ACK, 21, 1, { payload: pattern(10) });
    const sacks = net.seen.slice(net.judged).map((s) => s.tcp.options.sack);
    expect(sacks).toEqual([
      [[at(11), at(21)]],
      [
        [at(31), at(41)],
        [at(11), at(21)],
      ],
      [
        [at(51), at(61)],
        [at(31), at(41)],
        [at(11), at(21)],
      ],
      [
        [at(11), at(41)],
        [at(51), at(61)],
      ],
    ]);
    expect(net.seen.slice(net.judged).every((s) => s.tcp.ack === at(1))).toBe(true);
  });

  it('is not used unless both ends permit it', () => {
    for (const [mine, theirs] of [
      [true, false],
      [false, true],
    ] as const) {
      const { net, peer } = connected({ sack: mine }, { mss: 1460, ...(theirs && { sackPermitted: true }) });
      peer.send(ACK, 11, 1, { payload: pattern(10) });
      expect(net.seen.at(-1)?.tcp.options.sack).toBe(undefined);
      expect(net.seen[0]?.tcp.options.sackPermitted).toBe(mine ? true : undefined);
    }
  });

  it('forgets blocks that the peer has reneged on when the timer runs out', () => {
    const { net, peer, socket } = connected({}, options);
    socket.write(pattern(4 * MSS), 0, 4 * MSS);
    const base = (net.seen[0]?.tcp.seq ?? 0) + 1;
    peer.send(ACK, 1, 1, { options: { sack: [[base + MSS, base + 4 * MSS]] } });
    peer.send(ACK, 1, 1 + MSS);
    heard(net, peer);
    net.runFor(millis(250));
    expect(heard(net, peer)).toEqual([`ACK ${1 + MSS}/1 1460`]);
    peer.send(ACK, 1, 1 + 2 * MSS);
    expect(heard(net, peer)).toEqual([`ACK ${1 + 2 * MSS}/1 1460`, `PSH,ACK ${1 + 3 * MSS}/1 1460`]);
  });
});

describe('whole transfers', () => {
  it('repairs a burst of losses with no more repetitions than losses', () => {
    const net = new Network();
    net.drop = (s, i) => s.from === A && s.tcp.payload.length > 0 && i >= 40 && i < 46;
    const { a, b } = pair(net);
    a.send(pattern(200_000)).close();
    net.run();
    expect(same(b().bytes(), pattern(200_000))).toBe(true);
    const rows = textOf(net);
    const lost = rows.filter((r) => r.endsWith('lost')).length;
    const repeated = rows.length - new Set(rows.map((r) => r.split(' ')[2])).size;
    expect(lost).toBeGreaterThan(2);
    expect(repeated).toBe(lost);
    expect(net.scheduler.now).toBeLessThan(seconds(61));
  });

  it('crosses the end of the sequence space', () => {
    for (const initialSequence of [0xffffffff, 0xfffffff0, 0xffff8000]) {
      const net = new Network({ loss: 0.05 }, 9);
      const { a, b } = pair(net, { a: { initialSequence }, b: { initialSequence } });
      a.send(pattern(100_000)).close();
      net.run();
      expect(same(b().bytes(), pattern(100_000))).toBe(true);
      expect(a.socket.error).toBe(null);
    }
  });

  it('works in segments of 48 octets', () => {
    const { net, peer, socket } = connected({}, { mss: 10 });
    socket.write(pattern(480), 0, 480);
    expect(heard(net, peer)).toEqual(Array.from({ length: 10 }, (_, i) => `${i === 9 ? 'PSH,ACK' : 'ACK'} ${1 + 48 * i}/1 48`));
  });

  it('is unmoved by a SYN-ACK that comes twice', () => {
    const net = new Network({ duplicate: 1 });
    const { a, b } = pair(net);
    a.send(pattern(50_000)).close();
    net.run();
    expect(same(b().bytes(), pattern(50_000))).toBe(true);
    expect(net.seen.filter((s) => (s.tcp.flags & SYN) !== 0).length).toBeLessThan(5);
  });
});
