import type { Logger } from 'pino';
import { keepClaims } from '../bodies/keep-claims.ts';
import type { Claim } from '../model/stored-body.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { ConflictingDelivery, Store } from '../store/store.ts';

const keepPerSource = 200;

/**
 * Keeps a delivery whose event id came before with another body, where it did. The first wins; this one is for people to look at.
 *
 * @param claims - what of it is kept as a large body
 */
export async function noteConflict(
  { store, metrics, logger }: { store: Store; metrics: Metrics; logger: Logger },
  { firstSha256, ...delivery }: Omit<ConflictingDelivery, 'firstSha256'> & { firstSha256: string | null },
  claims: readonly Claim[] = [],
): Promise<void> {
  // Not known, or of a repair, which has no body.
  if (firstSha256 === null || firstSha256 === '' || firstSha256 === delivery.bodySha256) return;
  const { source, eventId, bodySha256 } = delivery;
  metrics.conflicts.inc({ source });
  logger.warn({ source, eventId, firstSha256, bodySha256 }, 'conflict');
  try {
    await keepClaims({ store, metrics }, source, claims);
    await store.addConflict({ ...delivery, firstSha256 }, keepPerSource);
  } catch (error) {
    logger.warn({ err: error, source, eventId }, 'a conflicting delivery could not be kept');
  }
}
