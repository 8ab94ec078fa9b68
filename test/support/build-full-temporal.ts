import { mkdir } from 'node:fs/promises';
import { createBinaryCache } from '../../src/temporal/dev-server/binary-cache.ts';
import { buildWithGo } from '../../src/temporal/dev-server/build.ts';
import { withCacheLock } from '../../src/temporal/dev-server/cache-lock.ts';
import { findExecutable } from '../../src/temporal/dev-server/find-executable.ts';
import { defaultCacheDirectory } from '../../src/temporal/dev-server/find-temporal.ts';

/** The release that docker-compose.yml runs. */
export const fullTemporalRelease = 'v1.29.1';

/** Paths of the server and of the tool that sets up its schema. */
export interface FullTemporalBinaries {
  server: string;
  sqlTool: string;
}

/**
 * The full Temporal server and its schema tool, built with Go once and kept in the cache of the dev server.
 *
 * @throws Error where there is no Go, or it cannot build
 */
export async function buildFullTemporal(
  onProgress: (message: string) => void,
): Promise<FullTemporalBinaries> {
  const directory = defaultCacheDirectory();
  await mkdir(directory, { recursive: true });
  const onWait = (): void => onProgress('another run is building the Temporal server: waiting for it');
  return withCacheLock(directory, { onWait }, async () => ({
    server: await obtain(directory, 'server', 'go.temporal.io/server/cmd/server', onProgress),
    sqlTool: await obtain(directory, 'sql-tool', 'go.temporal.io/server/cmd/tools/sql', onProgress),
  }));
}

async function obtain(
  directory: string,
  what: string,
  command: string,
  onProgress: (message: string) => void,
): Promise<string> {
  const cache = createBinaryCache(directory);
  const name = `temporal-${what}-${fullTemporalRelease}`;
  const cached = await cache.read(name);
  if (cached.state === 'whole') return cached.path;

  const go = await findExecutable('go', process.env['PATH'] ?? '');
  if (go === null) throw new Error('there is no `go` on the PATH to build the Temporal server with');
  return cache.withScratch(async (folder) => {
    const module = `${command}@${fullTemporalRelease}`;
    const file = await buildWithGo({ go, module, folder, environment: process.env, onProgress });
    return cache.keep(name, file, { version: fullTemporalRelease, origin: 'build' });
  });
}
