import type { EventRunsStory, EventStory } from '../inspection/event-story.ts';
import { nameOutcome } from '../inspection/words.ts';
import { describeEntity } from '../model/event.ts';
import { describeSteps } from './describe-steps.ts';
import { section } from './section.ts';
import { renderTable } from './table.ts';

/** An event for people: how it came in, what was done with it, and where it went. */
export function describeEvent({
  source,
  eventId,
  mark,
  inInboxSince,
  delivered,
  conflicts,
  temporal,
}: EventStory): string {
  const known = 'answer' in temporal ? temporal.answer : null;
  const event = known?.event ?? null;
  const incomplete = mark !== null && !mark.complete ? ', not complete' : '';
  return [
    `${source}:${eventId}: ${mark === null ? 'no outcome yet' : `${mark.outcome}${incomplete}`}`,
    ...(event === null ? [] : [`${event.type} ${describeEntity(event.entity)}`]),
    ...(mark === null ? [] : [`first seen ${mark.firstAt}, last changed ${mark.processedAt}`]),
    ...(inInboxSince === null ? [] : [`in the inbox since ${inInboxSince}`]),
    ...('failure' in temporal ? [`${temporal.failure.message} What Temporal knows is left out.`] : []),
    ...(known === null ? [] : describeRuns(known)),
    ...section(
      'Handed on to',
      delivered.length === 0
        ? []
        : [
            renderTable(
              ['DESTINATION', 'WHEN', 'IDEMPOTENCY KEY'],
              delivered.map((each) => [each.destination, each.deliveredAt, each.idempotencyKey]),
            ),
          ],
    ),
    ...section(
      'Deliveries under its id with another body: not processed, the first one counts',
      conflicts.flatMap(({ receivedAt, bodySha256, body }) => [`${receivedAt} ${bodySha256}`, body]),
    ),
    ...(event === null
      ? []
      : [
          ...section(
            'Headers',
            Object.entries(event.headers).map(([name, value]) => `${name}: ${value}`),
          ),
          ...section('Body', [known?.bodyMissing ?? JSON.stringify(event.payload, null, 2)]),
        ]),
  ].join('\n');
}

/** Whether anybody has ever heard of it. */
export function isHeardOf({ mark, inInboxSince, temporal }: EventStory): boolean {
  if (mark !== null || inInboxSince !== null || !('answer' in temporal)) return true;
  const { runs, deadLetters } = temporal.answer;
  return runs.length + deadLetters.length > 0;
}

function describeRuns({ runs, deadLetters, steps }: EventRunsStory): string[] {
  const [letter] = deadLetters;
  return [
    ...(letter === undefined ? [] : [`dead letter: ${letter.status === 'RUNNING' ? 'open' : 'closed'}`]),
    ...section(
      'Runs',
      runs.length === 0
        ? []
        : [
            renderTable(
              ['BEGAN', 'ENDED', 'OUTCOME', 'ERROR', 'BEGUN BY', 'RUN'],
              runs.map(({ startedAt, closedAt, status, outcome, error, parent, runId }) => [
                startedAt,
                closedAt ?? 'under way',
                nameOutcome(outcome, status),
                error,
                parent ?? 'a delivery',
                runId,
              ]),
            ),
          ],
    ),
    ...section('What the newest run did', describeSteps(steps)),
  ];
}
