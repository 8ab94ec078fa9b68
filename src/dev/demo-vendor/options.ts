import { z } from 'zod';
import { faultsSchema, noFaults } from './faults.ts';

/** How a demo vendor is to be. It listens on 127.0.0.1 only. */
export const demoVendorOptionsSchema = z.strictObject({
  /** 0: any free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** Where webhooks go; null: nowhere, until `sendTo` says it. With a target the company begins to change at once. */
  target: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** Signs the webhooks, `whsec_…`. @default a new one, kept in the state file */
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, 'must be whsec_ and base64')
    .optional(),
  /** The bearer token of the API. @default a new one, kept in the state file */
  token: z.string().min(1).optional(),
  /** The same seed gives a new company the same records, changes and faults. @default a random one */
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  /** Customers and orders that a new company already has, and never sent an event for. */
  customers: z.int().min(0).default(20),
  orders: z.int().min(0).default(40),
  /** 0: nothing changes by itself. */
  changesPerSecond: z.number().min(0).max(1_000).default(4),
  faults: faultsSchema.default(noFaults),
  /** API requests a second before the vendor answers 429. */
  requestsPerSecond: z.int().min(1).default(200),
  /** Webhooks under way at once. */
  concurrency: z.int().min(1).default(20),
  /** The pauses between the attempts of a webhook: like Svix's, but shorter. After the last the vendor gives up. */
  retryMilliseconds: z
    .array(z.int().min(0))
    .default([1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000]),
  timeoutMilliseconds: z.int().min(1).default(10_000),
  /** A JSON file from which a restart finds the same company again; null: it is forgotten. */
  stateFile: z.string().min(1).nullable().default(null),
});
export type DemoVendorOptions = z.input<typeof demoVendorOptionsSchema>;
