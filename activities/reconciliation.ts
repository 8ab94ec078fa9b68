import { Context } from '@temporalio/activity';
import { ConfigurationError } from '../src/errors.ts';
import { canonicalEventId, repairEventId } from '../src/model/ids.ts';
import type { Difference } from '../src/model/reconciliation.ts';
import { compareVersions, readSourceTime, readVersionNumber } from '../src/model/version.ts';
import type { ListedChange, Source } from '../src/sources/define-source.ts';
import type { ComparableChange } from '../src/store/store.ts';
import { sha256Hex } from '../src/verification/digest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

type ReconciliationActivities = Pick<
  Activities,
  'beginReconciliation' | 'listChanges' | 'finishReconciliation'
>;

/** Well below the heartbeat timeout of 30 seconds. */
const heartbeatEvery = 5_000;
/** How long one call reads on while the list is in step: a workflow task for each page would cost more than the page. */
const readOnMilliseconds = 10_000;
/** Differences that one call brings home, but for the last page's. */
const enoughDifferences = 100;

/** What a reconciliation does outside of its workflow. */
export function createReconciliationActivities({
  sources,
  store,
  metrics,
  logger,
  now,
}: ActivityDependencies): ReconciliationActivities {
  return {
    async beginReconciliation({ source: name, since }) {
      const source = listingSource(sources, name);
      const cursor = await store.findCursor(name);
      const until = new Date(now()).toISOString();
      const reached = cursor === null ? null : Date.parse(cursor.reconciledUntil);
      if (since === null) {
        const from =
          reached === null ? null : new Date(reached - source.reconcile.overlapMilliseconds).toISOString();
        return { since: from, until, retry: source.retry };
      }
      const leavesGap = reached === null || Date.parse(since) > reached;
      return { since, until: leavesGap ? null : until, retry: source.retry };
    },

    async listChanges({ source: name, since, cursor }) {
      const source = listingSource(sources, name);
      const context = Context.current();
      const read = { pages: 0, scanned: 0, differences: [] as Difference[], nextCursor: cursor };
      const heart = setInterval(() => {
        context.heartbeat({ cursor: read.nextCursor });
      }, heartbeatEvery);
      const begun = performance.now();
      try {
        do {
          const range = { since, cursor: read.nextCursor };
          const page = await source.listChanged(range, { signal: context.cancellationSignal });
          const changes = newestOfEach(page.changes.map((change) => comparable(change, now())));
          const found = await store.findDifferences(name, changes);
          read.differences.push(
            ...found.map(({ index, ...difference }) => identify(difference, changes[index])),
          );
          read.pages += 1;
          read.scanned += page.changes.length;
          read.nextCursor = page.nextCursor;
        } while (
          read.nextCursor !== null &&
          read.differences.length < enoughDifferences &&
          performance.now() - begun < readOnMilliseconds
        );
      } catch (error) {
        // What was read is kept: the next call begins with the page that failed, and fails by itself if it fails again.
        if (read.pages === 0 || context.cancellationSignal.aborted) throw error;
      } finally {
        clearInterval(heart);
      }
      return read;
    },

    async finishReconciliation({ report, until }) {
      await store.saveReport(report, until);
      metrics.observeReconciliation(report);
      logger.info({ ...report }, 'reconciled');
    },
  };
}

function listingSource(
  sources: ReadonlyMap<string, Source>,
  name: string,
): Source & Required<Pick<Source, 'listChanged'>> {
  const source = findSource(sources, name);
  const { listChanged } = source;
  if (listChanged === undefined) {
    throw new ConfigurationError(
      `The source "${name}" cannot list its changes, so it cannot be reconciled: its adapter has no listChanged, or its API key is not set.`,
    );
  }
  return { ...source, listChanged };
}

function comparable(
  { entity, version, sourceTime, deleted, event }: ListedChange,
  now: number,
): ComparableChange {
  return {
    entity,
    version: readVersionNumber(version),
    sourceTime: readSourceTime(sourceTime, now),
    deleted,
    event: event === undefined ? null : { ...event, id: canonicalEventId(event.id, sha256Hex) },
  };
}

/** Of changes that are not events of the vendor's, the newest of each record: one repair mends them all. */
function newestOfEach(changes: readonly ComparableChange[]): ComparableChange[] {
  const kept = new Map<string, ComparableChange>();
  for (const change of changes) {
    const key =
      change.event === null
        ? JSON.stringify([change.entity.type, change.entity.id])
        : `event ${change.event.id}`;
    const before = kept.get(key);
    if (before === undefined || compareVersions(change, before) !== 'older') kept.set(key, change);
  }
  return [...kept.values()];
}

function identify(
  difference: Omit<Difference, 'eventId' | 'eventType'>,
  change: ComparableChange | undefined,
): Difference {
  const event = change?.event ?? null;
  return {
    ...difference,
    eventId: event?.id ?? repairEventId(difference.entity, difference.version, sha256Hex),
    eventType: event?.type ?? null,
  };
}
