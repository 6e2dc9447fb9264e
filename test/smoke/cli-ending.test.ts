/**
 * Runs that end before their end: interrupted, by a defect, on a full disk, into a closed pipe. What was recorded until
 * then is readable, and CI hears of it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedgerFile } from '../../src/capture/ledger-reader.js';
import { Desk, LONG, build, flowText, parseXml } from './cli-support.js';
import { ROOT, judge, swap, tool } from './support.js';

const desk = new Desk();
beforeAll(() => {
  build();
  desk.write('long.flow.yaml', flowText('hybrid-p2p-onprem', swap('flow: hybrid-p2p-onprem', 'flow: long'), ...LONG));
});
afterAll(() => {
  desk.clear();
});

/** Enough that the call is up and media flows. */
const SOME_MEDIA = 1 << 20;

function expectWhole(file: string, ...endings: readonly (string | undefined)[]): void {
  const { ledger, warnings } = readLedgerFile(file);
  expect(warnings).toEqual([]);
  expect(ledger.packets).toBeGreaterThan(200);
  expect(ledger.events().filter(({ name }) => name === 'signed-in').length).toBeGreaterThanOrEqual(2);
  expect(
    ledger
      .events()
      .filter(({ name }) => name === 'ended-early')
      .map(({ fields }) => fields['code']),
  ).toEqual(endings);
  ledger.close();
  if (judge('capinfos')) expect(tool('capinfos', '-c', file)).toMatch(/Number of packets/);
}

describe('a run that is interrupted', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('by %s ends with 3, a whole ledger and a report that fails', async (signal) => {
    const out = `out-${signal}`;
    const started = desk.start([], 'run', 'long.flow.yaml', 'hybrid-p2p-mixed', '--out', out, '--junit', `${out}.xml`, '--write-baseline', `${out}.json`);
    await desk.grown(out, 'long.pcapng', SOME_MEDIA);
    started.child.kill(signal);
    const { code, out: said, err } = await started.ended;
    expect(code).toBe(3);
    expect(err).toContain('callpath: interrupted; the captures are being closed');
    expect(err).toContain(`${out}.json was not written`);
    expect(said).toMatch(/✘ LAB_INTERRUPTED the run was interrupted at [\d.]+s of lab time/);
    expect(said).toContain('the run failed');
    expectWhole(desk.path(out, 'long.pcapng'), 'LAB_INTERRUPTED');
    expect(desk.size(`${out}.json`)).toBe(0);

    const suites = parseXml(desk.read(`${out}.xml`));
    const errors = suites.filter(({ name }) => name === 'error').map(({ attributes }) => attributes['message']);
    expect(errors).toEqual([expect.stringContaining('LAB_INTERRUPTED'), 'not run: the runs ended before']);
  });
});

describe('a run that is killed', () => {
  /** More than the file's head: packets are in it. */
  const SOME_PACKETS = 1 << 17;

  it('leaves what was recorded until shortly before, and it is said to be partial', async () => {
    const file = join('killed', 'long.pcapng');
    // By itself, since whoever watches from outside comes late on a busy machine.
    const end =
      `import { statSync } from 'node:fs';` +
      `setInterval(() => { if ((statSync('${file}', { throwIfNoEntry: false })?.size ?? 0) > ${SOME_PACKETS}) process.kill(process.pid, 'SIGKILL'); }, 1).unref();`;
    const started = desk.start(['--import', `data:text/javascript,${encodeURIComponent(end)}`], 'run', 'long.flow.yaml', '--out', 'killed');
    await started.ended;
    expect(started.child.signalCode).toBe('SIGKILL');
    const { ledger, partial, warnings } = readLedgerFile(desk.path(file));
    expect(partial).toBe(true);
    expect(warnings.map(({ code }) => code)).toEqual(['CAPTURE_TRUNCATED']);
    expect(ledger.packets).toBeGreaterThan(0);
    ledger.close();
    const { code, out } = await desk.run('where', file, 'dns', '--limit', '1', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ partial: true });
  });
});

describe('output that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('is told as what it is, and ends with 3', () => {
    const { status, stderr } = spawnSync('sh', ['-c', '"$0" "$1" flows > /dev/full', process.execPath, join(ROOT, 'dist', 'cli', 'main.js')], {
      encoding: 'utf8',
    });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^OUTPUT_WRITE the output can't be written: ENOSPC/);
    expect(stderr).not.toContain('defect');
  });
});

describe('a defect', () => {
  /** Something that nobody awaits fails when the process gets SIGUSR2. */
  const failing = (statement: string): string[] => ['--import', `data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${statement} });`)}`];

  it.each([
    ['a rejection that nobody awaits', "Promise.reject(new Error('a slip'));"],
    ['a throw in a callback', "throw new Error('a slip');"],
  ])('(%s) ends the run with 3, told as a defect, the ledger whole', async (name, statement) => {
    const out = name.replaceAll(' ', '-');
    const started = desk.start(failing(statement), 'run', 'long.flow.yaml', '--out', out, '--junit', `${out}.xml`);
    await desk.grown(out, 'long.pcapng', SOME_MEDIA);
    started.child.kill('SIGUSR2');
    const { code, err } = await started.ended;
    expect(code).toBe(3);
    expect(err).toMatch(/^callpath: a defect of callpath itself; please report it[^\n]*\nError: a slip\n {4}at /);
    expectWhole(desk.path(out, 'long.pcapng'), 'LAB_INTERRUPTED');
    expect(parseXml(desk.read(`${out}.xml`))[0]?.attributes['errors']).toBe('1');
  });

  it('where nothing runs ends at once', async () => {
    const slip =
      "const wait = setInterval(() => { if (process.listenerCount('unhandledRejection') > 0) { clearInterval(wait); Promise.reject(new Error('a slip')); } }, 0);";
    const { code, err } = await desk.start(['--import', `data:text/javascript,${encodeURIComponent(slip)}`], 'flows').ended;
    expect(code).toBe(3);
    expect(err).toMatch(/^callpath: a defect of callpath itself; [^\n]*\nError: a slip\n/);
  });
});

describe('a reader that has seen enough', () => {
  it.each(['flows', 'errors', 'run hybrid-p2p-mixed --out pipe'])('of "callpath %s" gets no stack', (command) => {
    const { code, err } = desk.shell(`callpath ${command} | head -n 1 >/dev/null`);
    expect(err).toBe('');
    expect(code).toBe(0);
  });
});

describe('a full disk', () => {
  /** Null, with a printed reason, where no file system can be mounted. */
  function smallDisk(): string | null {
    const folder = desk.path('disk');
    mkdirSync(folder);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { encoding: 'utf8' });
    if (mounted.status === 0) return folder;
    process.stderr.write(`skipped: a small disk needs the right to mount (${(mounted.stderr ?? mounted.error?.message ?? '').trim()})\n`);
    return null;
  }

  it('ends the run with CAPTURE_WRITE and leaves a readable file', ({ skip }) => {
    const disk = smallDisk();
    if (disk === null) {
      skip('no right to mount');
      return;
    }
    try {
      desk.write('minutes.flow.yaml', flowText('hybrid-p2p-onprem', swap('flow: hybrid-p2p-onprem', 'flow: minutes'), swap('for: 5s', 'for: 60s')));
      const { code, out } = desk.process('run', 'minutes.flow.yaml', '--out', 'disk');
      expect(code).toBe(3);
      expect(out).toMatch(/✘ CAPTURE_WRITE writing disk\/minutes\.pcapng failed after \d+ bytes: ENOSPC/);
      const { ledger, partial, warnings } = readLedgerFile(desk.path('disk', 'minutes.pcapng'));
      expect(partial).toBe(true);
      expect(warnings.map(({ code: one }) => one)).toEqual(['CAPTURE_TRUNCATED']);
      ledger.close();
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
