import type { Client } from '@temporalio/client';
import type { UnreadableDelivery } from '../model/dead-letter.ts';
import type { JsonValue } from '../model/json.ts';
import { hideHeaders, noRedaction, redactBody, type Redaction, redactJson } from '../privacy/redaction.ts';
import type { Source } from '../sources/define-source.ts';
import type { Store } from '../store/store.ts';

/** What the questions of people are answered from: nothing here changes anything. */
export interface InspectionDependencies {
  /** Those of this process. */
  sources: ReadonlyMap<string, Source>;
  store: Store;
  client: Client;
  visible: Visible;
}

/** What people may see of a source's documents: what its rules hide is marked. */
export interface Visible {
  /** A parsed body, or a record. */
  json(source: string, document: JsonValue): JsonValue;
  /** A body as it was sent. */
  body(source: string, body: SentBody): SentBody;
  /** The headers of a delivery. */
  headers(source: string, headers: Record<string, string>): Record<string, string>;
}

/** A body as it was sent, and kept. */
export type SentBody = Pick<UnreadableDelivery, 'body' | 'bodyEncoding'>;

/** All of it, where no source hides anything. */
export const allVisible: Visible = visibleBy(() => noRedaction);

/**
 * What the rules that hold now leave, whatever they were when something came in.
 *
 * @param redactionOf - the rules of a source
 */
export function visibleBy(redactionOf: (source: string) => Redaction): Visible {
  return {
    json: (source, document) => redactJson(redactionOf(source), document),
    body: (source, body) => redactBody(redactionOf(source), body),
    headers: (source, headers) => hideHeaders(redactionOf(source), headers),
  };
}

const patienceMilliseconds = 5_000;

/** Asks Temporal, for no longer than somebody waits for a page. */
export function asking<Answer>(
  { client }: Pick<InspectionDependencies, 'client'>,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  return client.withDeadline(Date.now() + patienceMilliseconds, ask);
}
