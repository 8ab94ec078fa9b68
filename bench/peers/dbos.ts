import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { concurrency, type EventWork, type Peer } from './peer.ts';
import type { RecordEvent } from './record-event.ts';

const application = 'bench';
const queueName = 'events';
const workflowName = 'processEvent';
const retries = { retriesAllowed: true, maxAttempts: 5, intervalSeconds: 1, backoffRate: 2 };

/**
 * Express + DBOS on PostgreSQL, as its example of a queue worker has it: the receiver enqueues by `DBOSClient`, the worker
 * runs the workflow. The workflow's id is the event's. Each of the two calls is a step with a checkpoint of its own.
 * A worker that starts again recovers at once what it had under way.
 *
 * @see https://docs.dbos.dev/typescript/examples/queue-worker
 * @see https://docs.dbos.dev/typescript/tutorials/queue-tutorial
 */
export const dbos: Peer = {
  async prepare({ DATABASE_URL }) {
    configure(DATABASE_URL);
    await DBOS.launch();
    await DBOS.shutdown();
  },
  async openIntake({ DATABASE_URL }) {
    const client = await DBOSClient.create({
      systemDatabaseUrl: DATABASE_URL,
      systemDatabasePoolSize: 10,
      applicationName: application,
    });
    return async (event) => {
      await client.enqueue({ queueName, workflowName, workflowID: event.id }, event);
    };
  },
  async startWorker({ DATABASE_URL }, work) {
    configure(DATABASE_URL);
    DBOS.registerWorkflow((event: RecordEvent) => runSteps(event, work), { name: workflowName });
    await DBOS.launch();
    await DBOS.registerQueue(queueName, { workerConcurrency: 4 * concurrency, minPollingIntervalMs: 50 });
  },
};

function configure(systemDatabaseUrl: string): void {
  DBOS.setConfig({
    name: application,
    systemDatabaseUrl,
    systemDatabasePoolSize: 20,
    logLevel: 'error',
    executorID: 'worker',
  });
}

async function runSteps(event: RecordEvent, work: EventWork): Promise<void> {
  const record = await DBOS.runStep(() => work.fetchRecord(event), { name: 'fetchRecord', ...retries });
  await DBOS.runStep(() => work.applyRecord(event, record), { name: 'applyRecord', ...retries });
}
