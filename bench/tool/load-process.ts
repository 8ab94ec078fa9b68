import { build } from 'hdr-histogram-js';
import { setTimeout as wait } from 'node:timers/promises';
import { answerParent } from './answer-parent.ts';
import { createDeliverySender } from './delivery-sender.ts';
import { type LoadJob, loadJobSchema, type LoadResult } from './load-job.ts';
import type { Sender } from './sender.ts';
import { createStartSender } from './start-sender.ts';

const microseconds = 1_000;

// The load generator, in a process of its own, so that it is neither counted nor waits for what is measured.
answerParent(null, (message) => run(loadJobSchema.parse(message)));

async function run(job: LoadJob): Promise<LoadResult> {
  const { target, prefix, concurrency } = job;
  const sender =
    target.kind === 'deliveries'
      ? createDeliverySender(target, prefix, concurrency)
      : await createStartSender(target, prefix);
  try {
    return await drive(job, sender);
  } finally {
    await sender.close();
  }
}

async function drive(
  { first, concurrency, limit, eventsPerSecond }: LoadJob,
  sender: Sender,
): Promise<LoadResult> {
  const latency = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const counts = { accepted: 0, inboxed: 0, duplicate: 0, refused: 0 };
  const begun = performance.now();
  const end = limit.milliseconds === null ? Infinity : begun + limit.milliseconds;
  const last = limit.events === null ? Infinity : first + limit.events;
  let next = first;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < last && performance.now() < end) {
        const number = next;
        next += 1;
        // With a rate, the time counts from when it was due: a receiver that stalls is not spared.
        const due = eventsPerSecond === null ? null : begun + ((number - first) * 1_000) / eventsPerSecond;
        if (due !== null && due > performance.now()) await wait(due - performance.now());
        const sentAt = due ?? performance.now();
        counts[await sender.send(number)] += 1;
        latency.recordValue(Math.max(1, Math.round((performance.now() - sentAt) * microseconds)));
      }
    }),
  );
  return {
    accepted: counts.accepted + counts.inboxed,
    inboxed: counts.inboxed,
    duplicates: counts.duplicate,
    refused: counts.refused,
    milliseconds: performance.now() - begun,
    latency: {
      p50: latency.getValueAtPercentile(50) / microseconds,
      p99: latency.getValueAtPercentile(99) / microseconds,
      maximum: latency.maxValue / microseconds,
    },
  };
}
