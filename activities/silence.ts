import { describeDuration, habitMilliseconds, judgeRhythm, watchSettings } from '../src/model/silence.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Activities } from './types.ts';

type SilenceActivities = Pick<Activities, 'readRhythm' | 'announceSilence' | 'reportSilence'>;

/** What is done to notice that a source's deliveries stop. */
export function createSilenceActivities({
  sources,
  store,
  metrics,
  logger,
  watch,
  now,
}: ActivityDependencies): SilenceActivities {
  return {
    async readRhythm({ source: name }) {
      const source = sources.get(name);
      const settings = source === undefined ? null : watchSettings(source.watch, watch);
      if (settings === null) return null;
      const present = now();
      const arrivals = await store.listArrivals(name, present - habitMilliseconds);
      const rhythm = judgeRhythm(arrivals, present, settings);
      metrics.looks.inc({ source: name, result: rhythm.kind });
      return { rhythm, everyMilliseconds: settings.everyMilliseconds };
    },

    announceSilence({ source, since, usually, limit }) {
      logger.error(
        { source, since, usuallyMilliseconds: usually, limitMilliseconds: limit },
        `silent: no delivery since ${since}; usually one every ${describeDuration(usually)}, and at this time of the week more than ${describeDuration(limit)} without one is unheard of`,
      );
      return Promise.resolve({ lists: sources.get(source)?.listChanged !== undefined });
    },

    reportSilence({ source, ended, ...report }) {
      const { cause, found } = report;
      const what = {
        'deliveries-lost': `${found} changes came without a delivery: the vendor's webhook does not reach us`,
        quiet: 'nothing changed at the vendor meanwhile: it is merely quiet',
        unknown: 'whether deliveries are lost is not known: its changes could not be listed',
      }[cause];
      logger[ended ? 'info' : cause === 'quiet' ? 'warn' : 'error'](
        { source, ...report },
        ended ? `deliveries arrive again; ${what}` : `silent: ${what}`,
      );
      return Promise.resolve();
    },
  };
}
