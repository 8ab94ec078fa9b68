/**
 * One step of the database's schema. A released one is never edited, because databases have it already: a new one is
 * added behind it. The statements are modules, not .sql files, so that they are there in `dist` too.
 */
export interface Migration {
  /** 1, 2, 3, … without a gap. */
  id: number;
  name: string;
  /** One statement each, run in one transaction. */
  statements: readonly string[];
}
