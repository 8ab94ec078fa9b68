import { setTimeout as wait } from 'node:timers/promises';
import { isTombstone } from '../../src/dev/demo-vendor/records.ts';
import { describeVerdict, judge } from '../../src/dev/verdict.ts';
import { createDeadLetters } from '../../src/temporal/dead-letters.ts';
import { readLanded } from './landed.ts';
import type { System } from './system.ts';

/** What the vendor's own book and the CRM say about a system since its start, against what Landfall made of it. */
export interface Judgement {
  /** Events that the vendor tried to deliver; each is tried again until it is accepted. */
  sent: number;
  /** Events of these whose delivery was answered with 2xx. */
  accepted: number;
  /** Deliveries that were answered otherwise, or not at all. */
  refused: number;
  /** Accepted events that have no outcome, or more than one run of them succeeded. */
  lost: string[];
  manyOutcomes: string[];
  /** Events that the CRM had more than one effect of. */
  appliedTwice: string[];
  /** Records that differ from the vendor's after reconciliation, in our copy or in the CRM. */
  wrongRecords: string[];
  /** Dead letters that were open when all was quiet; they are replayed then. */
  deadLetters: number;
  /** For people. */
  text: string;
}

/**
 * Waits until nothing is under way, replays dead letters, reconciles, and judges. The judge is outside of Landfall: the vendor's
 * book of what it was told, the vendor's records, and the CRM's effects.
 */
export async function judgeSystem(system: System): Promise<Judgement> {
  const { vendor, store, client, source, taskQueue } = system;
  await vendor.settle();
  const deadLetters = await replayDeadLetters(system);
  const verdict = await judge({ vendor, store, client, source, taskQueue });
  const entries = vendor
    .ledger()
    .entries.filter(({ kind, state }) => kind === 'event' && state !== 'dropped');
  const accepted = entries.filter(({ state }) => state === 'delivered').map(({ id }) => id);
  const landed = await readLanded(system);
  const runs = await countCompletedRuns(system);
  const differing = verdict.comparison.differences.map(
    ({ entity, what, vendor: theirs, ours }) =>
      `${entity.type}/${entity.id} is ${what} (vendor ${theirs}, ours ${ours})`,
  );
  const lost = accepted.filter((id) => landed.get(id) !== true);
  const manyOutcomes = accepted.filter((id) => runs.get(id) !== 1 && !lost.includes(id));
  return {
    sent: entries.length,
    accepted: accepted.length,
    refused: entries
      .flatMap(({ attempts }) => attempts)
      .filter(({ status }) => status === null || status < 200 || status > 299).length,
    lost,
    manyOutcomes,
    appliedTwice: verdict.doubled,
    wrongRecords: [...differing, ...findWrongInCrm(system)],
    deadLetters,
    text: describeVerdict(verdict),
  };
}

/** The part of a judgement that came after an earlier one of the same system, in which nothing was wrong. */
export function since(before: Judgement | null, now: Judgement): Judgement {
  if (before === null) return now;
  return {
    ...now,
    sent: now.sent - before.sent,
    accepted: now.accepted - before.accepted,
    refused: now.refused - before.refused,
  };
}

const operator = { by: 'faults@example.com', reason: 'the fault is over' };
const replayWithinMilliseconds = 60_000;

/** @returns how many there were */
async function replayDeadLetters({ client, source }: System): Promise<number> {
  const deadLetters = createDeadLetters(client);
  // Visibility lags a little.
  await wait(1_500);
  const open = await deadLetters.list({ source, limit: 10_000 });
  const waiting = [...open];
  const replay = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await deadLetters.replay(next, operator, replayWithinMilliseconds);
    }
  };
  await Promise.all(Array.from({ length: 10 }, replay));
  return open.length;
}

/** Successful runs of `processEvent`, by event id. */
async function countCompletedRuns({ client, source, startedAt }: System): Promise<Map<string, number>> {
  const query = `WorkflowType = 'processEvent' AND ExecutionStatus = 'Completed' AND StartTime > '${startedAt}'`;
  const counts = new Map<string, number>();
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 1_000 })) {
    const id = workflowId.slice(source.length + 1);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** What the CRM was told last about each record has to be what the vendor has. */
function findWrongInCrm({ vendor }: System): string[] {
  const newest = new Map<string, { version: number; deleted: boolean }>();
  for (const { entity, version, deleted } of vendor.crm().effects) {
    const number = Number(version ?? 0);
    const known = newest.get(entity.id);
    if (known === undefined || number > known.version || (number === known.version && deleted)) {
      newest.set(entity.id, { version: number, deleted });
    }
  }
  return vendor.snapshot().records.flatMap((record) => {
    const told = newest.get(record.id);
    const deleted = isTombstone(record);
    // What was made and deleted before anybody looked, nobody has to be told of.
    if (told === undefined) return deleted ? [] : [`the CRM was never told of ${record.id}`];
    if (told.deleted === deleted && (deleted || told.version === record.version)) return [];
    return [
      `the CRM has ${record.id} as v${told.version}${told.deleted ? ' deleted' : ''}, the vendor as v${record.version}${deleted ? ' deleted' : ''}`,
    ];
  });
}
