import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { openStore } from '../../src/store/open-store.ts';
import type { Bed } from './bed.ts';
import { benchSecret, benchSecretVariable, benchSource } from './bench-event.ts';

const countSchema = z.object({ count: z.coerce.number() });
/** Temporal answers ten counts a second. */
const lookEveryMilliseconds = 125;
const patienceMilliseconds = 240_000;

/** A database, a task queue and sources that nothing else uses: what is counted there is what was done there. */
export interface Stage {
  /** Their names. */
  sources: readonly string[];
  taskQueue: string;
  databaseUrl: string;
  /** The environment of a receiver or a worker. */
  settings: Readonly<Record<string, string>>;
  /** Events with a processed mark in the store. */
  countProcessed(): Promise<number>;
  countInbox(): Promise<number>;
  /** The list filter that finds the workflows of events, Landfall's and those it is compared with. */
  eventRuns: string;
  /** How many of them there are, as Temporal's visibility shows them: a moment late. */
  countWorkflows(status?: 'Completed'): Promise<number>;
  /** Resolves when `count` has reached `wanted`. @throws Error where it stops growing before */
  reach(what: string, count: () => Promise<number>, wanted: number): Promise<void>;
  /** Resolves when `events` are processed and their workflows completed. */
  untilCompleted(events: number): Promise<void>;
  query(text: string): Promise<unknown[]>;
  close(): Promise<void>;
}

/** Makes a stage. @param sourceCount - sources described in LANDFALL_SOURCES_FILE. @default 1 */
export async function createStage(bed: Bed, { sourceCount = 1 } = {}): Promise<Stage> {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const sources = Array.from({ length: sourceCount }, (_, index) => `${name}-${index}`);
  const databaseUrl = await bed.postgres.createDatabase();
  const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
  await store.migrate();
  await store.close();
  const sourcesFile = join(bed.directory, `${name}.json`);
  await writeFile(
    sourcesFile,
    JSON.stringify(sources.map((source) => benchSource(source, bed.vendor.ready.url))),
  );
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  // After a failure the servers end before it, and the failure is what is to be seen.
  pool.on('error', () => undefined);
  const countRows = async (table: string): Promise<number> => {
    const { rows } = await pool.query(`select count(*) as count from landfall.${table}`);
    return countSchema.parse(rows[0]).count;
  };
  const countProcessed = () => countRows('processed');
  // The watches of sources and what judges alerts run beside the events'.
  const eventRuns = `TaskQueue = '${name}' AND WorkflowType NOT IN ('watch', 'judgeAlerts')`;
  const countWorkflows: Stage['countWorkflows'] = async (status) => {
    const only = status === undefined ? '' : ` AND ExecutionStatus = '${status}'`;
    return (await bed.client.workflow.count(`${eventRuns}${only}`)).count;
  };
  return {
    sources,
    taskQueue: name,
    databaseUrl,
    settings: {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: bed.temporalAddress,
      LANDFALL_TASK_QUEUE: name,
      LANDFALL_SOURCES_FILE: sourcesFile,
      [benchSecretVariable]: benchSecret,
    },
    countProcessed,
    countInbox: () => countRows('inbox'),
    eventRuns,
    countWorkflows,
    reach,
    async untilCompleted(events) {
      await reach('events processed', countProcessed, events);
      await reach('workflows completed', () => countWorkflows('Completed'), events);
    },
    query: async (text) => (await pool.query<Record<string, unknown>>(text)).rows,
    close: () => pool.end(),
  };
}

async function reach(what: string, count: () => Promise<number>, wanted: number): Promise<void> {
  let before = -1;
  let grewAt = performance.now();
  for (;;) {
    const now = await count();
    if (now >= wanted) return;
    if (now > before) grewAt = performance.now();
    before = now;
    if (performance.now() - grewAt > patienceMilliseconds) {
      throw new Error(`${what}: ${now} of ${wanted}, and no more come.`);
    }
    await wait(lookEveryMilliseconds);
  }
}
