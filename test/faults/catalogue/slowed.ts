import type { Fault } from '../fault.ts';
import type { Link, Toxic } from '../parts/toxiproxy.ts';

const seconds = 1_000;
const slow: Toxic = { type: 'latency', attributes: { latency: 250, jitter: 150 } };
const narrow: Toxic = { type: 'bandwidth', attributes: { rate: 64 } };
const resets: Toxic = { type: 'reset_peer', attributes: { timeout: 400 } };
const halfOpen: Toxic = { type: 'timeout', attributes: { timeout: 0 } };
const sliced: Toxic = { type: 'slicer', attributes: { average_size: 100, size_variation: 50, delay: 2_000 } };

/** The network between the parts is bad. */
export const slowed: readonly Fault[] = [
  {
    name: 'slow ways to the store',
    part: 'store',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(slow, links.receiverToStore, links.workerToStore),
  },
  {
    name: 'half-open connections to the store',
    part: 'store',
    form: 'short',
    milliseconds: 5 * seconds,
    inject: ({ links }) => poison(halfOpen, links.receiverToStore, links.workerToStore),
  },
  {
    name: 'resets on the ways to the store',
    part: 'store',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(resets, links.receiverToStore, links.workerToStore),
  },
  {
    name: 'slow and narrow ways to Temporal',
    part: 'Temporal',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: async ({ links }) => {
      const ends = [
        await poison(slow, links.receiverToTemporal, links.workerToTemporal),
        await poison(narrow, links.receiverToTemporal, links.workerToTemporal),
      ];
      return () => Promise.all(ends.map((end) => end()));
    },
  },
  {
    name: 'half-open connections to Temporal',
    part: 'Temporal',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(halfOpen, links.receiverToTemporal, links.workerToTemporal),
  },
  {
    name: 'resets on the ways to Temporal',
    part: 'Temporal',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(resets, links.receiverToTemporal, links.workerToTemporal),
  },
  {
    name: 'resets between vendor and receivers',
    part: 'network',
    form: 'full',
    milliseconds: 6 * seconds,
    inject: ({ links }) => poison(resets, ...links.vendorToReceivers),
  },
  {
    name: 'half-open connections from the vendor',
    part: 'network',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(halfOpen, ...links.vendorToReceivers),
  },
  {
    name: 'deliveries come in slices',
    part: 'network',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(sliced, ...links.vendorToReceivers),
  },
  {
    name: "resets on the ways to the vendor's API",
    part: 'vendor',
    form: 'full',
    milliseconds: 4 * seconds,
    inject: ({ links }) => poison(resets, links.workerToVendor),
  },
  {
    name: "half-open connections to the vendor's API",
    part: 'vendor',
    form: 'full',
    milliseconds: 8 * seconds,
    inject: ({ links }) => poison(halfOpen, links.workerToVendor),
  },
  {
    name: 'resets on the ways to the destination',
    part: 'destination',
    form: 'full',
    milliseconds: 4 * seconds,
    inject: ({ links }) => poison(resets, links.workerToCrm),
  },
];

async function poison(toxic: Toxic, ...links: readonly Link[]): Promise<() => Promise<unknown>> {
  const ends = await Promise.all(links.map((link) => link.poison(toxic)));
  return () => Promise.all(ends.map((end) => end()));
}
