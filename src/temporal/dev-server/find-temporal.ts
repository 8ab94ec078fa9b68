import { mkdir } from 'node:fs/promises';
import envPaths from 'env-paths';
import { ConfigurationError, TemporalUnavailableError } from '../../errors.ts';
import { type BinaryCache, createBinaryCache } from './binary-cache.ts';
import { buildWithGo } from './build.ts';
import { withCacheLock } from './cache-lock.ts';
import { downloadTemporal, temporalDownloadService } from './download.ts';
import { findExecutable, isExecutable } from './find-executable.ts';
import { readTemporalVersion, temporalCliRelease, tooOld } from './version.ts';

/** Where a Temporal CLI is looked for. */
export interface FindTemporalOptions {
  /** `LANDFALL_TEMPORAL_CLI`; null where it is not set. Nothing else is tried where it is. */
  explicitPath: string | null;
  /** The environment: `PATH` is searched for `temporal` and `go`, and Go reads `HOME`, `GOPROXY` and its other settings. */
  environment: Record<string, string | undefined>;
  /** @default the user's cache folder for Landfall, see {@link defaultCacheDirectory} */
  cacheDirectory?: string;
  /** Where to download from. @default https://temporal.download */
  downloadService?: string;
  /** Sentences for the person who waits: a first download or build takes minutes. */
  onProgress: (message: string) => void;
  signal?: AbortSignal | undefined;
}

/** A Temporal CLI that answers. */
export interface FoundTemporal {
  path: string;
  origin: 'setting' | 'path' | 'cache' | 'download' | 'build';
  /** Its answer to `--version`. */
  version: string;
}

/**
 * The release comes with 1.34.1, in which a cancelled query may leave its connection interrupted for good: on a busy machine the
 * server then refuses everything.
 * @see https://github.com/temporalio/temporal/pull/9198
 */
const sqliteDriver = 'modernc.org/sqlite@v1.44.3';
const cacheName = `temporal-cli-${temporalCliRelease}-sqlite-1.44.3`;
const goModule = `github.com/temporalio/cli/cmd/temporal@${temporalCliRelease}`;
/** What the dev server is built from. */
export const goModules: readonly string[] = [goModule, sqliteDriver];

/** `~/.cache/landfall` on Linux, `~/Library/Caches/landfall` on macOS: what is in it can be made again. */
export function defaultCacheDirectory(): string {
  return envPaths('landfall', { suffix: '' }).cache;
}

/**
 * Finds a Temporal CLI to start the dev server with, in this order: the setting, `temporal` on the PATH, what was kept from an
 * earlier start, a download, a build with Go. What was downloaded or built is kept. Two starts at once make it once.
 *
 * @throws ConfigurationError where the setting names something that is no Temporal CLI, or one that is too old
 * @throws TemporalUnavailableError where there is none to be had: it says what was tried, why each failed, and the ways out
 */
export async function findTemporal(options: FindTemporalOptions): Promise<FoundTemporal> {
  if (options.explicitPath !== null) return checkSetting(options.explicitPath, options);
  const failures: string[] = [];
  const onPath = await findOnPath(options, failures);
  if (onPath !== null) return onPath;

  const cache = createBinaryCache(options.cacheDirectory ?? defaultCacheDirectory());
  const kept = await findInCache(cache, options);
  if (kept !== null) return kept;
  try {
    await mkdir(cache.directory, { recursive: true });
  } catch (error) {
    throw noneFound([
      ...failures,
      `download and build with Go: there is nowhere to keep it: ${messageOf(error)}`,
    ]);
  }
  return withCacheLock(
    cache.directory,
    {
      onWait: () => options.onProgress('another start is getting the Temporal CLI: waiting for it'),
      signal: options.signal,
    },
    // The one that was waited for has kept it.
    async () => (await findInCache(cache, options)) ?? (await obtain(cache, options, failures)),
  );
}

async function checkSetting(path: string, options: FindTemporalOptions): Promise<FoundTemporal> {
  const advice = 'Set LANDFALL_TEMPORAL_CLI to the Temporal CLI, or remove it to have one found.';
  if (!(await isExecutable(path))) {
    throw new ConfigurationError(
      `LANDFALL_TEMPORAL_CLI names ${path}, which is no executable file. ${advice}`,
    );
  }
  try {
    return await accept(path, 'setting', options);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new ConfigurationError(`LANDFALL_TEMPORAL_CLI cannot be used: ${messageOf(cause)}. ${advice}`, {
      cause,
    });
  }
}

async function findOnPath(options: FindTemporalOptions, failures: string[]): Promise<FoundTemporal | null> {
  const path = await findExecutable('temporal', options.environment['PATH'] ?? '');
  if (path === null) {
    failures.push('PATH: there is no `temporal` on it');
    return null;
  }
  try {
    return await accept(path, 'path', options);
  } catch (error) {
    options.signal?.throwIfAborted();
    options.onProgress(`passing over ${path}: ${messageOf(error)}`);
    failures.push(`PATH: ${messageOf(error)}`);
    return null;
  }
}

async function findInCache(cache: BinaryCache, options: FindTemporalOptions): Promise<FoundTemporal | null> {
  const cached = await cache.read(cacheName);
  if (cached.state === 'whole') {
    return { path: cached.path, origin: 'cache', version: cached.manifest.version };
  }
  if (cached.state === 'damaged') options.onProgress(`getting the Temporal CLI again: ${cached.reason}`);
  return null;
}

async function obtain(
  cache: BinaryCache,
  options: FindTemporalOptions,
  failures: string[],
): Promise<FoundTemporal> {
  const ways = [
    { origin: 'download', get: download, label: 'download' },
    { origin: 'build', get: build, label: 'build with Go' },
  ] as const;
  for (const { origin, get, label } of ways) {
    try {
      return await cache.withScratch(async (folder) => {
        const file = await get(folder, options);
        const { version } = await accept(file, origin, options);
        const path = await cache.keep(cacheName, file, { version, origin });
        return { path, origin, version };
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      options.onProgress(`no ${label}: ${messageOf(error)}`);
      failures.push(`${label}: ${messageOf(error)}`);
    }
  }
  throw noneFound(failures);
}

function download(folder: string, options: FindTemporalOptions): Promise<string> {
  const { environment, onProgress, signal, downloadService: service = temporalDownloadService } = options;
  return downloadTemporal({ service, folder, environment, onProgress, signal });
}

async function build(folder: string, options: FindTemporalOptions): Promise<string> {
  const { environment, onProgress, signal } = options;
  const go = await findExecutable('go', environment['PATH'] ?? '');
  if (go === null) throw new Error('there is no `go` on the PATH');
  onProgress(`building the Temporal CLI ${temporalCliRelease} with Go, once: this takes a few minutes`);
  return buildWithGo({
    go,
    module: goModule,
    together: [sqliteDriver],
    folder,
    environment,
    onProgress,
    signal,
  });
}

function noneFound(failures: string[]): TemporalUnavailableError {
  return new TemporalUnavailableError(
    [
      'No Temporal CLI was found to start a dev server with.',
      ...failures.map((failure) => `  - ${failure}`),
      'One of these helps:',
      '  - install it: `brew install temporal`, or https://docs.temporal.io/cli/setup-cli',
      '  - install Go (https://go.dev/dl), and the next start builds it in a few minutes',
      '  - LANDFALL_TEMPORAL_CLI=/path/to/temporal, where you have one already',
      '  - TEMPORAL_ADDRESS=host:port, to use a Temporal server that runs already',
    ].join('\n'),
  );
}

/** Asks a candidate for its version. */
async function accept(
  path: string,
  origin: FoundTemporal['origin'],
  { environment, signal }: FindTemporalOptions,
): Promise<FoundTemporal> {
  const version = await readTemporalVersion(path, environment, signal);
  const reason = tooOld(version);
  if (reason !== null) throw new Error(`${path} is too old: ${reason}`);
  return { path, origin, version: version.text };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
