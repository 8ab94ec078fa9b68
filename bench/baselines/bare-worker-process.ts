import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { activityInfo } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { openStore } from '../../src/store/open-store.ts';
import { answerParent } from '../tool/answer-parent.ts';
import type { BareActivities } from './bare-workflow.ts';

const env = z
  .object({
    DATABASE_URL: z.url(),
    TEMPORAL_ADDRESS: z.string(),
    TASK_QUEUE: z.string(),
    VENDOR_URL: z.url(),
  })
  .parse(process.env);
const recordSchema = z.looseObject({ id: z.string(), version: z.int() });

// A worker as the SDK's documentation starts one: every setting at its default. It writes with Landfall's own statement.
Runtime.install({ logger: new DefaultLogger('WARN') });
const store = await openStore({ databaseUrl: env.DATABASE_URL, dataDirectory: null });
const activities: BareActivities = {
  async getRecord(id) {
    const answer = await fetch(`${env.VENDOR_URL}/customers/${id}`);
    if (!answer.ok) throw new Error(`The vendor answered ${answer.status}.`);
    return recordSchema.parse(await answer.json());
  },
  async writeRecord({ eventId, workflowId, record }) {
    await store.apply({
      source: 'bare',
      eventId,
      bodySha256: '',
      workflowId,
      runId: activityInfo().workflowExecution?.runId ?? '',
      incoming: {
        entity: { type: 'customer', id: record.id },
        version: String(record.version),
        sourceTime: null,
        data: z.json().parse(record),
        deleted: false,
        deletionAnnounced: false,
        fetched: true,
        basis: 0,
      },
      destinations: [],
      repair: false,
    });
  },
};
const here = fileURLToPath(import.meta.url);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  taskQueue: env.TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL(`./bare-workflow${extname(here)}`, import.meta.url)),
  activities: { ...activities },
});
const finished = worker.run();
answerParent(null, () => Promise.resolve(null));
await finished;
await store.close();
process.exit();
