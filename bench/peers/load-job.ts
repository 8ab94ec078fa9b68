import { z } from 'zod';

/** What the load process is asked. */
export const loadJobSchema = z.object({
  url: z.url(),
  secret: z.string(),
  /** Event n has the id `<prefix>-<n>`. */
  prefix: z.string(),
  events: z.int(),
  connections: z.int(),
  /** It says so when so many are acknowledged; 0 never. */
  tellAfter: z.int(),
});
export type LoadJob = z.infer<typeof loadJobSchema>;

/** What it answers. */
export const loadResultSchema = z.object({
  acknowledged: z.array(z.string()),
  /** Answers other than 2xx, and requests without an answer. */
  refused: z.int(),
  seconds: z.number(),
  p50Milliseconds: z.number(),
  p99Milliseconds: z.number(),
});
export type LoadResult = z.infer<typeof loadResultSchema>;
