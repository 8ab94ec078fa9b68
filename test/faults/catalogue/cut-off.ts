import type { Fault } from '../fault.ts';
import type { Link } from '../parts/toxiproxy.ts';

const seconds = 1_000;

/** Nothing gets through: connections end, and new ones are refused. */
export const cutOff: readonly Fault[] = [
  {
    name: 'Temporal is cut off',
    part: 'Temporal',
    form: 'full',
    milliseconds: 5 * seconds,
    inject: ({ links }) => cut(links.receiverToTemporal, links.workerToTemporal),
  },
  {
    name: 'the store is cut off',
    part: 'store',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => cut(links.receiverToStore, links.workerToStore),
  },
  {
    name: 'receivers are cut off from Temporal and the store',
    part: 'receiver',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ links }) => cut(links.receiverToTemporal, links.receiverToStore),
  },
  {
    name: "the vendor's API is away for a moment",
    part: 'vendor',
    form: 'full',
    milliseconds: 3 * seconds,
    inject: ({ links }) => cut(links.workerToVendor),
  },
  {
    name: "the vendor's API is away for long",
    part: 'vendor',
    form: 'full',
    milliseconds: 15 * seconds,
    inject: ({ links }) => cut(links.workerToVendor),
    deadLetters:
      "the vendor's API refused connections for longer than an event's five attempts, which take eight seconds",
  },
  {
    name: 'the destination is away for a moment',
    part: 'destination',
    form: 'full',
    milliseconds: 3 * seconds,
    inject: ({ links }) => cut(links.workerToCrm),
  },
  {
    name: 'the destination is away for long',
    part: 'destination',
    form: 'full',
    milliseconds: 15 * seconds,
    inject: ({ links }) => cut(links.workerToCrm),
    deadLetters: 'the destination refused connections for longer than the five attempts',
  },
];

async function cut(...links: readonly Link[]): Promise<() => Promise<unknown>> {
  const ends = await Promise.all(links.map((link) => link.cutOff()));
  return () => Promise.all(ends.map((end) => end()));
}
