import { startPostgres } from '../../support/postgres.ts';
import { signalTree } from '../../support/signal-tree.ts';
import type { ServerPart } from './server-part.ts';
import { mountSmallDisk } from './small-disk.ts';

/** The PostgreSQL of the store, on a small disk of its own where this machine allows one. */
export interface StoreServer extends ServerPart {
  /** An empty database; its URL. */
  createDatabase(): Promise<string>;
  isRunning(): boolean;
  /** Takes all the room of its disk, until the returned function is called; null where it has no disk of its own. */
  fillDisk: (() => Promise<() => Promise<void>>) | null;
}

/** @param options.ownDisk - whether to try for a disk that can be filled */
export async function startStoreServer(options: { ownDisk: boolean }): Promise<StoreServer> {
  const disk = options.ownDisk ? await mountSmallDisk() : null;
  const server = await startPostgres(disk === null ? {} : { parent: disk.directory });
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (server.isRunning()) await signalTree(server.pid(), name);
  };
  return {
    address: new URL(server.url).host,
    createDatabase: () => server.createDatabase(),
    isRunning: () => server.isRunning(),
    fillDisk: disk === null ? null : () => disk.fill(),
    kill: async () => {
      await signal('SIGKILL');
      await server.halt();
    },
    start: () => server.resume(),
    restart: () => server.restart(),
    pause: async () => {
      await signal('SIGSTOP');
      return () => signal('SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await disk?.[Symbol.asyncDispose]();
    },
  };
}
