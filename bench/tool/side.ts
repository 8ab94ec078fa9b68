import { z } from 'zod';
import type { Bed } from './bed.ts';
import { forkProcess } from './fork-process.ts';
import type { LoadJob } from './load-job.ts';
import { startLandfall } from './start-landfall.ts';
import type { Stage } from './stage.ts';

/** Something that takes events: where load is sent to, and the process that is counted for it. */
export interface Door {
  target: LoadJob['target'];
  pid: number;
  close(): Promise<void>;
}

/** One side of a comparison: how it takes events, and what processes them. */
export interface Side {
  name: string;
  openDoor(stage: Stage): Promise<Door>;
  startWorker(stage: Stage): Promise<{ pid: number; stop(): Promise<void> }>;
}

/** A receiver and a worker of Landfall. */
export function landfallSide(bed: Bed): Side {
  return {
    name: 'Landfall',
    async openDoor(stage) {
      const receiver = await startLandfall('receiver', stage.settings, bed);
      const urls = stage.sources.map((source) => `${receiver.url}/webhooks/${source}`);
      return { target: { kind: 'deliveries', urls }, pid: receiver.pid, close: () => receiver.stop() };
    },
    startWorker: (stage) => startLandfall('worker', stage.settings, bed),
  };
}

/** The smallest application on Temporal that does the same two calls: a client that starts workflows, and a worker. */
export function bareSide(bed: Bed): Side {
  return {
    name: 'two ordinary activities',
    openDoor: ({ taskQueue }) =>
      Promise.resolve({
        target: {
          kind: 'starts',
          temporalAddress: bed.temporalAddress,
          taskQueue,
          workflow: 'bareEvent',
          source: 'bare',
        },
        // Here the load generator is the application's own client.
        pid: bed.load.pid,
        close: () => Promise.resolve(),
      }),
    startWorker: ({ databaseUrl, taskQueue }) =>
      forkProcess('baselines/bare-worker-process.ts', {
        ready: z.null(),
        directory: bed.directory,
        env: {
          DATABASE_URL: databaseUrl,
          TEMPORAL_ADDRESS: bed.temporalAddress,
          TASK_QUEUE: taskQueue,
          VENDOR_URL: bed.vendor.ready.url,
        },
      }),
  };
}
