import { startPostgres } from '../../support/postgres.ts';
import type { ServerPart } from './server-part.ts';
import { signalTree } from './signal-tree.ts';

/** The PostgreSQL of the store. */
export interface StoreServer extends ServerPart {
  /** An empty database; its URL. */
  createDatabase(): Promise<string>;
}

/** @param options.parent - the folder that its data go below. @default the system's for temporary files */
export async function startStoreServer(options: { parent?: string } = {}): Promise<StoreServer> {
  const server = await startPostgres(options);
  const { host } = new URL(server.url);
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    const pid = server.pid();
    if (pid !== null) await signalTree(pid, name);
  };
  return {
    address: host,
    createDatabase: () => server.createDatabase(),
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
    },
  };
}
