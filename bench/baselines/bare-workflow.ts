import { proxyActivities } from '@temporalio/workflow';

/** The two calls of the smallest webhook application on Temporal. */
export interface BareActivities {
  getRecord(id: string): Promise<BareRecord>;
  writeRecord(input: { eventId: string; workflowId: string; record: BareRecord }): Promise<void>;
}

/** What it reads of a record; the rest is passed on as it came. */
export interface BareRecord {
  id: string;
  version: number;
}

const { getRecord, writeRecord } = proxyActivities<BareActivities>({ startToCloseTimeout: '30 seconds' });

/** The smallest workflow that does what `processEvent` does for an ordinary event: read the record fresh, write it once. */
export async function bareEvent(payload: { id: string; data: { id: string } }): Promise<void> {
  const record = await getRecord(payload.data.id);
  await writeRecord({ eventId: payload.id, workflowId: `bare:${payload.id}`, record });
}
