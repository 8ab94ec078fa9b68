import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import type { Replica } from '../parts/replica.ts';

/** Stopped as a deployment stops it, and started again. The fault ends when all are up. */
export const restarted: readonly Fault[] = [
  {
    name: 'receivers are restarted, one after the other',
    part: 'receiver',
    form: 'full',
    milliseconds: 0,
    inject: ({ receivers }) => roll(receivers),
  },
  {
    name: 'workers are restarted, one after the other',
    part: 'worker',
    form: 'full',
    milliseconds: 0,
    inject: ({ workers }) => roll(workers),
  },
  {
    name: 'Temporal is restarted',
    part: 'Temporal',
    form: 'full',
    milliseconds: 0,
    inject: ({ servers }) => once(servers.temporal),
  },
  {
    name: 'the store is restarted',
    part: 'store',
    form: 'full',
    milliseconds: 0,
    inject: ({ servers }) => once(servers.store),
  },
];

const betweenMilliseconds = 1_000;

async function roll(replicas: readonly Replica[]): Promise<() => Promise<void>> {
  for (const replica of replicas) {
    await replica.restart();
    await wait(betweenMilliseconds);
  }
  return () => Promise.resolve();
}

async function once(server: { restart(): Promise<void> }): Promise<() => Promise<void>> {
  await server.restart();
  return () => Promise.resolve();
}
