import { setTimeout as wait } from 'node:timers/promises';
import { UnknownSourceError } from '../src/errors.ts';
import { storedOfEvent } from '../src/model/event.ts';
import { eventWorkflowId } from '../src/model/ids.ts';
import { workflowVersion } from '../src/model/process-event.ts';
import { noSkips, type RunRef, type SkipReason } from '../src/model/replay-events.ts';
import type { Source } from '../src/sources/define-source.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities, BegunReplays } from './types.ts';

type ReplayActivities = Pick<Activities, 'beginReplays' | 'awaitReplays'>;
type PageInput = Parameters<Activities['beginReplays']>[0];

/** Events looked at at once: enough to hide Temporal's latency at any pace that is asked for. */
const atOnce = 10;

/** What a replay of processed events does outside of its workflow. */
export function createReplayActivities({
  sources,
  store,
  runs,
  logger,
}: ActivityDependencies): ReplayActivities {
  return {
    beginReplays: (input) =>
      heartbeating(async (signal) => {
        const source = findSource(sources, input.selection.source);
        const { cursor, pageSize: size, selection } = input;
        const page = await runs.find(selection, { cursor, size });
        const result: BegunReplays = {
          found: 0,
          begun: [],
          skipped: noSkips(),
          nextCursor: page.nextCursor,
        };
        const waiting = onePerEvent(page.runs);
        const pace = createPace(input.perSecond, signal);
        let room = input.atMost;
        const work = async () => {
          let whole = false;
          try {
            while (room > 0) {
              const run = waiting.shift();
              if (run === undefined) break;
              room -= 1;
              if (!note(result, await judge(source, run, input, pace))) room += 1;
            }
            whole = true;
          } finally {
            if (!whole) waiting.length = 0;
          }
        };
        await allOrNone(Array.from({ length: Math.min(atOnce, room, waiting.length) }, work));
        const { found, begun, skipped } = result;
        logger.info(
          { source: source.name, ...input.mark, found, begun: begun.length, skipped },
          'replayed a page',
        );
        return result;
      }),

    awaitReplays: ({ runs: begun, waitMilliseconds }) =>
      heartbeating(async () => {
        const ends = await Promise.all(
          begun.map(async (run) => ({ run, end: await runs.waitFor(run, waitMilliseconds) })),
        );
        return {
          replayed: ends.filter(({ end }) => end === 'completed').length,
          failed: ends.filter(({ end }) => end === 'failed').length,
          underWay: ends.filter(({ end }) => end === 'running').map(({ run }) => run),
        };
      }),
  };

  /** Begins one event again; the reason where it must not, null where this replay has had it on another page. */
  async function judge(
    source: Source,
    run: RunRef,
    { replay, mark }: PageInput,
    pace: () => Promise<void>,
  ): Promise<RunRef | SkipReason | null> {
    const { workflowId } = run;
    const latest = await runs.latest(workflowId);
    if (latest?.mark?.replay === mark.replay) {
      return latest.mark.page === mark.page ? { workflowId, runId: latest.runId } : null;
    }
    if (latest?.running === true) return 'running';
    const eventId = workflowId.slice(eventWorkflowId(source.name, '').length);
    const processed = await store.findEvent(source.name, eventId);
    if (processed?.deadLetterOpen === true) return 'dead-letter';
    if (processed?.outcome === 'discarded') return 'discarded';
    const event = await runs.readEvent(run);
    if (event === null) return 'gone';
    if (event.source !== source.name || event.id !== eventId) {
      throw new UnknownSourceError(
        `The run ${run.runId} of ${workflowId} is of ${event.source}, not of ${source.name}.`,
      );
    }
    await pace();
    await store.renewBodies(storedOfEvent(event).map(({ sha256 }) => sha256));
    const input = {
      workflowVersion,
      event: { ...event, foundBy: 'replay' },
      retry: source.retry,
      replay,
    } as const;
    return (await runs.begin(input, mark)) ?? 'running';
  }
}

/** Counts it; whether it was begun. */
function note(result: BegunReplays, judged: RunRef | SkipReason | null): boolean {
  if (judged === null) return false;
  result.found += 1;
  if (typeof judged === 'string') {
    result.skipped[judged] += 1;
    return false;
  }
  result.begun.push(judged);
  return true;
}

/** Where one fails the others have ended before it is told: none begins an event behind the back of the next attempt. */
async function allOrNone(workers: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(workers);
  await Promise.all(workers);
}

/** Of several runs of one event, the newest. */
function onePerEvent(runs: readonly RunRef[]): RunRef[] {
  const byId = new Map<string, RunRef>();
  for (const run of runs) if (!byId.has(run.workflowId)) byId.set(run.workflowId, run);
  return [...byId.values()];
}

/** Lets callers through one after the other, so many in a second; the first waits as well, so that pages in a row keep the pace. */
function createPace(perSecond: number, signal: AbortSignal): () => Promise<void> {
  const interval = 1_000 / perSecond;
  let next = performance.now();
  return async () => {
    next = Math.max(next + interval, performance.now());
    await wait(Math.max(next - performance.now(), 0), undefined, { signal });
  };
}
