import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../fault.ts';

const seconds = 1_000;

/** Ended with SIGKILL, and started again when the fault is over. */
export const killed: readonly Fault[] = [
  {
    name: 'a worker is killed',
    part: 'worker',
    form: 'short',
    milliseconds: 3 * seconds,
    inject: ({ workers: [worker] }) => kill(worker),
  },
  {
    name: 'all workers are killed',
    part: 'worker',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ workers }) => kill(...workers),
  },
  {
    name: 'a receiver is killed with starts under way',
    part: 'receiver',
    form: 'short',
    milliseconds: 3 * seconds,
    inject: async ({ receivers: [receiver], links }) => {
      // So that the moment between taking an event and having it durable is long enough to be met.
      const quicken = await links.receiverToTemporal.poison({
        type: 'latency',
        attributes: { latency: 500, jitter: 0 },
      });
      await wait(2 * seconds);
      const end = await kill(receiver);
      await quicken();
      return end;
    },
  },
  {
    name: 'all receivers are killed',
    part: 'receiver',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ receivers }) => kill(...receivers),
  },
  {
    name: 'Temporal is killed',
    part: 'Temporal',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ servers }) => kill(servers.temporal),
  },
  {
    name: 'the store is killed',
    part: 'store',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ servers }) => kill(servers.store),
  },
];

interface Killable {
  kill(): Promise<void>;
  start(): Promise<void>;
}

async function kill(...parts: readonly (Killable | undefined)[]): Promise<() => Promise<unknown>> {
  const there = parts.filter((part) => part !== undefined);
  await Promise.all(there.map((part) => part.kill()));
  return () => Promise.all(there.map((part) => part.start()));
}
