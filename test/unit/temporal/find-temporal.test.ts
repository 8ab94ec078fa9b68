import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigurationError, TemporalUnavailableError } from '../../../src/errors.ts';
import { findExecutable } from '../../../src/temporal/dev-server/find-executable.ts';
import { findTemporal, type FindTemporalOptions } from '../../../src/temporal/dev-server/find-temporal.ts';

const current = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)';
const old = 'temporal version 0.10.7 (server 1.21.6) (ui 2.20.0)';

let root: string;
let folders: { bin: string; cache: string };
let progress: string[];
let vendors: Server[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'landfall-find-temporal-'));
  folders = { bin: join(root, 'bin'), cache: join(root, 'cache') };
  await mkdir(folders.bin);
  progress = [];
  vendors = [];
});

afterEach(async () => {
  for (const server of vendors) server.close();
  await rm(root, { recursive: true, force: true });
});

test('the setting wins over everything else', async () => {
  const mine = await script(join(root, 'my-temporal'), `echo '${current}'`);
  await script(join(folders.bin, 'temporal'), `echo '${current}'`);

  expect(await find({ explicitPath: mine })).toEqual({ path: mine, origin: 'setting', version: current });
});

test('a setting that names no executable is a configuration error that names the setting and the path', async () => {
  await script(join(folders.bin, 'temporal'), `echo '${current}'`);
  const wrong = join(root, 'nothing-here');

  const error = await failure(find({ explicitPath: wrong }));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toContain('LANDFALL_TEMPORAL_CLI');
  expect(error.message).toContain(wrong);
});

test('a setting that names a CLI which is too old is a configuration error that says what is needed', async () => {
  const error = await failure(
    find({ explicitPath: await script(join(root, 'old-temporal'), `echo '${old}'`) }),
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(/1\.21\.6.*1\.29 or newer/);
});

test('the temporal command on the PATH is used', async () => {
  const path = await script(join(folders.bin, 'temporal'), `echo '${current}'`);
  expect(await find()).toEqual({ path, origin: 'path', version: current });
});

test('a temporal command on the PATH that is too old is passed over with a message, and a current one is built', async () => {
  await script(join(folders.bin, 'temporal'), `echo '${old}'`);
  await fakeGo();

  expect(await find()).toMatchObject({ origin: 'build', version: current });
  expect(progress.join('\n')).toMatch(/passing over .*1\.21\.6/);
});

test('a binary that was built once is used again without a build', async () => {
  await fakeGo();
  const built = await find();
  expect(built.origin).toBe('build');

  expect(await find()).toEqual({ ...built, origin: 'cache' });
  expect(await builds()).toBe(1);
});

test('a cached binary that was damaged is built again', async () => {
  await fakeGo();
  const { path } = await find();
  await appendFile(path, '\n# a bit flipped');

  expect(await find()).toMatchObject({ origin: 'build', path });
  expect(await find()).toMatchObject({ origin: 'cache' });
  expect(await builds()).toBe(2);
  expect(progress.join('\n')).toContain(`${path} has changed since it was put there`);
});

test('a manifest that was cut off is as good as none', async () => {
  await fakeGo();
  const { path } = await find();
  await writeFile(join(path, '..', 'manifest.json'), '{"version": "tem');

  expect(await find()).toMatchObject({ origin: 'build' });
});

test('two starts at once build it once, and the second says what it waits for', async () => {
  const waits = join(root, 'second-waits');
  await fakeGo({
    whileBuilding: `i=0; while [ ! -e '${waits}' ] && [ $i -lt 5000000 ]; do i=$((i+1)); done`,
  });
  const onProgress = (message: string): void => {
    progress.push(message);
    if (message.includes('another start')) writeFileSync(waits, '');
  };

  const both = await Promise.all([find({ onProgress }), find({ onProgress })]);
  expect(both.map(({ origin }) => origin).sort()).toEqual(['build', 'cache']);
  expect(await builds()).toBe(1);
  expect(progress).toContain('another start is getting the Temporal CLI: waiting for it');
});

test('a download is unpacked, kept and preferred to a build', async () => {
  await fakeGo();
  const service = await downloadService(`echo '${current}'`);

  const found = await find({ downloadService: service });
  expect(found).toMatchObject({ origin: 'download', version: current });
  expect(await find({ downloadService: service })).toEqual({ ...found, origin: 'cache' });
});

test('a download that cannot run is not kept: the next way is taken', async () => {
  await fakeGo();
  const service = await downloadService('echo no such machine; exit 1');

  expect(await find({ downloadService: service })).toMatchObject({ origin: 'build' });
  expect(progress.join('\n')).toContain('no such machine');
});

test('where nothing works, the error says what was tried, why each failed, and the ways out', async () => {
  const error = await failure(find());
  expect(error).toBeInstanceOf(TemporalUnavailableError);
  expect(error.message).toMatch(/PATH: there is no `temporal` on it/);
  expect(error.message).toMatch(/download: .*ECONNREFUSED/);
  expect(error.message).toMatch(/build with Go: there is no `go` on the PATH/);
  for (const way of [
    'brew install temporal',
    'https://go.dev/dl',
    'LANDFALL_TEMPORAL_CLI',
    'TEMPORAL_ADDRESS',
  ]) {
    expect(error.message).toContain(way);
  }
});

test('a failed build is reported with what Go said', async () => {
  await script(join(folders.bin, 'go'), 'echo "go: dial tcp: lookup proxy: no such host" >&2; exit 1');

  expect((await failure(find())).message).toContain('lookup proxy: no such host');
});

test('a start that is given up stops the build', async () => {
  await script(join(folders.bin, 'go'), `echo $$ > '${root}/pid'; while true; do :; done`);
  const given = new AbortController();
  const finding = failure(find({ signal: given.signal }));
  const pid = await expect
    .poll(() => readFile(join(root, 'pid'), 'utf8').catch(() => ''), { timeout: 10_000 })
    .toMatch(/\d+\n/)
    .then(async () => Number(await readFile(join(root, 'pid'), 'utf8')));
  given.abort(new Error('stopped by the user'));

  expect((await finding).message).toBe('stopped by the user');
  await expect.poll(() => isRunning(pid)).toBe(false);
});

async function find(options: Partial<FindTemporalOptions> = {}) {
  return findTemporal({
    explicitPath: null,
    environment: { PATH: folders.bin },
    cacheDirectory: folders.cache,
    downloadService: `http://127.0.0.1:${await getPort()}`,
    onProgress: (message) => progress.push(message),
    ...options,
  });
}

/** A `go` whose `build` puts a working `temporal` where it is told to, and counts. */
async function fakeGo({ whileBuilding = ':' } = {}): Promise<void> {
  await script(
    join(folders.bin, 'go'),
    [
      `echo "$*" >> '${root}/builds'`,
      '[ "$1" = build ] || exit 0',
      whileBuilding,
      `printf '#!/bin/sh\\necho "${current}"\\n' > "$4"`,
      '/bin/chmod 755 "$4"',
    ].join('\n'),
  );
}

async function builds(): Promise<number> {
  const lines = (await readFile(join(root, 'builds'), 'utf8')).trim().split('\n');
  const got = lines.filter((line) => line.startsWith('get '));
  for (const line of got) {
    expect(line).toBe('get github.com/temporalio/cli/cmd/temporal@v1.5.1 modernc.org/sqlite@v1.44.3');
  }
  return got.length;
}

/** Answers as temporal.download does, with an archive that holds a script. */
async function downloadService(body: string): Promise<string> {
  // The search path of these tests holds no `temporal` and no `go` but theirs; unpacking needs the real tools.
  for (const tool of ['tar', 'gzip']) {
    const path = await findExecutable(tool, process.env['PATH'] ?? '');
    if (path !== null) await symlink(path, join(folders.bin, tool));
  }
  const folder = join(root, 'archive');
  await mkdir(folder);
  await script(join(folder, 'temporal'), body);
  await promisify(execFile)('tar', ['-czf', join(root, 'temporal.tar.gz'), '-C', folder, 'temporal']);
  const archive = await readFile(join(root, 'temporal.tar.gz'));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://service');
    if (url.pathname === '/archives/temporal.tar.gz') {
      response.end(archive);
    } else if (url.pathname === '/cli/v1.5.1' && url.searchParams.has('platform')) {
      response.end(
        JSON.stringify({
          archiveUrl: `http://${request.headers.host ?? ''}/archives/temporal.tar.gz`,
          fileToExtract: 'temporal',
        }),
      );
    } else {
      response.writeHead(404).end();
    }
  });
  vendors.push(server);
  const port = await getPort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${port}`;
}

async function script(path: string, body: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error(`thrown: ${String(outcome)}`);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
