import type { Logger } from 'pino';
import type { DeadLetterInput, DeadLetterTimers, FailureReport } from '../src/model/dead-letter.ts';
import type { EntityTurnsInput, Ticket } from '../src/model/turns.ts';
import type { Metrics } from '../src/monitoring/metrics.ts';
import type { Source } from '../src/sources/define-source.ts';
import type { Store } from '../src/store/store.ts';

/** What activities ask of Temporal itself. */
export interface TemporalPort {
  /** Opens the dead letter, or adds the failure to the open one. */
  openDeadLetter(input: DeadLetterInput, failure: FailureReport): Promise<void>;
  /** The status of a run, or of the latest one: `RUNNING`, `COMPLETED`, `FAILED`, …, or `NOT_FOUND`. */
  describeRun(workflowId: string, runId?: string): Promise<string>;
  /** Lets an event wait for its turn among those of its record. */
  waitForTurn(input: EntityTurnsInput, ticket: Ticket): Promise<void>;
}

/** What activities are made of. */
export interface ActivityDependencies {
  sources: ReadonlyMap<string, Source>;
  store: Store;
  temporal: TemporalPort;
  metrics: Metrics;
  logger: Logger;
  timers: DeadLetterTimers;
  /** Milliseconds since the epoch; decides only what is plausible and where a reconciliation begins, never which version wins. */
  now: () => number;
  /** Takes the configured secrets out of a text. */
  redact: (text: string) => string;
}
