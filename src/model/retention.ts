/**
 * The tables that the workflow `purge` takes old rows out of, `deleted` being the records that the vendor has deleted. What else grows
 * with time is bounded by other means: see docs/privacy.md.
 */
export const purgedTables = [
  'rejections',
  'conflicts',
  'reports',
  'deleted',
  'deliveries',
  'failures',
  'bodies',
] as const;
export type PurgedTable = (typeof purgedTables)[number];

/** How long the rows of each table are kept, in milliseconds; null: for good. */
export type Retention = Record<PurgedTable, number | null>;

/** The input of the workflow `purge`. */
export interface PurgeInput {
  /**
   * How long it waits before it looks for bodies that nobody uses, in milliseconds: after a long time without workers, dead letters
   * first say which ones they use, by the reminders that are due at once. @default 1 hour
   */
  bodiesAfterMilliseconds?: number;
}

/** The result of the workflow `purge`. */
export interface PurgeReport {
  /** Rows that were taken away, by table. */
  purged: Partial<Record<PurgedTable, number>>;
  /** Keys of records that are encrypted under the newest key of the deployment from now on. */
  rewrapped: number;
}
