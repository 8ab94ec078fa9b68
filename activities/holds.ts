import { setTimeout as wait } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { type HoldKey, holdSettings, judgeFailure as judge, mostHolds } from '../src/model/hold.ts';
import { eventWorkflowId } from '../src/model/ids.ts';
import { destinationOf } from '../src/model/land-event.ts';
import { describeDuration } from '../src/model/silence.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Activities } from './types.ts';

type HoldActivities = Pick<
  Activities,
  'findHold' | 'judgeFailure' | 'announceHold' | 'pickHeld' | 'letGo' | 'settleFailures' | 'reportHold'
>;

/** How long one call lets events go: well below the time that it has. */
const letGoMilliseconds = 5_000;
/** Of these one is tried: the newest, at random, so that no event that fails for itself is asked each time. */
const candidates = 100;
const failuresAtOnce = 100;

/** What happens around a hold. */
export function createHoldActivities({
  sources,
  store,
  temporal,
  metrics,
  logger,
  hold,
}: ActivityDependencies): HoldActivities {
  const settingsOf = (source: string) => holdSettings(sources.get(source)?.hold, hold);

  return {
    async findHold(key) {
      const settings = settingsOf(key.source);
      if (settings === null) return { held: false, askAfterMilliseconds: 0 };
      const { askAfterMilliseconds } = settings;
      return { held: await temporal.isHeld(key), askAfterMilliseconds };
    },

    async judgeFailure({ eventId, entity, message, holds, replay, ...key }) {
      const settings = settingsOf(key.source);
      if (settings === null) return { held: false, askAfterMilliseconds: 0 };
      const { withinMilliseconds, askAfterMilliseconds } = settings;
      const held = await temporal.isHeld(key);
      // Of a hundred thousand that wait none need be counted; but what becomes a case is replayed when the hold ends.
      const counts = !held || replay || holds >= mostHolds;
      const entities = counts
        ? await store.noteFailure({ ...key, eventId, entity }, { withinMilliseconds, keepOlder: held })
        : 0;
      const { verdict, beginsHold } = judge({ held, entities, holds, replay }, settings);
      if (beginsHold) await temporal.beginHold({ ...key, settings, entities, message });
      return { held: verdict === 'held', askAfterMilliseconds };
    },

    announceHold({ source, step, error, entities, message, settings }) {
      metrics.holds.inc({ source, code: error });
      logger.error(
        { source, step, code: error, records: entities, reason: message },
        `held: ${entities} records failed alike within ${describeDuration(settings.withinMilliseconds)}; nothing becomes a dead letter until a probe gets through`,
      );
      return Promise.resolve();
    },

    async pickHeld({ since, lookedAt = since, ...key }) {
      const waiting = await temporal.countHeld(key);
      const { workflowIds } = await temporal.listHeld(key, { cursor: null, limit: candidates });
      const workflowId = workflowIds[Math.floor(Math.random() * workflowIds.length)] ?? null;
      const { source, step, error } = key;
      const othersPass = await doOthersPass(key, lookedAt);
      metrics.holdProbes.inc({ source, code: error });
      logger.warn({ source, step, code: error, since, waiting, othersPass, workflowId }, 'held: probing');
      return { workflowId, waiting, othersPass };
    },

    async letGo({ release, cursor, perSecond, ...key }) {
      const limit = Math.max(1, Math.floor((perSecond * letGoMilliseconds) / 1_000));
      const { workflowIds, nextCursor } = await temporal.listHeld(key, { cursor, limit });
      const { cancellationSignal } = Context.current();
      let told = 0;
      for (const workflowId of workflowIds) {
        if (await temporal.tellHeld(workflowId, release)) told += 1;
        await wait(1_000 / perSecond, undefined, { signal: cancellationSignal });
      }
      return { told, nextCursor };
    },

    async settleFailures({ replay, ...key }) {
      let replayed = 0;
      for (;;) {
        const eventIds = await store.listFailures(key, failuresAtOnce);
        if (eventIds.length === 0) return replayed;
        if (replay !== null) {
          const decision = { ...replay, sameKeys: true };
          for (const eventId of eventIds) {
            if (await temporal.replayDeadLetter(key.source, eventId, decision)) replayed += 1;
          }
        }
        await store.forgetFailures(key, eventIds);
      }
    },

    reportHold({ source, step, error, ...report }) {
      const { heldForMilliseconds, ended } = report;
      logger.info(
        { source, step, code: error, ...report },
        `released after ${describeDuration(heldForMilliseconds)}: ${ended}`,
      );
      return Promise.resolve();
    },
  };

  /** Events that got to their end have all been fetched; not all of them are for each destination. */
  async function doOthersPass({ source, step }: HoldKey, since: string): Promise<boolean> {
    const workflowIds = await temporal.listProcessed(source, since, candidates);
    const destination = destinationOf(step);
    if (destination === null || workflowIds.length === 0) return workflowIds.length > 0;
    const eventIds = workflowIds.map((id) => id.slice(eventWorkflowId(source, '').length));
    return store.wasDelivered(source, destination, eventIds);
  }
}
