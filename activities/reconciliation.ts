import { ConfigurationError } from '../src/errors.ts';
import type { EntityRef } from '../src/model/event.ts';
import { canonicalEventId, repairEventId } from '../src/model/ids.ts';
import type { Difference } from '../src/model/reconciliation.ts';
import {
  compareVersions,
  readRecordVersion,
  readSourceTime,
  type RecordVersion,
} from '../src/model/version.ts';
import type { ListedChange, Source } from '../src/sources/define-source.ts';
import type { ComparableChange } from '../src/store/store.ts';
import { sha256Hex } from '../src/verification/digest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities } from './types.ts';

type ReconciliationActivities = Pick<
  Activities,
  'beginReconciliation' | 'listChanges' | 'compareAgain' | 'finishReconciliation'
>;

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
    async beginReconciliation({ source: name, since, mode = 'changes' }) {
      const source = mode === 'audit' ? findSource(sources, name) : listingSource(sources, name);
      const cursor = await store.findCursor(name);
      const until = new Date(now()).toISOString();
      const reached = cursor === null ? null : Date.parse(cursor.reconciledUntil);
      const { retry, reconcile } = source;
      const common = {
        isFirst: reached === null,
        lists: source.listChanged !== undefined,
        redelivers: source.redeliverMissed !== undefined,
        limited: source.requestsPerSecond !== null,
        alertShare: reconcile.alertShare,
        retry,
      };
      if (mode === 'audit') return { since: null, until, ...common };
      if (since === null) {
        const from =
          reached === null ? null : new Date(reached - reconcile.overlapMilliseconds).toISOString();
        return { since: from, until, ...common };
      }
      const leavesGap = reached === null || Date.parse(since) > reached;
      return { since, until: leavesGap ? null : until, ...common };
    },

    async listChanges({ source: name, since, cursor }) {
      const source = listingSource(sources, name);
      const read = { pages: 0, scanned: 0, differences: [] as Difference[], nextCursor: cursor };
      const begun = performance.now();
      // Each page of a limited source is a call of its own, and waits for its turn.
      const readOn = source.requestsPerSecond === null ? readOnMilliseconds : 0;
      await heartbeating(
        async (signal) => {
          try {
            do {
              const page = await source.listChanged({ since, cursor: read.nextCursor }, { signal });
              read.differences.push(...(await compare(source, page.changes)));
              read.pages += 1;
              read.scanned += page.changes.length;
              read.nextCursor = page.nextCursor;
            } while (
              read.nextCursor !== null &&
              read.differences.length < enoughDifferences &&
              performance.now() - begun < readOn
            );
          } catch (error) {
            // What was read is kept: the next call begins with the page that failed, and fails by itself if it fails again.
            if (read.pages === 0 || signal.aborted) throw error;
          }
        },
        () => ({ cursor: read.nextCursor }),
      );
      return { ...read, differences: newestDifferences(read.differences) };
    },

    async compareAgain({ source: name, differences }) {
      const changes = differences.map(({ entity, version, deleted, eventId, eventType }) => ({
        ...{ entity, ...version, deleted },
        event: eventType === null ? null : { id: eventId, type: eventType },
      }));
      const found = await store.findDifferences(name, changes);
      return newestDifferences(found.map(({ index, ...difference }) => identify(difference, changes[index])));
    },

    async finishReconciliation({ report, until }) {
      await store.saveReport(report, until);
      metrics.observeReconciliation(report);
      logger.info({ ...report }, 'reconciled');
      if (typeof report.alert === 'string') logger.error({ source: report.source }, report.alert);
    },
  };

  /** Those of a page that our copies do not have, each with how long its webhook may still be on its way. */
  async function compare(
    { name, reconcile }: Source,
    listed: readonly ListedChange[],
  ): Promise<Difference[]> {
    const changes = newestChanges(listed.map((change) => comparable(change, now())));
    const found = await store.findDifferences(name, changes);
    return found.map(({ index, ...difference }) => ({
      ...identify(difference, changes[index]),
      youngForMilliseconds: youngFor(changes[index], reconcile.graceMilliseconds, now()),
    }));
  }
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

/** A listed change, and when it happened. */
interface ListedComparable extends ComparableChange {
  occurredAt: string | null;
}

function comparable(
  { entity, version, sourceTime, deleted, event }: ListedChange,
  now: number,
): ListedComparable {
  const read = readRecordVersion({ version, sourceTime }, now);
  return {
    entity,
    ...read,
    deleted,
    event: event === undefined ? null : { id: canonicalEventId(event.id, sha256Hex), type: event.type },
    occurredAt: event?.occurredAt === undefined ? read.sourceTime : readSourceTime(event.occurredAt, now),
  };
}

/** How long the change's own webhook may still be on its way; never more than the grace, whatever the vendor's clock says. */
function youngFor(change: ListedComparable | undefined, grace: number, now: number): number {
  if (change === undefined || change.occurredAt === null) return 0;
  return Math.min(Math.max(Date.parse(change.occurredAt) + grace - now, 0), grace);
}

const newestChanges = (changes: readonly ListedComparable[]): ListedComparable[] =>
  newestOfEach(changes, (change) => ({ ...change, eventId: change.event?.id ?? null }));

/** A list can show a record on two of its pages, where it changes while it is read. */
const newestDifferences = (differences: readonly Difference[]): Difference[] =>
  newestOfEach(differences, ({ entity, version, eventId, eventType }) => ({
    ...{ entity, ...version },
    eventId: eventType === null ? null : eventId,
  }));

/** Of changes that are not events of the vendor's, the newest of each record: one repair mends them all. */
function newestOfEach<Change>(
  changes: readonly Change[],
  read: (change: Change) => RecordVersion & { entity: EntityRef; eventId: string | null },
): Change[] {
  const kept = new Map<string, Change>();
  for (const change of changes) {
    const { entity, eventId, ...version } = read(change);
    const key = eventId === null ? JSON.stringify([entity.type, entity.id]) : `event ${eventId}`;
    const before = kept.get(key);
    if (before === undefined || compareVersions(version, read(before)) !== 'older') kept.set(key, change);
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
