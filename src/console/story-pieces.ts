import { describeTook, nameStep, stepStates } from '../inspection/words.ts';
import type { DeadLetterSubject } from '../model/dead-letter.ts';
import type { LandfallEvent } from '../model/event.ts';
import type { RunRef } from '../model/replay-events.ts';
import type { RecordVersion } from '../model/version.ts';
import type { FailedAttempt, RunStep } from '../temporal/read-run.ts';
import type { UiLinks } from '../temporal/ui-links.ts';
import { type Content, type Html, html } from './html.ts';
import { counted, exactTime, facts, json, notice, outwards, table, verbatim } from './pieces.ts';

/** One run with what it did. */
export function showRun(
  { workflowId, runId, steps }: RunRef & { steps: readonly RunStep[] | null },
  ui: UiLinks | null,
): Html {
  return html`<section>
    <h2>What the run did</h2>
    <p>
      ${ui === null ? html`<code>${workflowId}</code>` : outwards(ui.workflow(workflowId, runId), 'The run in Temporal')}
      <small class="id">${runId}</small>
    </p>
    ${
      steps === null
        ? html`<p class="soft">Temporal does not keep its history any more.</p>`
        : stepList(steps)
    }
  </section>`;
}

/** The steps of a run, in their order. */
export function stepList(steps: readonly RunStep[]): Html {
  return html`<ol class="steps">
    ${steps.map(
      (step) =>
        html`<li class="${step.state}">
          <strong>${nameStep(step)}</strong> ${stepStates[step.state]}
          <span class="soft">${describeStep(step)}</span>
          ${step.failures.map(showAttempt)}
        </li>`,
    )}
  </ol>`;
}

function describeStep(step: RunStep): Content {
  const { summary, at, attempts, failures } = step;
  const took = describeTook(step);
  return html`${summary === '' ? null : html`${summary}, `}${exactTime(at)}${took === null ? null : `, took ${took}`}${
    attempts === null || (attempts < 2 && failures.length === 0) ? null : `, ${counted(attempts, 'attempt')}`
  }`;
}

function showAttempt({ attempt, type, message, causes }: FailedAttempt): Html {
  return html`<p class="attempt">
    ${attempt === null ? null : html`attempt ${attempt}: `}<code>${type}</code> ${message}
    ${causes.map((cause) => html`<br /><span class="soft">caused by ${cause}</span>`)}
  </p>`;
}

/** A delivery as it came in: its headers and its body. */
export function showDelivery(subject: DeadLetterSubject, bodyMissing: string | null): Html {
  return subject.kind === 'event'
    ? showEvent(subject.event, bodyMissing)
    : showUnreadable(subject, bodyMissing);
}

/** An event as it came in. @param bodyMissing - why its body is not in it; null where it is */
export function showEvent(event: LandfallEvent, bodyMissing: string | null): Html {
  const { foundBy, receivedAt, occurredAt, announced, bodySha256, headers, payload } = event;
  return html`<section>
    <h2>The event as it came in</h2>
    ${facts([
      ['Found by', foundBy],
      ['Received', exactTime(receivedAt)],
      ['Happened', occurredAt === null ? 'the vendor does not say' : exactTime(occurredAt)],
      ['Announces', announced === null ? null : describeVersion(announced)],
      ['SHA-256 of the body', html`<span class="id">${bodySha256}</span>`],
    ])}
    <h3>Headers</h3>
    ${headerTable(headers)}
    <h3>Payload</h3>
    ${bodyMissing === null ? json('Payload', payload) : notice('warn', bodyMissing)}
  </section>`;
}

function showUnreadable(
  { delivery }: Extract<DeadLetterSubject, { kind: 'unreadable' }>,
  bodyMissing: string | null,
): Html {
  const { reason, receivedAt, bodySha256, headers, body, bodyEncoding } = delivery;
  return html`<section>
    <h2>The delivery as it came in</h2>
    ${facts([
      ['No event could be read', reason],
      ['Received', exactTime(receivedAt)],
      ['SHA-256 of the body', html`<span class="id">${bodySha256}</span>`],
    ])}
    <h3>Headers</h3>
    ${headerTable(headers)}
    <h3>Body${bodyEncoding === 'base64' ? ', in base64' : null}</h3>
    ${bodyMissing === null ? verbatim('Body', body) : notice('warn', bodyMissing)}
  </section>`;
}

function headerTable(headers: Readonly<Record<string, string>>): Html {
  const all = Object.entries(headers);
  if (all.length === 0) return html`<p class="soft">None: nothing was sent, a reconciliation found it.</p>`;
  return table(
    'Headers',
    ['Name', 'Value'],
    all.map(([name, value]) => [html`<code>${name}</code>`, html`<span class="id">${value}</span>`]),
  );
}

/** `version 7, 2026-01-01 00:00:00 UTC`. */
export function describeVersion({ version, sourceTime }: RecordVersion): Content {
  const parts: Content[] = [
    ...(version === null ? [] : [`version ${version}`]),
    ...(sourceTime === null ? [] : [exactTime(sourceTime)]),
  ];
  return parts.length === 0
    ? 'no version'
    : parts.flatMap((part, index) => (index === 0 ? [part] : [', ', part]));
}
