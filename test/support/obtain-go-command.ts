import { createBinaryCache } from '../../src/temporal/dev-server/binary-cache.ts';
import { buildWithGo } from '../../src/temporal/dev-server/build.ts';
import { findExecutable } from '../../src/temporal/dev-server/find-executable.ts';

/**
 * The path of a Go command, from the cache or built into it. Whoever calls holds the lock of the cache.
 *
 * @param options.directory - the cache
 * @param options.name - under which the cache keeps it
 * @param options.command - such as `go.temporal.io/server/cmd/server`
 * @param options.release - such as `v1.29.1`
 * @param options.together - modules whose versions are chosen together with its own
 * @throws Error where there is no Go, or it cannot build
 */
export async function obtainGoCommand({
  directory,
  name,
  command,
  release,
  together = [],
  onProgress,
}: {
  directory: string;
  name: string;
  command: string;
  release: string;
  together?: readonly string[];
  onProgress: (message: string) => void;
}): Promise<string> {
  const cache = createBinaryCache(directory);
  const versioned = `${name}-${release}`;
  const cached = await cache.read(versioned);
  if (cached.state === 'whole') return cached.path;

  const go = await findExecutable('go', process.env['PATH'] ?? '');
  if (go === null) throw new Error(`there is no \`go\` on the PATH to build ${name} with`);
  return cache.withScratch(async (folder) => {
    const module = `${command}@${release}`;
    const file = await buildWithGo({ go, module, folder, together, environment: process.env, onProgress });
    return cache.keep(versioned, file, { version: release, origin: 'build' });
  });
}
