/** What every delivery of a benchmark is signed with. */
export const benchSecret = 'the-secret-of-the-benchmark';
/** The variable that holds it, in the environment of whoever verifies. */
export const benchSecretVariable = 'BENCH_WEBHOOK_SECRET';

/** A text that makes bodies and records as long as vendors' usually are, about 1 KB. */
const filler = 'Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor. '.repeat(8);

/** The record `id` as the vendor shows it. Each event is about a record of its own, so that none waits for another's lock. */
export function benchRecord(id: string) {
  return {
    object: 'customer',
    id,
    version: 1,
    updated_at: '2026-01-01T00:00:00.000Z',
    name: 'Ada Berg',
    email: 'ada.berg@example.com',
    plan: { name: 'team', seats: 12, features: ['audit', 'export', 'sso'] },
    note: filler,
  };
}

/** The body of an event whose id is `id`. */
export function benchEventBody(id: string) {
  return {
    id,
    type: 'customer.updated',
    created_at: '2026-01-01T00:00:00.000Z',
    data: benchRecord(`cus_${id}`),
  };
}

/** How they are signed: an HMAC over time and body. */
export const benchScheme = {
  type: 'hmac',
  header: 'x-bench-signature',
  algorithm: 'sha256',
  encoding: 'hex',
  timestamp: { header: 'x-bench-timestamp' },
} as const;

/** A source for such events, as LANDFALL_SOURCES_FILE describes it; a record is fetched by GET. */
export function benchSource(name: string, vendorUrl: string) {
  return {
    name,
    scheme: benchScheme,
    secretEnv: benchSecretVariable,
    id: '/id',
    type: '/type',
    entity: { type: 'customer', id: '/data/id' },
    version: '/data/version',
    occurredAt: '/created_at',
    fetch: { urlTemplate: `${vendorUrl}/customers/{id}`, versionPointer: '/version' },
  };
}
