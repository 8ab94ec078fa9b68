import type { RequestHandler } from 'express';
import { decideAccess } from '../console/access.ts';
import { createConsole } from '../console/app.ts';
import { visibleBy } from '../inspection/dependencies.ts';
import { createSourceHealth } from '../inspection/source-health.ts';
import { createBulkActions } from '../temporal/bulk-actions.ts';
import { createDeadLetters } from '../temporal/dead-letters.ts';
import { createUiLinks } from '../temporal/ui-links.ts';
import type { Runtime } from './runtime.ts';

/**
 * The console of a process.
 *
 * @param options.host - the address that its port is bound to: on loopback it is open, elsewhere only where the settings say to whom
 */
export function openConsole(
  { config, sources, store, client, target, redact, logger }: Runtime,
  { host, temporalUiUrl }: { host: string; temporalUiUrl: string | null },
): RequestHandler {
  // Of a source that is not on here, by the rules of all.
  const visible = visibleBy((source) => sources.get(source)?.redaction ?? config.redaction);
  const shared = { sources, store, client, visible, now: Date.now };
  return createConsole(
    {
      ...shared,
      sourceHealth: createSourceHealth(shared),
      deadLetters: createDeadLetters(client),
      bulk: createBulkActions(client, config.taskQueue),
      ui: temporalUiUrl === null ? null : createUiLinks(temporalUiUrl, target.namespace),
      redact,
      logger,
    },
    decideAccess(config.console, host),
  );
}
