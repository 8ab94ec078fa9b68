import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../../errors.ts';
import { companyStateSchema, vendorEventSchema } from './company.ts';

/** Everything that a restart has to find again. */
export const vendorStateSchema = z.strictObject({
  format: z.literal(1),
  secret: z.string(),
  token: z.string(),
  company: companyStateSchema,
  /** Events that had not reached the endpoint. */
  outstanding: z.array(vendorEventSchema),
});
export type VendorState = z.infer<typeof vendorStateSchema>;

/** Keeps the vendor's state on disk. */
export interface StateFile {
  /** Says that the state has changed. */
  changed(): void;
  /** Resolves when every change so far is on disk. Never fails: a full disk must not end the demo; `warn` hears of it. */
  kept(): Promise<void>;
}

/**
 * The state that a file holds; null where there is no such file.
 *
 * @throws ConfigurationError where the file holds something else
 */
export async function readState(path: string): Promise<VendorState | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new ConfigurationError(`The demo vendor's state file ${path} cannot be read.`, { cause: error });
  }
  try {
    return vendorStateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigurationError(
      `The demo vendor's state file ${path} does not hold its state. Remove it to begin with a new company.`,
      { cause: error },
    );
  }
}

/** @param path - null: nothing is kept, and `kept` resolves at once */
export function createStateFile(
  path: string | null,
  state: () => VendorState,
  warn: (message: string, error: unknown) => void,
): StateFile {
  let dirty = false;
  let writing = Promise.resolve();
  let next: Promise<void> | null = null;

  const write = async (file: string) => {
    dirty = false;
    const text = JSON.stringify(state());
    try {
      await mkdir(dirname(file), { recursive: true });
      // Renaming is atomic: a crash leaves the old state or the new one, never half of it. The token is nobody else's.
      await writeFile(`${file}.new`, text, { mode: 0o600 });
      await rename(`${file}.new`, file);
    } catch (error) {
      warn(
        `The demo vendor could not write its state file ${file}: after a restart it will be older.`,
        error,
      );
    }
  };
  return {
    changed: () => {
      dirty = true;
    },
    kept: () => {
      if (path === null) return Promise.resolve();
      if (!dirty) return writing;
      // Changes that come while a write is under way share the one after it.
      next ??= writing.then(() => {
        next = null;
        writing = write(path);
        return writing;
      });
      return next;
    },
  };
}
