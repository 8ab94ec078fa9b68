import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file system of its own, small enough to be filled. */
export interface SmallDisk extends AsyncDisposable {
  directory: string;
  /** Takes all the room that is left, until the returned function is called. */
  fill(): Promise<() => Promise<void>>;
}

const megabytes = 600;

/** Mounts one in memory. Null where that is not allowed here. */
export async function mountSmallDisk(): Promise<SmallDisk | null> {
  const directory = await mkdtemp(join(tmpdir(), 'landfall-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', directory]);
  } catch {
    await rmdir(directory);
    return null;
  }
  const ballast = join(directory, 'ballast');
  return {
    directory,
    fill: async () => {
      await writeUntilFull(ballast);
      return () => rm(ballast, { force: true });
    },
    async [Symbol.asyncDispose]() {
      await run('umount', [directory]);
      await rmdir(directory);
    },
  };
}

async function writeUntilFull(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    // The last page of a tmpfs is taken by pieces of its size.
    for (const block of [Buffer.alloc(1 << 20), Buffer.alloc(4_096)]) {
      try {
        for (;;) await handle.write(block);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    await handle.close();
  }
}
