import type { Client } from '@temporalio/client';
import type { Source } from '../sources/define-source.ts';
import type { Store } from '../store/store.ts';

/** What the questions of people are answered from: nothing here changes anything. */
export interface InspectionDependencies {
  /** Those of this process. */
  sources: ReadonlyMap<string, Source>;
  store: Store;
  client: Client;
}

const patienceMilliseconds = 5_000;

/** Asks Temporal, for no longer than somebody waits for a page. */
export function asking<Answer>(
  { client }: Pick<InspectionDependencies, 'client'>,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  return client.withDeadline(Date.now() + patienceMilliseconds, ask);
}
