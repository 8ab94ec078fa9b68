import { setTimeout as wait } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

const askAgainMilliseconds = 250;

/**
 * Runs something while no other process on this machine does so in the same folder, which must exist. A lock whose holder died is taken over
 * after ten seconds.
 *
 * @param onWait - called once, where another one holds the lock
 * @throws what `use` throws, and the reason of the signal where waiting is aborted
 */
export async function withCacheLock<T>(
  directory: string,
  { onWait, signal }: { onWait: () => void; signal?: AbortSignal | undefined },
  use: () => Promise<T>,
): Promise<T> {
  const release = await acquire(directory, onWait, signal);
  try {
    return await use();
  } finally {
    // Nothing is lost where it fails: the lock is then given up by its age.
    await release().catch(() => {});
  }
}

async function acquire(
  directory: string,
  onWait: () => void,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  for (let waited = false; ; waited = true) {
    signal?.throwIfAborted();
    try {
      return await lock(directory, {
        // A machine that slept can lose the lock: both then build, and the cache takes whole folders only.
        onCompromised: () => {},
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
      if (!waited) onWait();
      await wait(askAgainMilliseconds, undefined, { signal });
    }
  }
}
