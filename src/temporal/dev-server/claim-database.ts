import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { TemporalUnavailableError } from '../../errors.ts';
import { stopProcess } from './stop-process.ts';

const claimSchema = z.object({ starter: z.int(), server: z.int() });

/** The claim on a dev server's database file. */
export interface DatabaseClaim {
  /** Writes down which process serves the file now. */
  servedBy(server: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Makes sure that no other dev server works on the same database file: two of them would spoil it. One that an earlier start
 * left behind, because it was killed before it could stop it, is stopped.
 *
 * @throws TemporalUnavailableError where the dev server of a start that still runs has it
 */
export async function claimDatabase(
  databaseFile: string,
  onProgress: (message: string) => void,
): Promise<DatabaseClaim> {
  const file = `${databaseFile}.pid`;
  const claim = await readClaim(file);
  if (claim !== null && (await isServing(claim.server, databaseFile))) {
    if (isRunning(claim.starter)) {
      throw new TemporalUnavailableError(
        `The database ${databaseFile} is in use by the dev server with process id ${claim.server}, which process ` +
          `${claim.starter} started. Stop that one first, or set LANDFALL_DATA_DIRECTORY to another folder.`,
      );
    }
    onProgress(`stopping the dev server ${claim.server} that an earlier start left behind`);
    await stopProcess(claim.server, () => isRunning(claim.server));
  }
  await mkdir(dirname(databaseFile), { recursive: true });
  return {
    servedBy: (server) => writeFile(file, JSON.stringify({ starter: process.pid, server })),
    release: () => rm(file, { force: true }),
  };
}

async function readClaim(file: string): Promise<z.infer<typeof claimSchema> | null> {
  try {
    return claimSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

/** Process ids are used again: the command must be a dev server on this very file. */
async function isServing(pid: number, databaseFile: string): Promise<boolean> {
  if (!isRunning(pid)) return false;
  try {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-p', String(pid), '-o', 'args=']);
    return stdout.includes('start-dev') && stdout.includes(databaseFile);
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
