import { z } from 'zod';
import type { Bed } from '../tool/bed.ts';
import { readMemory } from '../tool/process-memory.ts';
import { figureOf, type Pair, ratioOf } from '../tool/ratio.ts';
import { startLandfall } from '../tool/start-landfall.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import { scheduleId } from '../../src/temporal/schedules.ts';
import type { Suite } from './suite.ts';

const suite = 'reconciliation';
const source = 'demo';
const mebibyte = 1_048_576;
/** A list a hundred times as long may cost the worker so much more memory at its peak. */
const flat = { atMost: 1.2 };
/** V8 collects late where it has gigabytes to spare: what a run needs shows where it has not. */
const heapMebibytes = 128;

/** Comparing a vendor's list with our copies, against one SQL query that compares the same two lists. */
export const reconciliationSuite: Suite = {
  name: suite,
  sense:
    'Records compared per second by the whole reconciliation, which lists them from the vendor page by page, against one FULL JOIN of the same two lists inside PostgreSQL; and the peak memory of the worker.',
  async run({ bed, scale, progress }) {
    const ratios = [];
    const peaks: { length: number; bytes: number }[] = [];
    for (const length of scale.listLengths) {
      // The long lists measure for minutes, so that once is enough.
      const repetitions = length > 10_000 ? 1 : scale.repetitions;
      const pairs: Pair[] = [];
      for (let repetition = 1; repetition <= repetitions; repetition += 1) {
        const { ours, theirs, peakBytes } = await compareList(bed, length);
        pairs.push({ ours, theirs });
        peaks.push({ length, bytes: peakBytes });
        progress(
          `${length} records: ${ours.toFixed(0)} against ${theirs.toFixed(0)} records/s, ` +
            `peak of the worker ${(peakBytes / mebibyte).toFixed(0)} MiB`,
        );
      }
      ratios.push(
        ratioOf(pairs, {
          ...{ suite, server: bed.server, against: 'one FULL JOIN', unit: 'records/s', goal: null },
          name: `${length} records`,
        }),
      );
    }
    const [shortest, longest] = [peaks[0], peaks.at(-1)];
    if (shortest !== undefined && longest !== undefined && longest.length > shortest.length) {
      const about = { suite, server: bed.server, unit: 'MiB', against: `${shortest.length} records` };
      const name = `peak memory of the worker at ${longest.length} records`;
      const peakOf = async (length: number) => {
        const { peakBytes } = await compareList(bed, length, {
          NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}`,
        });
        progress(`${length} records: peak of a bounded worker ${(peakBytes / mebibyte).toFixed(0)} MiB`);
        return peakBytes / mebibyte;
      };
      const bounded = { theirs: await peakOf(shortest.length), ours: await peakOf(longest.length) };
      ratios.push(
        ratioOf([{ ours: longest.bytes / mebibyte, theirs: shortest.bytes / mebibyte }], {
          ...{ ...about, name, goal: null },
        }),
        ratioOf([bounded], {
          ...{ ...about, goal: flat, name: `${name}, JavaScript heap bounded to ${heapMebibytes} MiB` },
        }),
      );
    }
    const figures = peaks.map(({ length, bytes }) =>
      figureOf(bytes / mebibyte, {
        ...{ suite, server: bed.server, unit: 'MiB', name: `peak memory of the worker, ${length} records` },
      }),
    );
    return { ratios, figures };
  },
};

async function compareList(
  bed: Bed,
  length: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ ours: number; theirs: number; peakBytes: number }> {
  const stage = await createStage(bed);
  await fillCopies(stage, length);
  await bed.vendor.ask({ listLength: length }, z.null());
  await holdSchedule(bed, stage.taskQueue);
  const worker = await startLandfall(
    'worker',
    {
      ...environment,
      ...stage.settings,
      LANDFALL_SOURCES: source,
      DEMO_WEBHOOK_SECRET: `whsec_${Buffer.from('the-secret-of-the-benchmark').toString('base64')}`,
      DEMO_API_URL: bed.vendor.ready.url,
      DEMO_API_TOKEN: 'the-token-of-the-benchmark',
    },
    bed,
  );
  const handle = await startReconciliation(bed.client, { source, since: null }, stage.taskQueue);
  const report = await handle.result();
  const { peak } = await readMemory(worker.pid);
  await worker.stop();
  await bed.client.schedule.getHandle(scheduleId(source)).delete();
  const { scanned, missing, stale, complete } = report;
  if (!complete || scanned !== length || missing + stale > 0) {
    throw new Error(`Not in step: ${scanned} scanned, ${missing} missing, ${stale} stale.`);
  }
  const theirs = await compareBySql(stage, length);
  await stage.close();
  const milliseconds = Date.parse(report.finishedAt) - Date.parse(report.startedAt);
  return { ours: (length * 1_000) / milliseconds, theirs, peakBytes: peak };
}

/** Our copies, in step with the vendor's list, and that list as a table for the plain comparison. */
async function fillCopies(stage: Stage, length: number): Promise<void> {
  const number = `generate_series(0, ${length - 1}) as n`;
  await stage.query(
    `insert into landfall.records (source, entity_type, entity_id, version, source_time, deleted, deletion_announced,
       revision, data, last_event_id, updated_at)
     select '${source}', 'customer', 'cus_' || n, '1', '2026-01-01T00:00:00Z', false, false, 1,
       json_build_object('id', 'cus_' || n, 'version', 1, 'note', repeat('x', 200)), 'seed-' || n, now() from ${number}`,
  );
  await stage.query(
    `create table listed as select 'customer' as type, 'cus_' || n as id, '1' as version from ${number}`,
  );
  await stage.query('vacuum analyze landfall.records, listed');
}

/** A worker keeps a schedule for the source, whose first run begins at once; a paused one that is there already stays paused. */
async function holdSchedule(bed: Bed, taskQueue: string): Promise<void> {
  await bed.client.schedule.create({
    scheduleId: scheduleId(source),
    spec: {},
    action: { type: 'startWorkflow', workflowType: 'reconcile', taskQueue, args: [{ source, since: null }] },
    state: { paused: true },
  });
}

async function compareBySql(stage: Stage, length: number): Promise<number> {
  const begun = performance.now();
  const different = await stage.query(
    `select coalesce(l.id, r.entity_id) as id from listed l
     full join landfall.records r on r.source = '${source}' and r.entity_type = l.type and r.entity_id = l.id
     where l.version is distinct from r.version`,
  );
  if (different.length > 0) throw new Error(`${different.length} records differ by SQL.`);
  return (length * 1_000) / (performance.now() - begun);
}
