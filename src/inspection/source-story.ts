import ms from 'ms';
import type { Arrivals } from '../model/silence.ts';
import type { Source } from '../sources/define-source.ts';
import type { RejectionSample } from '../store/store.ts';
import type { Failure } from './attempt.ts';
import type { InspectionDependencies } from './dependencies.ts';
import type { Overview, SourceHealth } from './source-health.ts';

/** One source: how it is doing, how its deliveries come in, and what was refused. */
export interface SourceStory {
  health: SourceHealth;
  /** What is wrong with it, or with all together. */
  alerts: Overview['alerts'];
  /** Why Temporal did not answer; null where it did. */
  failure: Failure | null;
  /** Of the last day, the earliest first; each begins at a full hour. */
  hours: { hour: string; deliveries: number; rejections: Record<string, number> }[];
  /** The newest ones that are kept. */
  rejected: RejectionSample[];
  settings: SourceSettings;
}

/** How a source is set up, for people. */
export interface SourceSettings {
  scheme: string;
  records: string;
  reconciled: string;
  destinations: string[];
  attempts: number;
}

const hourMilliseconds = 3_600_000;
const shownHours = 24;
const shownRejections = 25;

/** The story of a source; null where it is not on here. @throws StoreUnavailableError */
export async function tellSource(
  {
    sources,
    store,
    sourceHealth,
    now,
  }: Pick<InspectionDependencies, 'sources' | 'store'> & {
    sourceHealth: (names: readonly string[]) => Promise<Overview>;
    now: () => number;
  },
  name: string,
): Promise<SourceStory | null> {
  const source = sources.get(name);
  if (source === undefined) return null;
  const since = Math.floor(now() / hourMilliseconds - shownHours + 1) * hourMilliseconds;
  const [overview, arrivals, refused, rejected] = await Promise.all([
    sourceHealth([name]),
    store.listArrivals(name, since),
    store.countRejectionsByHour(name, new Date(since).toISOString()),
    store.listRejections(name, shownRejections),
  ]);
  const [health] = overview.sources;
  if (health === undefined) throw new RangeError('the overview has every source that it is asked for');
  return {
    health,
    alerts: overview.alerts,
    failure: overview.failure,
    hours: byHour(since, arrivals, refused),
    rejected,
    settings: describe(source),
  };
}

function byHour(
  since: number,
  arrivals: readonly Arrivals[],
  refused: readonly { hour: string; reason: string; count: number }[],
): SourceStory['hours'] {
  return Array.from({ length: shownHours }, (_, index) => {
    const from = since + index * hourMilliseconds;
    const hour = new Date(from).toISOString();
    const arrived = arrivals.filter(({ firstAt }) => firstAt >= from && firstAt < from + hourMilliseconds);
    return {
      hour,
      deliveries: arrived.reduce((total, { count }) => total + count, 0),
      rejections: Object.fromEntries(
        refused.filter((each) => each.hour === hour).map(({ reason, count }) => [reason, count]),
      ),
    };
  });
}

function describe(source: Source): SourceSettings {
  const { listChanged, reconcile } = source;
  return {
    scheme: source.verification.name,
    records: source.fetchRecord === undefined ? 'from the payload' : 'fetched fresh',
    reconciled: listChanged === undefined ? 'no' : `every ${ms(reconcile.everyMilliseconds, { long: true })}`,
    destinations: [...source.destinations, ...source.handlers].map(({ name }) => name),
    attempts: source.retry.maximumAttempts,
  };
}
