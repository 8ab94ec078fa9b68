import type { Fault } from '../fault.ts';
import type { ClockedReplica } from '../system.ts';

const seconds = 1_000;
/** More than the tolerance of a signature's time: whoever has such a clock refuses every delivery, and the vendor's next attempt meets the other one. */
const hour = 3_600_000;

/** The wall clock of one process is wrong by an hour, and then right again, while it runs. */
export const clockMoved: readonly Fault[] = [
  {
    name: "a receiver's clock is an hour ahead",
    part: 'receiver',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ receivers: [receiver] }) => move(receiver, hour),
  },
  {
    name: "a receiver's clock is an hour behind",
    part: 'receiver',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ receivers: [receiver] }) => move(receiver, -hour),
  },
  {
    name: "a worker's clock is an hour ahead",
    part: 'worker',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ workers: [worker] }) => move(worker, hour),
  },
  {
    name: "a worker's clock is an hour behind",
    part: 'worker',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ workers: [worker] }) => move(worker, -hour),
  },
];

async function move(replica: ClockedReplica | undefined, milliseconds: number): Promise<() => Promise<void>> {
  await replica?.moveClock(milliseconds);
  return async () => replica?.moveClock(0);
}
