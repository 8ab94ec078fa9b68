import type { Overview, SourceHealth } from '../inspection/source-health.ts';
import type { SourceStory } from '../inspection/source-story.ts';
import { alertId } from '../model/alerts.ts';
import { describeAge } from './describe-age.ts';
import { section } from './section.ts';
import { renderTable } from './table.ts';

/** All sources at a glance, for people. */
export function describeOverview({ sources, alerts, inbox, complete, failure }: Overview): string {
  return [
    ...alerts.map((incident) => `${alertId(incident)}, since ${incident.beganAt}: ${incident.text}`),
    ...(alerts.length === 0 ? [] : ['']),
    sources.length === 0 ? 'No source is on.' : renderTable(heading, sources.map(row)),
    ...(inbox === 0 ? [] : [`${inbox} events in the inbox: accepted, and not yet with Temporal.`]),
    ...(failure === null ? [] : [`${failure.message} What Temporal knows is left out.`]),
    ...(failure !== null || complete
      ? []
      : ['So many dead letters are open that only the newest are counted by source.']),
  ].join('\n');
}

const heading = [
  'SOURCE',
  'STATE',
  'LAST HOUR',
  'LAST DAY',
  'LAST ONE',
  'REFUSED, HOUR',
  'DAY',
  'DEAD LETTERS',
  'RECONCILED',
];

function row({ source, state, deliveries, rejections, deadLetters, lastReport }: SourceHealth): string[] {
  const { lastHour, lastDay, lastAt } = deliveries;
  return [
    source,
    state,
    String(lastHour),
    String(lastDay),
    lastAt === null ? 'none' : describeAge(new Date(lastAt)),
    String(rejections.lastHour),
    String(rejections.lastDay),
    deadLetters === null ? 'not known' : String(deadLetters),
    lastReport === null ? 'never' : describeReport(lastReport),
  ];
}

function describeReport({
  complete,
  missing,
  stale,
  different = 0,
  gone = 0,
  finishedAt,
}: NonNullable<SourceHealth['lastReport']>): string {
  const found = missing + stale + different + gone;
  const said = complete ? (found === 0 ? 'in step' : `${found} differed`) : 'broke off';
  return `${describeAge(new Date(finishedAt))}: ${said}`;
}

/** One source for people: how it is doing, how its deliveries come in, and what was refused. */
export function describeSource({ health, alerts, failure, hours, rejected, settings }: SourceStory): string {
  const { holds, silence } = health;
  return [
    describeOverview({ sources: [health], alerts, inbox: 0, complete: true, failure }),
    `Signatures: ${settings.scheme}. Records: ${settings.records}. Reconciled: ${settings.reconciled}. Attempts: ${settings.attempts}.`,
    ...holds.map(
      ({ error, startedAt, workflowId }) =>
        `Held since ${startedAt}: many of its records fail alike with ${error} (${workflowId}).`,
    ),
    ...(silence === null
      ? []
      : [
          `Silent since ${silence.startedAt}: deliveries have stopped against its habit (${silence.workflowId}).`,
        ]),
    ...section('By the hour', [
      renderTable(
        ['HOUR', 'DELIVERIES', 'REFUSED'],
        hours.map(({ hour, deliveries, rejections }) => [
          hour,
          String(deliveries),
          Object.entries(rejections)
            .map(([reason, count]) => `${count} ${reason}`)
            .join(', ') || '0',
        ]),
      ),
    ]),
    ...section(
      'The newest refused deliveries',
      rejected.flatMap(({ at, reason, detail, bodyBytes, bodySha256, headers }) => [
        `${at} ${reason}: ${detail} (${bodyBytes} bytes, SHA-256 ${bodySha256.slice(0, 12)}…)`,
        ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
      ]),
    ),
  ].join('\n');
}
