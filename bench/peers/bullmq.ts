import { Queue, Worker } from 'bullmq';
import { processEvent } from './event-work.ts';
import { concurrency, type Peer } from './peer.ts';
import { type PeerSettings, required } from './settings.ts';
import type { RecordEvent } from './record-event.ts';

const queueName = 'events';

/**
 * Express + BullMQ + Redis. The job id is the event's, so that Redis takes each event once for as long as it keeps the job.
 * The receiver fails fast while Redis is away, the worker waits for it.
 *
 * @see https://docs.bullmq.io/guide/going-to-production
 * @see https://docs.bullmq.io/guide/retrying-failing-jobs
 */
export const bullmq: Peer = {
  prepare: () => Promise.resolve(),
  openIntake(settings) {
    const queue = new Queue<RecordEvent>(queueName, {
      connection: { ...address(settings), maxRetriesPerRequest: 1, enableOfflineQueue: false },
      defaultJobOptions: {
        attempts: 5,
        backoff: { type: 'exponential', delay: 1_000 },
        removeOnComplete: { age: 24 * 3600, count: 100_000 },
        removeOnFail: false,
      },
    });
    // Each command that fails is answered with 503; without a listener, the event would end the process.
    queue.on('error', () => undefined);
    return Promise.resolve(async (event) => {
      await queue.add(event.type, event, { jobId: event.id });
    });
  },
  async startWorker(settings, work) {
    const worker = new Worker<RecordEvent>(queueName, ({ data }) => processEvent(work, data), {
      connection: { ...address(settings), maxRetriesPerRequest: null },
      concurrency,
    });
    worker.on('error', () => undefined);
    await worker.waitUntilReady();
  },
};

function address(settings: PeerSettings): { host: string; port: number } {
  const { hostname, port } = new URL(required(settings, 'QUEUE_ADDRESS'));
  return { host: hostname, port: Number(port) };
}
