import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';

/** A held lock on a data directory. */
export interface DataDirectoryLock {
  /** True once another process has taken the lock over, which it does where this one did not run for long. */
  lost(): boolean;
  release(): Promise<void>;
}

/** Long, because a busy process may not come to renew its lock: two on the same files would destroy them. */
const staleMilliseconds = 60_000;

const ownerSchema = z.object({ host: z.string(), pid: z.int(), startedAt: z.number() });
const self = { host: hostname(), pid: process.pid, startedAt: performance.timeOrigin };

/**
 * Locks the data directory for this process. The lock of a process that has died is taken over, at once on the same
 * machine, elsewhere (a container with a new name on the same volume) after a minute.
 *
 * @throws ConfigurationError where a living process has it
 */
export async function lockDataDirectory(dataDirectory: string): Promise<DataDirectoryLock> {
  // `realpath` off: the lock is `store.lock`, a thing of its own, whether or not `store` is there yet.
  const locked = join(dataDirectory, 'store');
  const options = { realpath: false, stale: staleMilliseconds };
  const ownerPath = join(dataDirectory, 'store.owner.json');
  let lost = false;
  // The gate lets one process at a time look and take: without it, two could both find a dead owner.
  const leaveGate = await lockfile.lock(join(dataDirectory, 'store.gate'), {
    realpath: false,
    retries: { retries: 100, minTimeout: 100, maxTimeout: 200 },
  });
  try {
    const held = await lockfile.check(locked, options);
    if (held && (await ownerIsDead(ownerPath))) await rm(`${locked}.lock`, { recursive: true, force: true });
    const unlock = await lockfile.lock(locked, {
      ...options,
      update: 5_000,
      onCompromised: () => {
        lost = true;
      },
    });
    await writeFile(ownerPath, JSON.stringify(self));
    return { lost: () => lost, release: () => (lost ? Promise.resolve() : unlock()) };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
    throw new ConfigurationError(
      `The data directory ${dataDirectory} is in use by another process, and the embedded store serves one at a time. End that process, or set DATABASE_URL to share a PostgreSQL database.`,
      { cause: error },
    );
  } finally {
    await leaveGate();
  }
}

async function ownerIsDead(ownerPath: string): Promise<boolean> {
  const owner = ownerSchema.safeParse(await readJson(ownerPath));
  if (!owner.success || owner.data.host !== self.host) return false;
  // A container that starts again has the same process id as before.
  if (owner.data.pid === self.pid) return owner.data.startedAt !== self.startedAt;
  try {
    process.kill(owner.data.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}
