import { ConfigurationError, VendorAnswerError } from '../src/errors.ts';
import { repairEventId } from '../src/model/ids.ts';
import type { Difference } from '../src/model/reconciliation.ts';
import { compareVersions, readRecordVersion, type RecordVersion } from '../src/model/version.ts';
import type { SourceRecord } from '../src/sources/define-source.ts';
import { sameContent } from '../src/store/same-content.ts';
import type { StoredRecord } from '../src/store/store.ts';
import { sha256Hex } from '../src/verification/digest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities } from './types.ts';

/** Our copies that one call compares; a limited source's are compared one a call, so that each waits for its turn. */
const perCall = 50;
/** Few enough to leave the vendor's rate limit to live events. */
const fetchesAtOnce = 5;

/**
 * Compares our next copies with the records themselves, whatever their versions say: a copy may have been damaged, and a vendor
 * may change a record without changing its version, or remove it without a word. Tombstones are left to the list.
 *
 * A record whose answer makes no sense is counted and logged, and the others are compared. One that cannot be had now ends the
 * call: the next one begins with it, and fails by itself if it fails again.
 */
export function createAuditRecords({
  sources,
  store,
  logger,
  now,
}: ActivityDependencies): Activities['auditRecords'] {
  return async ({ source: name, after }) => {
    const source = findSource(sources, name);
    const fetchRecord = source.fetchRecord?.bind(source);
    if (fetchRecord === undefined) {
      throw new ConfigurationError(`The source "${name}" fetches no records, so it cannot be audited.`);
    }
    const limit = source.requestsPerSecond === null ? perCall : 1;
    const copies = await store.listRecords(name, after, limit);
    const read = { audited: 0, failed: 0, differences: [] as Difference[] };
    let compared = 0;
    await heartbeating(
      async (signal) => {
        const audit = async (copy: StoredRecord): Promise<Difference | 'failed' | null> => {
          if (copy.deleted) return null;
          try {
            return judge(copy, await fetchRecord(copy.entity, { signal }), now());
          } catch (error) {
            if (!(error instanceof VendorAnswerError)) throw error;
            logger.warn({ source: name, entity: copy.entity, reason: error.message }, 'cannot be audited');
            return 'failed';
          }
        };
        while (compared < copies.length) {
          const some = copies.slice(compared, compared + fetchesAtOnce);
          const results = await Promise.allSettled(some.map(audit));
          for (const [index, result] of results.entries()) {
            if (result.status === 'rejected') {
              if (compared === 0 || signal.aborted) throw result.reason as Error;
              return;
            }
            compared += 1;
            if (some[index]?.deleted === false) read.audited += 1;
            if (result.value === 'failed') read.failed += 1;
            else if (result.value !== null) read.differences.push(result.value);
          }
        }
      },
      () => ({ after: copies[compared - 1]?.entity ?? after }),
    );
    const isLast = copies.length < limit && compared === copies.length;
    return { ...read, upTo: isLast ? null : (copies[compared - 1]?.entity ?? null) };
  };
}

function judge(copy: StoredRecord, record: SourceRecord | null, now: number): Difference | null {
  const { entity } = copy;
  const found = (kind: Difference['kind'], { version, sourceTime }: RecordVersion): Difference => ({
    ...{ kind, entity, version: { version, sourceTime }, deleted: false, eventType: null },
    eventId: repairEventId(entity, { version, sourceTime }, sha256Hex),
  });
  if (record === null || record.deleted === true) return found('gone', copy);
  const version = readRecordVersion(record, now);
  const order = compareVersions(version, copy);
  if (order === 'newer') return found('stale', version);
  // A read of before our copy was written, or a vendor that is behind its own events.
  if (order === 'older') return null;
  return sameContent(copy.data, record.data) ? null : found('different', version);
}
