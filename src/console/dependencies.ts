import type { Logger } from 'pino';
import type { InspectionDependencies } from '../inspection/dependencies.ts';
import type { Overview } from '../inspection/source-health.ts';
import type { BulkActions } from '../temporal/bulk-actions.ts';
import type { DeadLetters } from '../temporal/dead-letters.ts';
import type { UiLinks } from '../temporal/ui-links.ts';

/** What the pages are made of. */
export interface ConsoleDependencies extends InspectionDependencies {
  sourceHealth: (names?: readonly string[]) => Promise<Overview>;
  deadLetters: DeadLetters;
  bulk: BulkActions;
  /** null: nobody said where the Temporal UI is. */
  ui: UiLinks | null;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Takes the configured secrets out of a text. */
  redact: (text: string) => string;
  logger: Logger;
}
