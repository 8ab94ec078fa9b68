import { mkdir } from 'node:fs/promises';
import { withCacheLock } from '../../src/temporal/dev-server/cache-lock.ts';
import { defaultCacheDirectory, goModules } from '../../src/temporal/dev-server/find-temporal.ts';
import { obtainGoCommand } from './obtain-go-command.ts';

/** The release that docker-compose.yml runs. */
export const fullTemporalRelease = 'v1.29.1';

/** Paths of the server and of the tool that sets up its schema. */
export interface FullTemporalBinaries {
  server: string;
  sqlTool: string;
}

/**
 * The full Temporal server and its schema tool, built with Go once and kept in the cache of the dev server. They are built from the
 * dependencies of the dev server, which is nearly the same program: that leaves a dozen of their 1,260 packages to compile.
 *
 * @throws Error where there is no Go, or it cannot build
 */
export async function buildFullTemporal(
  onProgress: (message: string) => void,
): Promise<FullTemporalBinaries> {
  const directory = defaultCacheDirectory();
  await mkdir(directory, { recursive: true });
  const onWait = (): void => onProgress('another run is building the Temporal server: waiting for it');
  const obtain = (name: string, command: string): Promise<string> =>
    obtainGoCommand({
      ...{ directory, name, command, onProgress },
      release: fullTemporalRelease,
      together: goModules,
    });
  return withCacheLock(directory, { onWait }, async () => ({
    server: await obtain('temporal-server', 'go.temporal.io/server/cmd/server'),
    sqlTool: await obtain('temporal-sql-tool', 'go.temporal.io/server/cmd/tools/sql'),
  }));
}
