import { Context } from '@temporalio/activity';
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
import type { Activities } from './types.ts';

/** Our copies that one call compares; a limited source's are compared one a call, so that each waits for its turn. */
const perCall = 50;
/** Few enough to leave the vendor's rate limit to live events. */
const fetchesAtOnce = 5;

/**
 * Compares our next copies with the records themselves, whatever their versions say: a copy may have been damaged, and a vendor
 * may change a record without changing its version, or remove it without a word. Tombstones are left to the list.
 *
 * A record whose answer makes no sense is counted and logged, and the others are compared.
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
    const context = Context.current();
    const waiting = copies.filter((copy) => !copy.deleted);
    const read = { audited: waiting.length, failed: 0, differences: [] as Difference[] };
    const audit = async () => {
      for (let copy = waiting.shift(); copy !== undefined; copy = waiting.shift()) {
        try {
          const record = await fetchRecord(copy.entity, { signal: context.cancellationSignal });
          const difference = judge(copy, record, now());
          if (difference !== null) read.differences.push(difference);
        } catch (error) {
          if (!(error instanceof VendorAnswerError)) throw error;
          read.failed += 1;
          logger.warn({ source: name, entity: copy.entity, reason: error.message }, 'cannot be audited');
        }
        context.heartbeat({ after: copy.entity });
      }
    };
    await Promise.all(Array.from({ length: fetchesAtOnce }, audit));
    const last = copies.at(-1);
    return { ...read, upTo: copies.length < limit || last === undefined ? null : last.entity };
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
