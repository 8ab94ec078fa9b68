import { mkdir } from 'node:fs/promises';
import { withCacheLock } from '../../src/temporal/dev-server/cache-lock.ts';
import { defaultCacheDirectory } from '../../src/temporal/dev-server/find-temporal.ts';
import { obtainGoCommand } from './obtain-go-command.ts';

/** Programs that tests need and that come as Go modules. */
const tools = {
  /** Breaks the network between processes. @see https://github.com/Shopify/toxiproxy */
  toxiproxy: { command: 'github.com/Shopify/toxiproxy/v2/cmd/server', release: 'v2.12.0' },
  /** Stripe's own stand-in for its API. @see https://github.com/stripe/stripe-mock */
  'stripe-mock': { command: 'github.com/stripe/stripe-mock', release: 'v0.203.0' },
};

/**
 * The path of a tool, built with Go once and kept in the cache of the dev server.
 *
 * @throws Error where there is no Go, or it cannot build
 */
export async function buildGoTool(
  name: keyof typeof tools,
  onProgress: (message: string) => void,
): Promise<string> {
  const directory = defaultCacheDirectory();
  await mkdir(directory, { recursive: true });
  const onWait = (): void => onProgress(`another run is building ${name}: waiting for it`);
  return withCacheLock(directory, { onWait }, () =>
    obtainGoCommand({ directory, name, ...tools[name], onProgress }),
  );
}
