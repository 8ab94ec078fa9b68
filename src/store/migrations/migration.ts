/**
 * One step of the database's schema. A released one is never edited, because databases have it already: a new one is
 * added behind it. The statements are modules, not .sql files, so that they are there in `dist` too.
 *
 * The version before goes on working on the tables of this one: docs/deploys.md says what that allows, and
 * test/unit/store/migrations.test.ts looks at each statement.
 */
export interface Migration {
  /** 1, 2, 3, … without a gap. */
  id: number;
  /** One that begins with `breaking-` locks out the versions that do not know it. */
  name: string;
  /** One statement each, run in one transaction. */
  statements: readonly string[];
}
