import type { Fault } from '../fault.ts';
import type { Replica } from '../parts/replica.ts';

const seconds = 1_000;

/** Stopped with SIGSTOP: its connections stay, and nobody answers. Longer than the vendor waits for an answer. */
export const paused: readonly Fault[] = [
  {
    name: 'a worker is paused',
    part: 'worker',
    form: 'full',
    milliseconds: 12 * seconds,
    inject: ({ workers: [worker] }) => pause(worker),
  },
  {
    name: 'a receiver is paused',
    part: 'receiver',
    form: 'full',
    milliseconds: 12 * seconds,
    inject: ({ receivers: [receiver] }) => pause(receiver),
  },
  {
    name: 'Temporal is paused',
    part: 'Temporal',
    form: 'full',
    milliseconds: 12 * seconds,
    inject: ({ servers }) => servers.temporal.pause(),
  },
  {
    name: 'the store is paused',
    part: 'store',
    form: 'full',
    milliseconds: 12 * seconds,
    inject: ({ servers }) => servers.store.pause(),
  },
];

function pause(replica: Replica | undefined): Promise<() => Promise<unknown>> {
  replica?.signal('SIGSTOP');
  return Promise.resolve(async () => replica?.signal('SIGCONT'));
}
