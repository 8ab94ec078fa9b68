import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

const manifestSchema = z.object({
  file: z.string().regex(/^[\w.-]+$/),
  version: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  origin: z.enum(['download', 'build']),
});

/** What is known of a cached binary, kept beside it in `manifest.json`. */
export type BinaryManifest = z.infer<typeof manifestSchema>;

/** What the one who made it says of it. */
export type BinaryFacts = Pick<BinaryManifest, 'version' | 'origin'>;

/** What the cache says of a binary: here and whole, never kept, or damaged and why. */
export type CachedBinary =
  | { state: 'whole'; path: string; manifest: BinaryManifest }
  | { state: 'absent' }
  | { state: 'damaged'; reason: string };

/** Binaries that were downloaded or built once, one folder for each name. */
export interface BinaryCache {
  directory: string;
  /** Looks a binary up and compares it with the checksum taken when it was kept. */
  read(name: string): Promise<CachedBinary>;
  /** Keeps a copy, and gives back its path. A start at the same time sees the old one or the new one, never half of it. */
  keep(name: string, path: string, facts: BinaryFacts): Promise<string>;
  /** Runs something with an empty folder on the same disk, which is removed afterwards. */
  withScratch<T>(use: (folder: string) => Promise<T>): Promise<T>;
}

/** A cache in a folder, which need not exist yet. */
export function createBinaryCache(directory: string): BinaryCache {
  async function read(name: string): Promise<CachedBinary> {
    const manifestFile = join(directory, name, 'manifest.json');
    try {
      const manifest = manifestSchema.parse(JSON.parse(await readFile(manifestFile, 'utf8')));
      const path = join(directory, name, manifest.file);
      const sha256 = await hashFile(path);
      if (sha256 !== manifest.sha256) {
        return { state: 'damaged', reason: `${path} has changed since it was put there` };
      }
      return { state: 'whole', path, manifest };
    } catch (error) {
      if (isMissing(error)) return { state: 'absent' };
      const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
      return { state: 'damaged', reason: `${manifestFile} cannot be read: ${why}` };
    }
  }

  async function keep(name: string, path: string, facts: BinaryFacts): Promise<string> {
    return withScratch(async (folder) => {
      const file = basename(path);
      const binary = join(folder, file);
      await copyFile(path, binary);
      await chmod(binary, 0o755);
      const manifest: BinaryManifest = { file, ...facts, sha256: await hashFile(binary) };
      await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      const target = join(directory, name);
      await rm(target, { recursive: true, force: true });
      await rename(folder, target);
      return join(target, file);
    });
  }

  async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
    await mkdir(directory, { recursive: true });
    const folder = await mkdtemp(join(directory, '.making-'));
    try {
      return await use(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  return { directory, read, keep, withScratch };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
