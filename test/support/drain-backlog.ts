import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, vi } from 'vitest';
import type { Activities } from '../../activities/types.ts';
import type { ProcessEventResult } from '../../src/model/outcome.ts';
import { defaultRetry } from '../../src/model/retry.ts';
import { createEventStarter } from '../../src/temporal/create-event-starter.ts';
import { bundleWorkflows } from '../../src/temporal/worker.ts';
import { buildInboxItem } from './build-apply.ts';
import { quietRuntime } from './quiet-runtime.ts';

const slots = 4;
const atOnce = 20;
/** Long enough for the slots, and not the server, to be what events wait for. */
const stepMilliseconds = 10;

/** A source with few events gets its turns beside one that had many before it. */
export async function expectTurnsTaken(address: string): Promise<void> {
  const taken = await drainBacklog(address, { heavy: 200, light: 20 });
  // Temporal keeps turns in each of a queue's partitions: one of the four that is polled late holds up its own alone.
  expect(taken.slice(0, 120).filter((source) => source === 'light').length).toBeGreaterThanOrEqual(10);
}

/**
 * Starts so many events of each source, one source after the other, as a receiver does, while no worker runs; then a worker with
 * few slots takes them all.
 *
 * @returns the sources in the order in which the worker took their events
 */
async function drainBacklog(address: string, backlog: Readonly<Record<string, number>>): Promise<string[]> {
  quietRuntime();
  const taskQueue = `backlog-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  const workerConnection = await NativeConnection.connect({ address });
  try {
    const starter = createEventStarter({
      client: new Client({ connection }),
      store: { findEvent: () => Promise.resolve(null) },
      settingsOf: () => ({ retry: defaultRetry, taskQueue }),
      timers: { remindAfterMilliseconds: 60_000, escalateAfterMilliseconds: 60_000 },
      deadlineMilliseconds: 30_000,
    });
    for (const [source, count] of Object.entries(backlog)) {
      let next = 0;
      const startAll = async (): Promise<void> => {
        while (next < count) {
          next += 1;
          await starter.start(buildInboxItem(`${taskQueue}-${next}`, { source }).event);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, startAll));
    }

    const taken: string[] = [];
    const tryEvent: Activities['tryEvent'] = async ({ event }) => {
      taken.push(event.source);
      await wait(stepMilliseconds);
      const result: ProcessEventResult = { outcome: 'applied', version: null, previous: null, delivered: [] };
      return { kind: 'landed', landed: { result, deadLetterOpen: false } };
    };
    const worker = await Worker.create({
      connection: workerConnection,
      taskQueue,
      workflowBundle: await bundleWorkflows(),
      activities: { tryEvent },
      maxConcurrentWorkflowTaskExecutions: slots,
    });
    const all = Object.values(backlog).reduce((sum, count) => sum + count, 0);
    await worker.runUntil(() => vi.waitFor(() => expect(taken).toHaveLength(all), { timeout: 120_000 }));
    return taken;
  } finally {
    await workerConnection.close();
    await connection.close();
  }
}
