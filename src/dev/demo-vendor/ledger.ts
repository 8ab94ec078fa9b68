import type { EntityRef } from '../../model/event.ts';
import type { VendorEvent } from './company.ts';
import type { FaultName } from './faults.ts';

/** Why a delivery was made: `event` is the honest one, the others are bad habits. */
export type DeliveryKind = 'event' | 'duplicate' | 'conflict' | 'forged' | 'malformed';

/** One HTTP request that carried a webhook. */
export interface DeliveryAttempt {
  kind: DeliveryKind;
  at: string;
  /** The answer's status; null where none came. */
  status: number | null;
  /** Why none came. */
  error: string | null;
}

/** What was made of one event, or of one forged or malformed delivery that poses as an event. */
export interface LedgerEntry {
  id: string;
  kind: 'event' | 'forged' | 'malformed';
  type: string;
  entity: EntityRef | null;
  version: number | null;
  madeAt: string;
  /** `made`: not sent yet, or on its way. `given-up`: the vendor's retries ended without a 2xx. */
  state: 'made' | 'delivered' | 'dropped' | 'given-up';
  /** The faults that it met. */
  faults: FaultName[];
  attempts: DeliveryAttempt[];
}

const noCounts = {
  events: 0,
  delivered: 0,
  dropped: 0,
  givenUp: 0,
  attempts: 0,
  duplicates: 0,
  conflicts: 0,
  forged: 0,
  malformed: 0,
  apiRequests: 0,
  apiErrors: 0,
  apiOutages: 0,
  apiRateLimited: 0,
};
export type CountName = keyof typeof noCounts;
export type LedgerCounts = Record<CountName, number>;

/** The vendor's own book: what it made and what it did with it. */
export interface Ledger {
  /** Totals since the start, never cut. */
  counts(): LedgerCounts;
  /** The newest entries, oldest first. */
  entries(): LedgerEntry[];
  add(event: VendorEvent, kind: LedgerEntry['kind'], at: string): void;
  met(id: string, fault: FaultName): void;
  attempted(id: string, attempt: DeliveryAttempt): void;
  ended(id: string, state: 'delivered' | 'dropped' | 'given-up'): void;
  count(name: CountName): void;
}

const countOf = { delivered: 'delivered', dropped: 'dropped', 'given-up': 'givenUp' } as const;
const countOfKind = {
  event: 'events',
  forged: 'forged',
  malformed: 'malformed',
} as const;
const countOfFault: Partial<Record<FaultName, CountName>> = {
  duplicates: 'duplicates',
  conflicts: 'conflicts',
};

/** @param limit - how many entries are kept; the oldest go first, so that a vendor can run for days */
export function createLedger(limit = 10_000): Ledger {
  const entries = new Map<string, LedgerEntry>();
  const counts: LedgerCounts = { ...noCounts };
  return {
    counts: () => ({ ...counts }),
    entries: () => structuredClone([...entries.values()]),
    add: ({ id, type, data }, kind, at) => {
      counts[countOfKind[kind]] += 1;
      const entity = { type: data.object, id: data.id };
      const { version } = data;
      entries.set(id, {
        id,
        kind,
        type,
        entity,
        version,
        madeAt: at,
        state: 'made',
        faults: [],
        attempts: [],
      });
      const oldest = entries.keys().next();
      if (entries.size > limit && oldest.done !== true) entries.delete(oldest.value);
    },
    met: (id, fault) => {
      const counted = countOfFault[fault];
      if (counted !== undefined) counts[counted] += 1;
      entries.get(id)?.faults.push(fault);
    },
    attempted: (id, attempt) => {
      counts.attempts += 1;
      entries.get(id)?.attempts.push(attempt);
    },
    ended: (id, state) => {
      const entry = entries.get(id);
      if (entry === undefined || entry.kind === 'event') counts[countOf[state]] += 1;
      if (entry !== undefined) entry.state = state;
    },
    count: (name) => {
      counts[name] += 1;
    },
  };
}
