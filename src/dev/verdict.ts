import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { searchAttributes } from '../model/search-attributes.ts';
import type { StoredRecord, Store } from '../store/store.ts';
import { createDeadLetters } from '../temporal/dead-letters.ts';
import { startReconciliation } from '../temporal/reconciliations.ts';
import { compareWithVendor, type Comparison } from './compare.ts';
import type { DemoVendor } from './demo-vendor/demo-vendor.ts';

/** Whether everything that the vendor announced landed, once and in the right final state. */
export interface Verdict {
  equal: boolean;
  comparison: Comparison;
  /** Events whose delivery the vendor was told to be accepted. */
  delivered: number;
  /** Of those, the ids that have no outcome. */
  withoutOutcome: string[];
  /** What a destination was asked to do, and the events for which it did it more than once. */
  effects: number;
  doubled: string[];
  /** What the last reconciliation still had to repair, after all was quiet: nothing, where the one before did its work. */
  leftToRepair: number;
  openDeadLetters: number;
}

const quietWithinMilliseconds = 180_000;
const pollMilliseconds = 500;
/** Counts without anything under way that are enough; visibility lags a little. */
const quietCounts = 3;
/** The same while an accepted event has no outcome: its workflow may not be visible yet. */
const quietCountsWithoutOutcome = 40;

/** Lets the vendor settle, waits until nothing is under way, reconciles twice, and compares record by record. */
export async function judge({
  vendor,
  store,
  client,
  source,
  taskQueue,
}: {
  vendor: DemoVendor;
  store: Store;
  client: Client;
  source: string;
  taskQueue: string;
}): Promise<Verdict> {
  await vendor.settle();
  const delivered = vendor
    .ledger()
    .entries.filter(({ kind, state }) => kind === 'event' && state === 'delivered')
    .map(({ id }) => id);
  await untilQuiet(store, client, source, delivered);
  const reconcile = async () =>
    (await startReconciliation(client, { source, since: null }, taskQueue)).result();
  await reconcile();
  const { missing, stale } = await reconcile();

  const comparison = compareWithVendor({
    snapshot: vendor.snapshot(),
    records: await allRecords(store, source),
  });
  const withoutOutcome = await eventsWithoutOutcome(store, source, delivered);
  const { effects } = vendor.crm();
  const doubled = repeated(effects.map(({ eventId }) => eventId));
  const openDeadLetters = await createDeadLetters(client).list({ source, limit: 10_000 });
  return {
    equal: comparison.equal && withoutOutcome.length === 0 && doubled.length === 0 && missing + stale === 0,
    comparison,
    delivered: delivered.length,
    withoutOutcome,
    effects: effects.length,
    doubled,
    leftToRepair: missing + stale,
    openDeadLetters: openDeadLetters.length,
  };
}

/**
 * Until the inbox is empty and no event of the source is being processed. A reconciliation that begins while an accepted event
 * is on its way would rightly repair its record first, and a destination would have both.
 */
async function untilQuiet(
  store: Store,
  client: Client,
  source: string,
  delivered: readonly string[],
): Promise<void> {
  const query = `WorkflowType IN ('processEvent', 'reconcile') AND ExecutionStatus = 'Running' AND ${searchAttributes.source.name} = '${source}'`;
  const deadline = Date.now() + quietWithinMilliseconds;
  let waiting = delivered;
  for (let quiet = 0; Date.now() < deadline;) {
    waiting = await eventsWithoutOutcome(store, source, waiting);
    const { count } = await client.workflow.count(query);
    quiet = count === 0 && (await store.countInbox()) === 0 ? quiet + 1 : 0;
    if (quiet >= (waiting.length === 0 ? quietCounts : quietCountsWithoutOutcome)) return;
    await sleep(pollMilliseconds);
  }
}

async function eventsWithoutOutcome(store: Store, source: string, ids: readonly string[]): Promise<string[]> {
  const without: string[] = [];
  for (const id of ids) {
    if ((await store.findEvent(source, id)) === null) without.push(id);
  }
  return without;
}

async function allRecords(store: Store, source: string): Promise<StoredRecord[]> {
  const all: StoredRecord[] = [];
  for (;;) {
    const page = await store.listRecords(source, all.at(-1)?.entity ?? null, 500);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

function repeated(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

/** The verdict for people: what was compared, and whatever differs. */
export function describeVerdict(verdict: Verdict): string {
  const { comparison, withoutOutcome, doubled, leftToRepair } = verdict;
  const lines = [
    `${verdict.equal ? 'EQUAL' : 'NOT EQUAL'}: ${comparison.compared} records compared with the vendor's, ${comparison.differences.length} differ`,
    `${verdict.delivered} events accepted, ${withoutOutcome.length} without an outcome`,
    `${verdict.effects} writes to the CRM, ${doubled.length} made twice`,
    `${leftToRepair} differences found by a second reconciliation`,
    `${verdict.openDeadLetters} dead letters wait for a decision: npm run landfall -- dead-letters list`,
  ];
  for (const { entity, what, vendor, ours } of comparison.differences.slice(0, 20)) {
    lines.push(`  ${entity.type}/${entity.id} is ${what}: the vendor has ${vendor}, we have ${ours}`);
  }
  for (const id of withoutOutcome.slice(0, 20)) lines.push(`  ${id} was accepted and has no outcome`);
  for (const id of doubled.slice(0, 20)) lines.push(`  ${id} was handed on twice`);
  return lines.join('\n');
}
