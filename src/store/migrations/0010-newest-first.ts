import type { Migration } from './migration.ts';

// What people look at comes newest first, by source. None of these tables is written for an ordinary event, and all are small.
// The index by minute also serves the deletion of old counts, which happens at every write.
export const newestFirst: Migration = {
  id: 10,
  name: 'newest-first',
  statements: [
    `create index reports_by_source on landfall.reports (source, finished_at, id)`,
    `create index rejections_by_source on landfall.rejections (source, at, id)`,
    `create index rejection_counts_by_minute on landfall.rejection_counts (minute)`,
  ],
};
