import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm run build', { timeout: 240_000 }, () => {
  let built: string;
  beforeAll(async () => {
    // Beside the project's own dist, which a developer may be using.
    built = await mkdtemp(join(tmpdir(), 'landfall-build-'));
    await symlink(join(root, 'node_modules'), join(built, 'node_modules'));
    await copyFile(join(root, 'package.json'), join(built, 'package.json'));
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', built], {
      cwd: root,
    });
    await run(process.execPath, [join(built, 'scripts/build-workflow-bundle.js')]);
  }, 240_000);
  afterAll(() => rm(built, { recursive: true, force: true }));

  test('makes a command line that runs without the sources', async () => {
    const bundles = ['', '-traced', '-encrypted', '-traced-encrypted'].map(
      (kind) => `workflow-bundle${kind}.js`,
    );
    for (const bundle of bundles) {
      await expect(access(join(built, bundle)), bundle).resolves.toBeUndefined();
    }
    const { stdout } = await run(process.execPath, [join(built, 'src/cli/main.js'), '--help'], {
      cwd: built,
    });
    expect(stdout).toContain('Usage: landfall');
  });

  test('makes a worker that works with the bundle, and stops when it is asked to', async () => {
    const worker = spawn(process.execPath, [join(built, 'src/cli/main.js'), 'worker'], {
      cwd: built,
      env: {
        PATH: process.env['PATH'],
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        DATABASE_URL: await createDatabase(inject('postgresUrl')),
        LANDFALL_TASK_QUEUE: uniqueName('queue'),
        LANDFALL_OPS_PORT: String(await getPort()),
        // It lists no changes here, so it leaves no schedule on the server that the tests share.
        GITHUB_WEBHOOK_SECRET: 'secret',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let log = '';
    worker.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
    const ended = once(worker, 'close');
    await expect.poll(() => log, { timeout: 120_000 }).toContain('"msg":"working"');
    worker.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
