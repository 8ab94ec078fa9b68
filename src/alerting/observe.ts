import type { AlertFacts, AlertKey, AlertKind, OpenWork } from '../model/alerts.ts';
import type { Refused, RejectionFacts } from '../model/judge-rejections.ts';
import { habitMilliseconds } from '../model/silence.ts';
import type { IncidentList, Observed } from '../store/alert-store.ts';
import type { AlertingDependencies } from './dependencies.ts';

const hour = 3_600_000;
const week = 168 * hour;
/** What was applied in this time says how late changes are now. */
const lagWindow = 600_000;
/** Fewer refusals in a week are nothing to compare arrivals with. */
const fewRefused = 5;
const nothingOpen: OpenWork = { deadLetters: { count: 0, oldestAt: null }, holds: [], silentSince: null };
const nothingApplied = { count: 0, late: 0, worstMilliseconds: 0 };

/**
 * Reads what alerts are judged by: a handful of queries for all sources together, and one more for each that refuses deliveries.
 *
 * @param options.work - what is open at Temporal, by source; null: it was not asked, or did not answer
 * @param options.unjudgedSince - since when no worker has judged, in milliseconds since the epoch; null: a worker asks
 */
export async function observe(
  { sources, store, now }: Pick<AlertingDependencies, 'sources' | 'store' | 'now'>,
  { work, unjudgedSince }: { work: ReadonlyMap<string, OpenWork> | null; unjudgedSince: number | null },
): Promise<{ facts: AlertFacts; observed: Observed }> {
  const present = now();
  const names = [...sources.keys()];
  const incidents = await store.listIncidents({ ended: 1_000 });
  const refused = await store.listRefused(present - week, present - hour);
  const starts = await store.listReceiverStarts(present - week);
  const lags = new Map((await store.sumLags(present - lagWindow)).map((each) => [each.source, each]));
  const lastArrivals = new Map((await store.findLastArrivals(names)).map((each) => [each.source, each]));
  const reviews = new Map((await store.reviewReconciliations(names)).map((each) => [each.source, each]));
  const oldestAt = await store.findOldestInInbox();
  const count = oldestAt === null ? 0 : await store.countInbox();

  const facts: AlertFacts = {
    now: present,
    inbox: { oldestAt, count },
    unjudgedSince,
    sources: await Promise.all(
      [...sources.values()].map(async ({ name, listChanged, reconcile }) => {
        const { reconciledUntil = null, newest = null } = reviews.get(name) ?? {};
        return {
          source: name,
          rejections: await readRejections(name, { refused, starts, incidents }),
          lag: lags.get(name) ?? nothingApplied,
          reconciliation:
            listChanged === undefined
              ? null
              : {
                  everyMilliseconds: reconcile.everyMilliseconds,
                  reconciledUntil,
                  newest:
                    newest === null
                      ? null
                      : {
                          complete: newest.complete,
                          missed: newest.missing + newest.stale,
                          scanned: newest.scanned,
                          alert: newest.alert ?? null,
                        },
                },
          open: work === null ? null : (work.get(name) ?? nothingOpen),
        };
      }),
    ),
  };
  return { facts, observed: toObserved(facts) };

  async function readRejections(
    source: string,
    all: {
      refused: readonly (Refused & { source: string })[];
      starts: readonly number[];
      incidents: IncidentList;
    },
  ): Promise<RejectionFacts> {
    const own = all.refused.filter((each) => each.source === source);
    const total = own.reduce((sum, each) => sum + each.count, 0);
    const of = (kind: AlertKind) => (each: AlertKey) => each.kind === kind && each.source === source;
    const incident = all.incidents.open.find(of('rejections'));
    const allRejected = all.incidents.open.find(of('all-rejected'));
    const until =
      allRejected === undefined
        ? all.incidents.ended.find(of('all-rejected'))?.endedAt
        : (allRejected.clearSince ?? new Date(present).toISOString());
    return {
      refused: own,
      arrivals: total < fewRefused ? [] : await store.listArrivals(source, present - habitMilliseconds),
      starts: all.starts,
      openSince: incident === undefined ? null : Date.parse(incident.beganAt),
      allRejectedUntil: until === undefined ? null : Date.parse(until),
    };
  }

  function toObserved({ sources: ofSources }: AlertFacts): Observed {
    return {
      inboxOldestAt: oldestAt,
      sources: ofSources.map(({ source, open, reconciliation }) => ({
        source,
        deadLetters: open?.deadLetters ?? null,
        lastDeliveryAt: lastArrivals.get(source)?.lastAt ?? null,
        reconciliation:
          reconciliation === null
            ? null
            : {
                reconciledUntil: reconciliation.reconciledUntil,
                incomplete: reconciliation.newest?.complete === false,
                missed: reconciliation.newest?.alert == null ? 0 : reconciliation.newest.missed,
              },
      })),
    };
  }
}
