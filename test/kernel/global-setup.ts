/**
 * Before all files and after them: images that the files of a run share have a name of that run, and go with it.
 */
import { spawnSync } from 'node:child_process';

/** Environment variable with what names this run. */
export const RUN_VARIABLE = 'CALLPATH_TEST_RUN';

export default function setup(): () => void {
  const run = String(process.pid);
  process.env[RUN_VARIABLE] = run;
  return () => {
    const listed = spawnSync('docker', ['images', '--filter', `reference=callpath-test*:${run}`, '--format', '{{.Repository}}:{{.Tag}}'], { encoding: 'utf8' });
    const images = listed.status === 0 ? listed.stdout.split('\n').filter((name) => name !== '') : [];
    if (images.length === 0) return;
    const removed = spawnSync('docker', ['rmi', ...images], { encoding: 'utf8' });
    // One that something still uses: a test has left a container behind.
    if (removed.status !== 0) throw new Error(`images of the tests cannot be removed: ${removed.stderr}`);
  };
}
