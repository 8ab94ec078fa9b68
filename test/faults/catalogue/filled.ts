import type { Fault } from '../fault.ts';

/** No room is left where the store keeps its data: PostgreSQL refuses writes, or ends. Its supervisor starts it when there is room. */
export const filled: readonly Fault[] = [
  {
    name: "the store's disk is full",
    part: 'store',
    form: 'full',
    milliseconds: 8_000,
    inject: async ({ servers }) => {
      const { store } = servers;
      const makeRoom = await store.fillDisk?.();
      return async () => {
        await makeRoom?.();
        // Without room for its log, PostgreSQL has ended.
        if (!store.isRunning()) await store.start();
      };
    },
    unavailable: ({ store }) =>
      store.fillDisk !== null
        ? null
        : 'a file system of its own for the store can be mounted only by root on Linux',
  },
];
