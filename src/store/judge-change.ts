import type { Difference } from '../model/reconciliation.ts';
import type { LocalRecord } from '../model/record.ts';
import { compareVersions } from '../model/version.ts';
import type { ComparableChange, ProcessedEvent } from './store.ts';

/**
 * Whether a listed change is a difference: `missing` without a copy, `stale` with an older one, null where our copy has it.
 *
 * Where the versions leave it open, the rest of the evidence decides, in doubt for one fetch too many:
 * - a change that is an event of the vendor's is a difference until that event is processed, also where its time is only
 *   equal to our copy's (two changes within one second look so);
 * - another one where our copy does not say what it says: it is gone for one of the two, or only the list has a version.
 *
 * An open dead letter is somebody's case already, and a discarded one was somebody's decision: neither is a difference.
 *
 * @param processed - what became of the change's event: the vendor's own, or the repair of exactly this change
 */
export function judgeChange(
  change: ComparableChange,
  local: Pick<LocalRecord, 'version' | 'sourceTime' | 'deleted'> | null,
  processed: Pick<ProcessedEvent, 'outcome' | 'complete' | 'deadLetterOpen'> | null,
): Difference['kind'] | null {
  if (processed !== null && (processed.deadLetterOpen || processed.outcome === 'discarded')) return null;
  if (local === null) return change.deleted ? null : 'missing';
  const seen = change.event !== null && processed?.complete === true;
  switch (compareVersions(change, local)) {
    case 'newer':
      return 'stale';
    case 'older':
      return null;
    case 'same': {
      if (seen || (change.deleted && local.deleted)) return null;
      const counted = change.version !== null && local.version !== null;
      return change.deleted || (change.event !== null && !counted) ? 'stale' : null;
    }
    case 'unknown': {
      if (seen || (change.deleted && local.deleted)) return null;
      if (change.event !== null) return 'stale';
      const says = change.version !== null || change.sourceTime !== null;
      return says || change.deleted !== local.deleted ? 'stale' : null;
    }
  }
}
