import type { Incident } from '../model/incidents.ts';
import type { ReconciliationReport } from '../model/reconciliation.ts';
import type { DeliveryRate } from '../store/store.ts';
import { countOpenBySource, type OpenBySource } from '../temporal/dead-letter-pages.ts';
import { listRuns, type RunRow } from '../temporal/list-runs.ts';
import { answerOr, type Attempt, attempt, type Failure, failureOf } from './attempt.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';

/** `held`: its events wait for the end of an outage. `silent`: no deliveries, against its habit. `waiting`: dead letters wait for somebody. */
export type SourceState = 'held' | 'silent' | 'waiting' | 'well' | 'unknown';

/** How one source is doing. */
export interface SourceHealth {
  source: string;
  /** The worst that is the case; `unknown` where Temporal does not answer. */
  state: SourceState;
  deliveries: DeliveryRate;
  rejections: { lastHour: number; lastDay: number; reasons: { reason: string; count: number }[] };
  /** Open ones; null where Temporal does not answer. */
  deadLetters: number | null;
  /** The running `hold` workflows. */
  holds: RunRow[];
  /** The running `silence` workflow; null where there is none. */
  silence: RunRow | null;
  lastReport: ReconciliationReport | null;
}

/** How all sources are doing. */
export interface Overview {
  sources: SourceHealth[];
  /** What is wrong with them, or with all together, as alerts have found it: the oldest first. */
  alerts: Incident[];
  /** Events that wait in the inbox. */
  inbox: number;
  /** Whether `deadLetters` of the sources are all that there are, or only those among the newest. */
  complete: boolean;
  /** Why Temporal did not answer; null where it did. */
  failure: Failure | null;
}

/** What is asked of Temporal for all sources together: two calls. */
interface Incidents {
  open: OpenBySource;
  running: RunRow[];
}

const hour = 3_600_000;
const mostIncidents = 200;
/** Temporal allows ten calls of this kind a second by default, and people press reload. */
const freshMilliseconds = 2_000;
/** Counting a thousand dead letters takes some servers half a second: until it is done, what was known last is told. */
const toldMilliseconds = 30_000;

/** Answers how the sources of this process are doing. What Temporal says is asked for anew by each answer, and may be as old as the one before. */
export function createSourceHealth(
  deps: InspectionDependencies & { now: () => number },
): (names?: readonly string[]) => Promise<Overview> {
  const { sources, store, now } = deps;
  /** The newest answer; null where Temporal did not answer last. */
  let told: { at: number; incidents: Attempt<Incidents> } | null = null;
  let asked: { at: number; incidents: Promise<Attempt<Incidents>> } | null = null;

  return async (names = [...sources.keys()]) => {
    const [rates, lastHour, lastDay, reports, inbox, { open: alerts }, incidents] = await Promise.all([
      store.measureDeliveries(names),
      store.countRejections(new Date(now() - hour).toISOString()),
      store.countRejections(new Date(now() - 24 * hour).toISOString()),
      store.findLatestReports(names),
      store.countInbox(),
      store.listIncidents(),
      findIncidents(),
    ]);
    const rateOf = new Map(rates.map((rate) => [rate.source, rate]));
    const known = answerOr(incidents, null);
    return {
      sources: names.map((source): SourceHealth => {
        const of = <Each extends { source: string }>(all: readonly Each[]) =>
          all.filter((each) => each.source === source);
        const reasons = of(lastDay).map(({ reason, count }) => ({ reason, count }));
        const running = known === null ? [] : of(known.running);
        const holds = running.filter(({ type }) => type === 'hold');
        const silence = running.find(({ type }) => type === 'silence') ?? null;
        const deadLetters = known === null ? null : (known.open.bySource[source] ?? 0);
        return {
          source,
          state: judge({ holds, silence, deadLetters }),
          deliveries: rateOf.get(source) ?? { source, lastHour: 0, lastDay: 0, lastAt: null },
          rejections: { lastHour: sum(of(lastHour)), lastDay: sum(reasons), reasons },
          deadLetters,
          holds,
          silence,
          lastReport: of(reports)[0] ?? null,
        };
      }),
      alerts: alerts.filter(({ source }) => source === null || names.includes(source)),
      inbox,
      complete: known?.open.complete ?? false,
      failure: failureOf(incidents),
    };
  };

  async function findIncidents(): Promise<Attempt<Incidents>> {
    if (asked === null || now() - asked.at >= freshMilliseconds)
      asked = { at: now(), incidents: askTemporal() };
    const { incidents } = asked;
    if (told === null || now() - told.at >= toldMilliseconds) return incidents;
    // Whoever comes next is told of a defect; this one has its answer.
    incidents.catch(() => undefined);
    return told.incidents;
  }

  async function askTemporal(): Promise<Attempt<Incidents>> {
    const at = now();
    const query = "WorkflowType IN ('hold', 'silence') AND ExecutionStatus = 'Running'";
    const incidents = await attempt(
      asking(deps, async () => {
        const [open, { rows }] = await Promise.all([
          countOpenBySource(deps.client),
          listRuns(deps.client, query, { cursor: null, size: mostIncidents }),
        ]);
        return { open, running: rows };
      }),
    );
    told = 'answer' in incidents ? { at, incidents } : null;
    return incidents;
  }
}

function judge({
  holds,
  silence,
  deadLetters,
}: Pick<SourceHealth, 'holds' | 'silence' | 'deadLetters'>): SourceState {
  if (deadLetters === null) return 'unknown';
  if (holds.length > 0) return 'held';
  if (silence !== null) return 'silent';
  return deadLetters > 0 ? 'waiting' : 'well';
}

function sum(counts: readonly { count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
