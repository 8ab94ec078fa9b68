import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a running `landfall dev` leaves for commands in other terminals: the settings under which they reach it. */
const devStateSchema = z.object({
  pid: z.int(),
  /** Environment variables, as one would set them by hand; the demo vendor's secrets are among them. */
  env: z.record(z.string(), z.string()),
  /** Where it serves the large bodies of its store; absent where that is PostgreSQL. */
  bodies: z.object({ url: z.url(), token: z.string() }).optional(),
  /** Where its console answers; absent where others can ask the store as well, since that is PostgreSQL. */
  console: z.url().optional(),
});
export type DevState = z.infer<typeof devStateSchema>;

const fileName = 'dev.json';

/** The state of the `landfall dev` that runs on this data directory; null where none does. */
export async function readDevState(dataDirectory: string): Promise<DevState | null> {
  let text: string;
  try {
    text = await readFile(join(dataDirectory, fileName), 'utf8');
  } catch {
    return null;
  }
  const state = devStateSchema.safeParse(parseJson(text));
  return state.success && isRunning(state.data.pid) ? state.data : null;
}

/** Leaves the state for others of the same user to read. */
export async function writeDevState(dataDirectory: string, state: DevState): Promise<void> {
  await mkdir(dataDirectory, { recursive: true });
  await writeFile(join(dataDirectory, fileName), JSON.stringify(state, null, 2), { mode: 0o600 });
}

/** Takes the state away again. */
export async function removeDevState(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, fileName), { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
