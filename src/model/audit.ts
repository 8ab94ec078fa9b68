/**
 * From where a decision came: our command line, the console, a bulk action, Landfall by itself (the end of a hold), or, where
 * the signal does not say, somebody at the Temporal UI or `temporal`.
 */
export const decisionOrigins = ['cli', 'console', 'bulk', 'landfall', 'temporal'] as const;
export type DecisionOrigin = (typeof decisionOrigins)[number];

/** A decision, before it is carried out. */
export interface NotedDecision {
  /** Unique: noting it again changes nothing. */
  id: string;
  /** Who decided, as they called themselves. */
  by: string;
  via: DecisionOrigin;
  /** What was decided: `dead-letter.discard`, `hold.release`, `bulk.begin`, … */
  action: string;
  /** The source that it is about; null where it is about several. */
  source: string | null;
  /** On what, by its workflow id or as a filter: `dead-letter:stripe:evt_1`. */
  target: string;
  /** Why. */
  reason: string;
}

/** What came of a decision. */
export interface DecisionResult {
  outcome: 'done' | 'failed';
  /** A sentence for people, such as the last line of the case's record. */
  text: string;
}

/** One line of the audit log. */
export interface AuditEntry extends NotedDecision {
  /** When it was noted by the database's clock, ISO 8601: before it was carried out. */
  at: string;
  /** null: it is being carried out, or what carried it out was ended from outside. */
  result: (DecisionResult & { at: string }) | null;
}

/** Which lines of the audit log; all where nothing is said. */
export interface AuditFilter {
  source?: string;
  by?: string;
  /** One action, or all that begin so: `dead-letter.*`. */
  action?: string;
  target?: string;
  /** At or after it, ISO 8601. */
  since?: string;
  /** Those before this line, in the order of the list: the last one of the page before. */
  after?: Pick<AuditEntry, 'at' | 'id'>;
}

/** A known origin; `temporal` for anything else, as somebody may type it. */
export function readOrigin(value: unknown): DecisionOrigin {
  return decisionOrigins.find((origin) => origin === value) ?? 'temporal';
}
