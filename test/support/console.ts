import type { Client } from '@temporalio/client';
import express from 'express';
import { pino } from 'pino';
import { type ConsoleSettings, decideAccess } from '../../src/console/access.ts';
import { createConsole } from '../../src/console/app.ts';
import type { ConsoleDependencies } from '../../src/console/dependencies.ts';
import { allVisible } from '../../src/inspection/dependencies.ts';
import { type HttpServer, listen } from '../../src/receiver/server.ts';
import type { Store } from '../../src/store/store.ts';
import type { BulkActions } from '../../src/temporal/bulk-actions.ts';
import type { DeadLetters } from '../../src/temporal/dead-letters.ts';

/** A console whose first page can be asked for, with nothing behind it: who may, and how, is all that is tried with it. */
export interface BareConsole extends HttpServer, AsyncDisposable {
  /** Decisions that came through. */
  discarded: { by: string; reason: string }[];
}

/**
 * Starts a bare console.
 *
 * @param options.host - what its port is said to be bound to. @default 127.0.0.1
 */
export async function startBareConsole({
  host = '127.0.0.1',
  redact = (text) => text,
  now = Date.now,
  ...settings
}: Partial<ConsoleSettings> & {
  host?: string;
  redact?: (text: string) => string;
  now?: () => number;
} = {}): Promise<BareConsole> {
  const discarded: BareConsole['discarded'] = [];
  const deps: ConsoleDependencies = {
    sources: new Map(),
    store: notThere as Store,
    client: notThere as Client,
    visible: allVisible,
    sourceHealth: () => Promise.resolve({ sources: [], alerts: [], inbox: 3, complete: true, failure: null }),
    deadLetters: {
      ...(notThere as DeadLetters),
      discard: (_ref, { by, reason }) => {
        discarded.push({ by, reason });
        return Promise.resolve({ entries: [], answered: true } as never);
      },
    },
    bulk: notThere as BulkActions,
    ui: null,
    now,
    redact,
    logger: pino({ level: 'silent' }),
  };
  const app = express();
  app.use(createConsole(deps, decideAccess({ token: null, proxy: null, ...settings }, host)));
  const server = await listen(app, { host: '127.0.0.1', port: 0, setting: 'LANDFALL_OPS_PORT' });
  return { ...server, discarded, [Symbol.asyncDispose]: () => server.close(0) };
}

/** A part that nothing is asked of. */
const notThere: unknown = {};
