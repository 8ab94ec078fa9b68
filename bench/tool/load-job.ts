import { z } from 'zod';

/** Where load goes: to receivers as signed deliveries, or straight to Temporal as workflow starts. */
const targetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('deliveries'),
    /** Addresses to post to, such as `http://127.0.0.1:3000/webhooks/bench`; event n goes to number n of them. */
    urls: z.array(z.url()).min(1),
  }),
  z.object({
    kind: z.literal('starts'),
    temporalAddress: z.string(),
    taskQueue: z.string(),
    /** `processEvent` as Landfall starts it, with the same input and visibility; or the bare workflow with the payload. */
    workflow: z.enum(['processEvent', 'bareEvent']),
    source: z.string(),
  }),
]);

/** What a load process is asked to do: events `first`, `first + 1`, … of a prefix, in a closed loop. */
export const loadJobSchema = z.object({
  target: targetSchema,
  /** Event n has the id `<prefix>-<n>`. Sent again under the same prefix and number, it is a duplicate. */
  prefix: z.string(),
  first: z.int(),
  /** Requests under way at once, each on a connection of its own. */
  concurrency: z.int().min(1),
  /** It ends after so many events or so much time, whichever comes first. */
  limit: z.object({ events: z.int().nullable(), milliseconds: z.number().nullable() }),
  /** An open loop at this rate instead, as long as `concurrency` suffices. */
  eventsPerSecond: z.number().nullable(),
});
export type LoadJob = z.infer<typeof loadJobSchema>;

/** What came of it. */
export const loadResultSchema = z.object({
  /** Answered 2xx and not as a duplicate. */
  accepted: z.int(),
  /** Of those, answered 202: an inbox holds them. */
  inboxed: z.int(),
  duplicates: z.int(),
  /** Anything else, and requests without an answer. */
  refused: z.int(),
  /** From the first request to the last answer. */
  milliseconds: z.number(),
  /** Of every answer, in milliseconds. */
  latency: z.object({ p50: z.number(), p99: z.number(), maximum: z.number() }),
});
export type LoadResult = z.infer<typeof loadResultSchema>;
