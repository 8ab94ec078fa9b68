import { mkdir } from 'node:fs/promises';
import { defaultCacheDirectory } from '../../src/temporal/dev-server/find-temporal.ts';
import { withCacheLock } from '../../src/temporal/dev-server/cache-lock.ts';
import { obtainGoCommand } from './obtain-go-command.ts';

const release = 'v2.12.0';

/**
 * The path of toxiproxy's server, built with Go once and kept in the cache of the dev server.
 *
 * @throws Error where there is no Go, or it cannot build
 * @see https://github.com/Shopify/toxiproxy
 */
export async function buildToxiproxy(onProgress: (message: string) => void): Promise<string> {
  const directory = defaultCacheDirectory();
  await mkdir(directory, { recursive: true });
  const onWait = (): void => onProgress('another run is building toxiproxy: waiting for it');
  return withCacheLock(directory, { onWait }, () =>
    obtainGoCommand({
      directory,
      name: 'toxiproxy',
      command: 'github.com/Shopify/toxiproxy/v2/cmd/server',
      release,
      onProgress,
    }),
  );
}
