import { alertId, severityOf } from '../src/model/alerts.ts';
import { type AlertsView, type AlertSilence, type Incident, named } from '../src/model/incidents.ts';
import { describeAlerts } from '../src/model/silence-alert.ts';
import { inline } from './inline.ts';

/** What is wrong now as Markdown, for the "current details" of the Temporal UI. */
export function renderAlerts(view: AlertsView | null, workflowId: string): string {
  if (view === null) return 'Alerts are off.';
  const { judgedAt, open, ended, silences, waiting } = view;
  return [
    `## ${open.length === 0 ? 'Nothing is wrong' : `${open.length} ${open.length === 1 ? 'thing is' : 'things are'} wrong`}`,
    `Judged at ${judgedAt}.${waiting === 0 ? '' : ` ${waiting} messages wait to be sent.`}`,
    ...open.map(renderIncident),
    ...(silences.length === 0 ? [] : ['### Silenced', list(silences.map(renderSilence))]),
    ...(ended.length === 0
      ? []
      : [
          '### Over',
          list(ended.map((each) => `${inline(named(each))}, from ${each.beganAt} to ${each.endedAt}`)),
        ]),
    `To tell nobody of one for a while, send \`${workflowId}\` the update \`silence-alert\`, or: \`landfall alerts silence …\`.`,
  ].join('\n\n');
}

function renderIncident(incident: Incident): string {
  const { beganAt, text, clearSince } = incident;
  const clear = clearSince === null ? '' : ` Well since ${clearSince}, though not for long enough.`;
  return `**${inline(named(incident))}** (\`${alertId(incident)}\`, ${severityOf(incident.kind)}), since ${beganAt}.${clear}\n\n> ${inline(text)}`;
}

function renderSilence(silence: AlertSilence): string {
  return `\`${describeAlerts(silence)}\` until ${silence.until}, by ${inline(silence.by)}: ${inline(silence.reason)}`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
