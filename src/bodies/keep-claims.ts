import type { Claim } from '../model/stored-body.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Store } from '../store/store.ts';

/** Keeps what an event refers to in the store, one after the other. */
export async function keepClaims(
  { store, metrics }: { store: Pick<Store, 'keepBody'>; metrics: Pick<Metrics, 'bodiesKept'> },
  source: string,
  claims: readonly Claim[],
): Promise<void> {
  for (const { stored, body, entity } of claims) {
    const result = await store.keepBody(body, stored.sha256, entity === null ? null : { source, entity });
    metrics.bodiesKept.inc({ source, result });
  }
}
