/**
 * A kit that checks an adapter: verification, parsing, ordering, idempotency, deletion, pagination and error classes, each as a
 * test for the runner of your choice. See docs/testing-a-source.md.
 *
 * @example
 * ```js
 * import { conformanceChecks, openSource } from 'landfall/testing';
 * import { test } from 'node:test'; // or 'vitest'; Jest needs no import
 * import { acmeSource } from './acme.js';
 *
 * const checks = conformanceChecks({
 *   create: ({ secrets }) => openSource(acmeSource, { ACME_WEBHOOK_SECRET: secrets.join(',') }),
 *   deliveries: [{ body: { id: 'evt_1', type: 'invoice.paid', invoice: { id: 'inv_1' } } }],
 *   later: null,
 *   deletion: null,
 *   vendor: null,
 * });
 * for (const { name, run } of checks) test(name, run);
 * ```
 * @module
 */
export { conformanceChecks } from './conformance-checks.ts';
export { ConformanceError } from './conformance-error.ts';
export { openSource } from './open-source.ts';
export { readSample } from './read-sample.ts';
export { withValues } from './with-values.ts';
export type { ConformanceCheck } from './check.ts';
export type {
  ListPlace,
  RecordPlace,
  SampleDelivery,
  SourceUnderTest,
  StandInHandler,
  VendorUnderTest,
} from './source-under-test.ts';
export type { StandInReply, StandInRequest } from './stand-in.ts';
export type { RecordState, World } from './world.ts';
