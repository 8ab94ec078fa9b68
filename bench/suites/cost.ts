import { setTimeout as wait } from 'node:timers/promises';
import { median } from 'simple-statistics';
import { z } from 'zod';
import type { Bed } from '../tool/bed.ts';
import { query } from '../../test/support/create-database.ts';
import { runLoad } from '../tool/load.ts';
import { measure } from '../tool/measure.ts';
import { readMemory, readWrittenBytes } from '../tool/process-memory.ts';
import { type Figure, figureOf, ratioOf } from '../tool/ratio.ts';
import { landfallSide } from '../tool/side.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import { startLandfall } from '../tool/start-landfall.ts';
import type { Suite } from './suite.ts';

const suite = 'cost';
const sourceCounts = [1, 10, 100] as const;
const concurrency = 8;
const mebibyte = 1_048_576;
const lsnSchema = z.object({ bytes: z.coerce.number() });
const rowsSchema = z.object({ written: z.coerce.number(), left: z.coerce.number() });

interface Cost {
  processorMilliseconds: number;
  walBytes: number;
  writtenBytes: number;
  rowsWritten: number;
  rowsLeft: number;
  receiverBytes: number;
  workerBytes: number;
}

/** What one event costs, from its delivery to its completion, by the number of sources. */
export const costSuite: Suite = {
  name: suite,
  sense:
    'Processor time, bytes and rows of one event from its delivery to its completion, at 1, 10 and 100 sources; start-up and memory.',
  async run({ bed, scale, progress }) {
    const about = { suite, server: bed.server };
    const rounds: Cost[][] = [];
    for (let repetition = 1; repetition <= scale.repetitions; repetition += 1) {
      const costs: Cost[] = [];
      for (const sources of sourceCounts) costs.push(await measureCost(bed, sources, scale.events));
      rounds.push(costs);
      progress(
        `${repetition}: ${costs.map((cost) => cost.processorMilliseconds.toFixed(1)).join(', ')} ms of processor time`,
      );
    }
    const column = (index: number, read: (cost: Cost) => number): number[] =>
      rounds.flatMap((costs) => costs.slice(index, index + 1).map(read));
    const ratios = [];
    const figures: Figure[] = [];
    for (const [index, sources] of sourceCounts.entries()) {
      const add = (name: string, unit: string, read: (cost: Cost) => number): void => {
        const value = median(column(index, read));
        figures.push(figureOf(value, { ...about, unit, name: `${name}, ${sources} sources` }));
      };
      add('processor time', 'ms/event', (cost) => cost.processorMilliseconds);
      add('WAL', 'bytes/event', (cost) => cost.walBytes);
      add('written by PostgreSQL, WAL and tables', 'bytes/event', (cost) => cost.writtenBytes);
      add('rows written', 'rows/event', (cost) => cost.rowsWritten);
      add('rows left', 'rows/event', (cost) => cost.rowsLeft);
      add('memory of the receiver', 'MiB', (cost) => cost.receiverBytes / mebibyte);
      add('memory of the worker', 'MiB', (cost) => cost.workerBytes / mebibyte);
      if (index === 0) continue;
      const [one, many] = [0, index].map((each) => column(each, (cost) => cost.processorMilliseconds));
      ratios.push(
        ratioOf(
          (many ?? []).map((ours, round) => ({ ours, theirs: one?.[round] ?? Number.NaN })),
          {
            ...about,
            name: `processor time, ${sources} sources`,
            unit: 'ms/event',
            against: '1 source',
            goal: null,
          },
        ),
      );
    }
    figures.push(await measureStart(bed, scale.repetitions));
    return { ratios, figures };
  },
};

async function measureCost(bed: Bed, sourceCount: number, events: number): Promise<Cost> {
  const stage = await createStage(bed, { sourceCount });
  const side = landfallSide(bed);
  const door = await side.openDoor(stage);
  const worker = await side.startWorker(stage);
  const warmUp = Math.max(sourceCount, 50);
  await deliver(bed, stage, door.target, 0, warmUp);

  const processes = [...Object.values(bed.servers), door.pid, worker.pid];
  const before = await readWork(bed, stage);
  const { processorMilliseconds } = await measure(processes, () =>
    deliver(bed, stage, door.target, warmUp, events),
  );
  const after = await readWork(bed, stage);
  const [receiver, processor] = [await readMemory(door.pid), await readMemory(worker.pid)];
  await worker.stop();
  await door.close();
  await stage.close();
  return {
    processorMilliseconds: processorMilliseconds / events,
    walBytes: (after.walBytes - before.walBytes) / events,
    writtenBytes: (after.writtenBytes - before.writtenBytes) / events,
    rowsWritten: (after.rowsWritten - before.rowsWritten) / events,
    rowsLeft: (after.rowsLeft - before.rowsLeft) / events,
    receiverBytes: receiver.resident,
    workerBytes: processor.resident,
  };
}

async function deliver(
  bed: Bed,
  stage: Stage,
  target: Parameters<typeof runLoad>[1]['target'],
  first: number,
  events: number,
): Promise<void> {
  await runLoad(bed, { target, prefix: stage.taskQueue, first, events, concurrency });
  await stage.reach('events processed', () => stage.countProcessed(), first + events);
  await stage.reach('workflows completed', () => stage.countWorkflows('Completed'), first + events);
}

/** What PostgreSQL has written until now: the store's tables, and Temporal's where it keeps its own there. */
async function readWork(bed: Bed, stage: Stage) {
  // Sessions report their counts about once a second.
  await wait(1_500);
  const [lsn] = await query(bed.postgres.url, `select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`);
  const databases = ['temporal', 'temporal_visibility'].map((name) => {
    const url = new URL(bed.postgres.url);
    url.pathname = `/${name}`;
    return url.href;
  });
  const rows = await Promise.all(
    [stage.databaseUrl, ...(bed.server === 'full' ? databases : [])].map(async (url) => {
      const [sums] = await query(
        url,
        `select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) as written,
           coalesce(sum(n_tup_ins - n_tup_del), 0) as left from pg_stat_user_tables`,
      );
      return rowsSchema.parse(sums);
    }),
  );
  return {
    walBytes: lsnSchema.parse(lsn).bytes,
    writtenBytes: await readWrittenBytes([bed.servers.postgres]),
    rowsWritten: rows.reduce((sum, each) => sum + each.written, 0),
    rowsLeft: rows.reduce((sum, each) => sum + each.left, 0),
  };
}

/** From the start of a receiver's process to its first acknowledgement. */
async function measureStart(bed: Bed, repetitions: number): Promise<Figure> {
  const times: number[] = [];
  for (let repetition = 0; repetition < Math.max(repetitions, 3); repetition += 1) {
    const stage = await createStage(bed);
    const begun = performance.now();
    const receiver = await startLandfall('receiver', stage.settings, bed);
    const urls = stage.sources.map((source) => `${receiver.url}/webhooks/${source}`);
    const target = { kind: 'deliveries', urls } as const;
    await runLoad(bed, { target, prefix: stage.taskQueue, events: 1, concurrency: 1 });
    times.push(performance.now() - begun);
    await receiver.stop();
    await stage.close();
  }
  return figureOf(median(times), {
    ...{
      suite,
      server: bed.server,
      unit: 'ms',
      name: 'receiver: from its start to its first acknowledgement',
    },
  });
}
