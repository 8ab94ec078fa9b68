import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { withCacheLock } from '../../src/temporal/dev-server/cache-lock.ts';
import { findExecutable } from '../../src/temporal/dev-server/find-executable.ts';
import { defaultCacheDirectory } from '../../src/temporal/dev-server/find-temporal.ts';

/** A browser to start, as Playwright wants it. */
export interface Chromium {
  executablePath: string;
  env: Record<string, string>;
}

/**
 * Chromium's headless shell with the libraries and fonts that it needs, in a package of npm, which can be had wherever the other packages
 * are. Only its files are taken: it is no dependency, since most who install this project never test its pages in a browser.
 *
 * @see https://github.com/Sparticuz/chromium
 */
const shell = {
  name: '@sparticuz/chromium',
  version: '153.0.0',
  integrity:
    'sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==',
};
const archives = ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'];
const onPath = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const run = promisify(execFile);

/**
 * A Chromium: that of `CHROMIUM_PATH`, of the PATH, or the headless shell of npm, which is kept in the cache of the dev server.
 *
 * @throws Error where there is none, and none can be had
 */
export async function findChromium(onProgress: (message: string) => void): Promise<Chromium> {
  const { CHROMIUM_PATH: explicit, PATH = '' } = process.env;
  if (explicit !== undefined && explicit !== '') return ofSystem(explicit);
  for (const name of onPath) {
    const path = await findExecutable(name, PATH);
    // Some systems have a command of this name that only says how to install it.
    if (path !== null && (await starts(path))) return ofSystem(path);
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'There is no Chromium on the PATH, and the one of npm is for Linux on x64. Install one, or set CHROMIUM_PATH.',
    );
  }
  const cache = defaultCacheDirectory();
  await mkdir(cache, { recursive: true });
  const directory = join(cache, `chromium-${shell.version}`);
  await withCacheLock(
    cache,
    { onWait: () => onProgress('another run gets Chromium: waiting for it') },
    async () => {
      if (await exists(directory)) return;
      onProgress(`getting Chromium from npm, once: ${shell.name}@${shell.version}, 70 MB …`);
      await obtain(cache, directory);
      onProgress(`Chromium is in ${directory}`);
    },
  );
  return {
    executablePath: join(directory, 'chromium'),
    env: {
      ...ofProcess(),
      LD_LIBRARY_PATH: join(directory, 'lib'),
      FONTCONFIG_FILE: join(directory, 'fonts.conf'),
    },
  };
}

async function obtain(cache: string, directory: string): Promise<void> {
  const scratch = await mkdtemp(join(cache, 'chromium-'));
  try {
    await run('npm', ['pack', `${shell.name}@${shell.version}`, '--silent', '--pack-destination', scratch]);
    const tarball = join(scratch, `sparticuz-chromium-${shell.version}.tgz`);
    const found = `sha512-${createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64')}`;
    if (found !== shell.integrity)
      throw new Error(`${shell.name}@${shell.version} is another one than expected: ${found}`);
    await run('tar', ['-xzf', tarball, '-C', scratch]);
    const whole = join(scratch, 'whole');
    await mkdir(whole);
    await decompress(join(scratch, 'package/bin/chromium.br'), join(whole, 'chromium'));
    for (const archive of archives) {
      const tar = join(scratch, 'archive.tar');
      await decompress(join(scratch, 'package/bin', archive), tar);
      await run('tar', ['-xf', tar, '-C', whole]);
    }
    await writeFile(join(whole, 'fonts.conf'), fontsIn(join(directory, 'fonts')));
    await rename(whole, directory);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function decompress(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode: 0o755 }));
}

/** The package's own configuration names the folders of a cloud function. */
function fontsIn(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <dir>/usr/share/fonts</dir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
}

function ofSystem(executablePath: string): Chromium {
  return { executablePath, env: ofProcess() };
}

function ofProcess(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((each): each is [string, string] => each[1] !== undefined),
  );
}

async function starts(path: string): Promise<boolean> {
  return run(path, ['--version'], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
