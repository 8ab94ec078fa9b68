import PgBoss from 'pg-boss';
import { v5 as uuid } from 'uuid';
import { processEvent } from './event-work.ts';
import { concurrency, type Peer } from './peer.ts';
import type { RecordEvent } from './record-event.ts';

const queueName = 'events';
/** Of the ids of jobs, which are UUIDs: the same event is the same job. */
const namespace = '5f0c8a53-7f5d-4c3c-9d0e-2f6a1f4b9a11';

/**
 * Express + pg-boss on PostgreSQL. A worker takes a batch, works it off at once, and asks for the next one without waiting
 * for its polling interval while batches are full. A job that fails is failed alone, so that its neighbours are not done again.
 * A job of a worker that was killed is tried again when it has expired, here after 30 s instead of 15 minutes.
 *
 * @see https://github.com/timgit/pg-boss/blob/10.4.2/docs/readme.md
 */
export const pgBoss: Peer = {
  async prepare({ DATABASE_URL }) {
    const boss = open(DATABASE_URL);
    await boss.start();
    await boss.createQueue(queueName, {
      name: queueName,
      retryLimit: 5,
      retryDelay: 1,
      retryBackoff: true,
      expireInSeconds: 30,
    });
    await boss.stop({ graceful: false });
  },
  async openIntake({ DATABASE_URL }) {
    // Only the worker supervises: one of the two is enough.
    const boss = open(DATABASE_URL, { supervise: false, schedule: false });
    await boss.start();
    return async (event) => {
      await boss.send(queueName, event, { id: uuid(event.id, namespace) });
    };
  },
  async startWorker({ DATABASE_URL }, work) {
    const boss = open(DATABASE_URL, { maintenanceIntervalSeconds: 10, schedule: false });
    await boss.start();
    // Two, so that one works while the other fetches.
    for (const batchSize of [concurrency, concurrency]) {
      const options = { batchSize, pollingIntervalSeconds: 0.5 };
      const id: string = await boss.work<RecordEvent>(queueName, options, async (jobs) => {
        await Promise.all(
          jobs.map((job) =>
            processEvent(work, job.data).catch((error: unknown) =>
              boss.fail(queueName, job.id, { message: String(error) }),
            ),
          ),
        );
        if (jobs.length === batchSize) boss.notifyWorker(id);
      });
    }
  },
};

function open(connectionString: string, options: PgBoss.ConstructorOptions = {}): PgBoss {
  const boss = new PgBoss({ connectionString, max: 10, ...options });
  boss.on('error', () => undefined);
  return boss;
}
