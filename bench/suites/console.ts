import { setTimeout as wait } from 'node:timers/promises';
import { quantileSorted } from 'simple-statistics';
import type { FailureReport } from '../../src/model/dead-letter.ts';
import type { LandfallEvent } from '../../src/model/event.ts';
import { defaultRetry } from '../../src/model/retry.ts';
import { createDeadLetters } from '../../src/temporal/dead-letters.ts';
import { openDeadLetter } from '../../src/temporal/open-dead-letter.ts';
import type { EventKey } from '../../src/store/store.ts';
import type { Bed } from '../tool/bed.ts';
import { benchEventBody } from '../tool/bench-event.ts';
import { runLoad } from '../tool/load.ts';
import { type Figure, figureOf } from '../tool/ratio.ts';
import { createStage, type Stage } from '../tool/stage.ts';
import { startLandfall } from '../tool/start-landfall.ts';
import type { Suite } from './suite.ts';

const suite = 'console';
const events = 100_000;
const deadLetters = 1_000;
/** Events that really came in: their histories are read by the pages. */
const delivered = 20;
const goal = { atMost: 100 };
/** Temporal allows ten questions a second to its visibility, and nobody reads faster. */
const pauseMilliseconds = 250;
const formats = { page: 'text/html', API: 'application/json' } as const;

/** How long the pages of the console take, and the same as JSON. */
export const consoleSuite: Suite = {
  name: suite,
  sense: `How long the pages of the console and their JSON take with ${events.toLocaleString('en')} events in the store and ${deadLetters.toLocaleString('en')} open dead letters, asked for one after the other.`,
  async run({ bed, scale, progress }) {
    const stage = await createStage(bed, { sourceCount: 3 });
    const receiver = await startLandfall('receiver', stage.settings, bed);
    const worker = await startLandfall('worker', stage.settings, bed);
    const urls = stage.sources.map((source) => `${receiver.url}/webhooks/${source}`);
    const target = { kind: 'deliveries', urls } as const;
    await runLoad(bed, { target, prefix: stage.taskQueue, events: delivered, concurrency: 2 });
    await stage.untilCompleted(delivered);
    await fill(stage);
    const known = await openLetters(bed, stage);
    progress(`${events} events and ${deadLetters} dead letters are there`);

    const figures: Figure[] = [];
    for (const [name, address] of Object.entries(addresses(stage, known))) {
      for (const [format, accept] of Object.entries(formats)) {
        const times = await ask(`${receiver.opsUrl}/console${address}`, accept, scale.quick ? 10 : 40);
        const about = { suite, server: bed.server, unit: 'ms' };
        const [half, most] = [quantileSorted(times, 0.5), quantileSorted(times, 0.95)];
        figures.push(figureOf(half, { ...about, name: `${name}, ${format}, median` }));
        figures.push(figureOf(most, { ...about, goal, name: `${name}, ${format}, p95` }));
        progress(`${name}, ${format}: ${half.toFixed(0)} ms, p95 ${most.toFixed(0)} ms`);
      }
    }
    await worker.stop();
    await receiver.stop();
    await endLetters(bed, stage);
    await stage.close();
    return { ratios: [], figures };
  },
};

/** An open dead letter, and an event that came in. */
interface Known {
  letter: EventKey;
  event: EventKey;
}

function addresses({ sources }: Stage, { letter, event }: Known): Record<string, string> {
  const at = (page: string, query: Record<string, string>) =>
    `${page}?${new URLSearchParams(query).toString()}`;
  return {
    sources: '',
    'one source': at('/source', { name: event.source }),
    'dead letters': '/dead-letters',
    'dead letters, filtered': at('/dead-letters', {
      source: sources[1] ?? '',
      error: 'LANDFALL_VENDOR_UNAVAILABLE',
    }),
    'one dead letter': at('/dead-letter', { source: letter.source, event: letter.eventId }),
    'one event': at('/event', { source: event.source, event: event.eventId }),
    'one record': at('/entity', { source: event.source, type: 'customer', id: `cus_${event.eventId}` }),
    'search for an event': at('/search', { q: event.eventId }),
    'search for a record': at('/search', { q: 'cus_seed_77777' }),
    reconciliations: '/reconciliations',
    'audit log': '/audit',
    'bulk actions': '/bulk-actions',
  };
}

/** The times of the answers in milliseconds, in their order. @throws Error where one is no success */
async function ask(url: string, accept: string, times: number): Promise<number[]> {
  const found: number[] = [];
  for (let index = -3; index < times; index += 1) {
    const begun = performance.now();
    const response = await fetch(url, { headers: { accept } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
    if (index >= 0) found.push(performance.now() - begun);
    await wait(pauseMilliseconds);
  }
  return found.sort((a, b) => a - b);
}

/** A store in its second year. */
async function fill(stage: Stage): Promise<void> {
  const source = `(array[${stage.sources.map((name) => `'${name}'`).join(', ')}])[n % ${stage.sources.length} + 1]`;
  const seeds = `generate_series(1, ${events - delivered}) as n`;
  const data = `json_build_object('id', 'cus_seed_' || n, 'note', repeat('x', 900))`;
  await stage.query(
    `insert into landfall.processed (source, event_id, outcome, had_previous, workflow_id, run_id, body_sha256, handed_on_as,
       complete, dead_letter_open, processed_at, first_at)
     select ${source}, 'evt_seed_' || n, 'applied', false, 'seed', 'seed', 'seed', '1', true, false, now(),
       now() - n * interval '5 minutes' from ${seeds}`,
  );
  await stage.query(
    `insert into landfall.records (source, entity_type, entity_id, version, source_time, deleted, deletion_announced,
       revision, data, last_event_id, updated_at)
     select ${source}, (array['customer', 'order', 'invoice'])[n % 3 + 1], 'cus_seed_' || n, '1', now(), false, false, 1,
       ${data}, 'evt_seed_' || n, now() from ${seeds}`,
  );
  for (const name of stage.sources) {
    await stage.query(
      `insert into landfall.rejection_counts (source, reason, minute, count)
       select '${name}', reason, date_trunc('minute', now()) - n * interval '10 minutes', 3
       from generate_series(1, 4000) as n, unnest(array['bad_signature', 'stale_timestamp']) as reason`,
    );
    const slot = `date_bin('5 minutes', now(), 'epoch') - n * interval '5 minutes'`;
    await stage.query(
      `insert into landfall.arrivals (source, slot, first_at, last_at, count)
       select '${name}', ${slot}, ${slot}, ${slot} + interval '4 minutes', 12 from generate_series(1, 10000) as n
       on conflict do nothing`,
    );
    await stage.query(
      `insert into landfall.reports (source, workflow_id, run_id, finished_at, report)
       select '${name}', 'reconcile:${name}', 'seed-' || n, now() - n * interval '1 day', json_build_object(
         'source', '${name}', 'workflowId', 'reconcile:${name}', 'runId', 'seed-' || n, 'since', null, 'pages', 10,
         'startedAt', to_char(now() - n * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         'finishedAt', to_char(now() - n * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         'scanned', 1000, 'missing', n % 3, 'stale', 0, 'repaired', n % 3, 'settled', 0, 'failed', 0, 'complete', true)
       from generate_series(1, 365) as n`,
    );
  }
  await stage.query(
    `insert into landfall.audit (id, at, decided_by, via, action, source, target, reason, outcome, result, ended_at)
     select 'seed-' || n, now() - n * interval '1 hour', 'ada@example.com', 'console', 'dead-letter.replay', ${source},
       'dead-letter:seed:' || n, 'the vendor is back', 'done', 'resolved', now() from generate_series(1, 5000) as n`,
  );
  await stage.query('vacuum analyze landfall.records, landfall.processed, landfall.reports, landfall.audit');
}

/** Opens the dead letters; each points to the run of an event that came in, so that a page has a history to read. */
async function openLetters({ client }: Bed, stage: Stage): Promise<Known> {
  const runs: { workflowId: string; runId: string }[] = [];
  for await (const { workflowId, runId } of client.workflow.list({
    query: `TaskQueue = '${stage.taskQueue}' AND WorkflowType = 'processEvent'`,
  })) {
    runs.push({ workflowId, runId });
  }
  const [first] = runs;
  if (first === undefined) throw new Error('no event came in');
  const open = async (index: number): Promise<EventKey> => {
    const source = stage.sources[index % stage.sources.length] ?? '';
    const event = eventOf(source, `evt_letter_${stage.taskQueue}_${index}`);
    const failure = { ...failureOf(index), ...(runs[index % runs.length] ?? first) };
    await openDeadLetter(
      client,
      {
        source,
        eventId: event.id,
        subject: { kind: 'event', event },
        retry: defaultRetry,
        timers: { remindAfterMilliseconds: 3_600_000, escalateAfterMilliseconds: 86_400_000 },
      },
      failure,
      { taskQueue: stage.taskQueue, reopen: true },
    );
    return { source, eventId: event.id };
  };
  const letter = await open(0);
  let last = letter;
  for (let from = 1; from < deadLetters; from += 20) {
    const batch = Array.from({ length: Math.min(20, deadLetters - from) }, (_, index) => open(from + index));
    last = (await Promise.all(batch)).at(-1) ?? last;
  }
  const running = `TaskQueue = '${stage.taskQueue}' AND WorkflowType = 'deadLetter' AND ExecutionStatus = 'Running'`;
  await stage.reach('dead letters', async () => (await client.workflow.count(running)).count, deadLetters);
  // Visibility knows them before the worker has taken up all of them, and that is not what is measured.
  await createDeadLetters(client).show(last);
  const colon = first.workflowId.indexOf(':');
  const event = { source: first.workflowId.slice(0, colon), eventId: first.workflowId.slice(colon + 1) };
  return { letter, event };
}

async function endLetters({ client }: Bed, stage: Stage): Promise<void> {
  const query = `TaskQueue = '${stage.taskQueue}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    await client.workflow
      .getHandle(workflowId)
      .terminate('the measurement is over')
      .catch(() => undefined);
  }
}

function eventOf(source: string, id: string): LandfallEvent {
  const body = benchEventBody(id);
  return {
    source,
    id,
    type: body.type,
    entity: { type: 'customer', id: body.data.id },
    announced: null,
    occurredAt: body.created_at,
    deletes: false,
    snapshot: null,
    payload: body,
    headers: { 'content-type': 'application/json' },
    bodySha256: 'seed',
    receivedAt: new Date().toISOString(),
    foundBy: 'webhook',
  };
}

function failureOf(index: number): Omit<FailureReport, 'workflowId' | 'runId'> {
  return {
    step: 'fetchRecord',
    type: index % 4 === 0 ? 'LANDFALL_VENDOR_REFUSED' : 'LANDFALL_VENDOR_UNAVAILABLE',
    message: 'The vendor answered 503 for customer.',
    causes: [],
    attempts: 5,
    retryable: true,
    at: new Date().toISOString(),
  };
}
