import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { processEvent } from './event-work.ts';
import { concurrency, type Peer } from './peer.ts';
import { recordEventSchema } from './record-event.ts';

const taskName = 'process-event';
const silent = new Logger(() => () => undefined);

/**
 * Express + graphile-worker on PostgreSQL, with the batching that its page on performance advises. The job key is the event's id; it
 * only holds until the job is done. Failures are tried again up to 25 times with exponential backoff, its default.
 * A job of a worker that was killed stays locked for four hours, or until an operator unlocks that worker.
 *
 * @see https://worker.graphile.org/docs/performance
 * @see https://worker.graphile.org/docs/job-key
 */
export const graphileWorker: Peer = {
  async prepare({ DATABASE_URL }) {
    await runMigrations({ connectionString: DATABASE_URL, logger: silent });
  },
  async openIntake({ DATABASE_URL }) {
    const utils = await makeWorkerUtils({ connectionString: DATABASE_URL, maxPoolSize: 10, logger: silent });
    return async (event) => {
      await utils.addJob(taskName, event, { jobKey: event.id, jobKeyMode: 'unsafe_dedupe' });
    };
  },
  async startWorker({ DATABASE_URL }, work) {
    await run({
      preset: {
        worker: {
          connectionString: DATABASE_URL,
          concurrentJobs: concurrency,
          maxPoolSize: 10,
          localQueue: { size: 4 * concurrency },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger: silent,
        },
      },
      taskList: {
        [taskName]: async (payload) => {
          await processEvent(work, recordEventSchema.parse(payload));
        },
      },
    });
  },
  async recover({ DATABASE_URL }) {
    const client = new pg.Client({ connectionString: DATABASE_URL });
    await client.connect();
    const { rows } = await client.query<{ locked_by: string }>(
      `select distinct locked_by from graphile_worker._private_jobs where locked_by is not null and locked_at < now() - interval '20 seconds'`,
    );
    await client.end();
    const utils = await makeWorkerUtils({ connectionString: DATABASE_URL, logger: silent });
    await utils.forceUnlockWorkers(rows.map(({ locked_by }) => locked_by));
    await utils.release();
  },
};
