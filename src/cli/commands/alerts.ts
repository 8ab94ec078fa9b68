import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { alertId, severityOf } from '../../model/alerts.ts';
import type { AlertsView } from '../../model/incidents.ts';
import { describeAlerts } from '../../model/silence-alert.ts';
import { type Alerts, createAlerts } from '../../temporal/alerts.ts';
import { describeAge } from '../describe-age.ts';
import { examples } from '../examples.ts';
import { readDuration } from '../read-duration.ts';
import { findDefinitions } from '../source-definitions.ts';
import { renderTable } from '../table.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

const alertSense =
  'as "landfall alerts list" shows it; "rejections" of every source, "any:stripe" every one of a source, "any" all';

/** `landfall alerts`: see what is wrong, and silence an alert for a time. */
export function alertsCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('alerts')
    .description('see what is wrong, and silence an alert for a time')
    .addHelpText(
      'after',
      examples(
        'landfall alerts list',
        'landfall alerts silence rejections:stripe --for 4h --by ada@example.com --reason "a pen test"',
      ),
    );
  const run = async (use: (alerts: Alerts) => Promise<void>) => {
    const env = await environment();
    const { taskQueue } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
    await withTemporal(env, (client) => use(createAlerts(client, taskQueue)));
  };

  command
    .command('list', { isDefault: true })
    .description('what is wrong, the oldest first, and what is silenced')
    .option('--json', 'everything, as one JSON object')
    .action((options: { json?: boolean }) =>
      run(async (alerts) => {
        const view = await alerts.view();
        console.log(options.json === true ? JSON.stringify(view) : describe(view));
      }),
    );

  command
    .command('silence')
    .argument('<alert>', alertSense)
    .description('tell nobody of it for a time')
    .requiredOption('--for <duration>', 'for how long', readDuration)
    .requiredOption('--by <name>', 'who decides')
    .requiredOption('--reason <text>', 'why')
    .addHelpText(
      'after',
      examples('landfall alerts silence any:stripe --for 2h --by ada --reason "maintenance"'),
    )
    .action((alert: string, options: { for: number; by: string; reason: string }) =>
      run(async (alerts) => {
        const { for: forMilliseconds, by, reason } = options;
        const { until } = await alerts.silence({ alert, forMilliseconds, by, reason, via: 'cli' });
        console.log(`${alert}: nobody is told until ${until}`);
      }),
    );

  command
    .command('unsilence')
    .alias('end')
    .argument('<alert>', alertSense)
    .description('end a silence: tell people of it again')
    .requiredOption('--by <name>', 'who decides')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', examples('landfall alerts unsilence any:stripe --by ada --reason "it is over"'))
    .action((alert: string, { by, reason }: { by: string; reason: string }) =>
      run(async (alerts) => {
        const { found } = await alerts.unsilence({ alert, by, reason, via: 'cli' });
        console.log(found ? `${alert}: people are told again` : `${alert} is not silenced.`);
        if (!found) process.exitCode = 1;
      }),
    );

  return command;
}

function describe({ open, silences, waiting }: AlertsView): string {
  const incidents =
    open.length === 0
      ? 'Nothing is wrong.'
      : renderTable(
          ['SINCE', 'ALERT', 'SEVERITY', 'TOLD', 'WHAT'],
          open.map((incident) => [
            describeAge(new Date(incident.beganAt)),
            alertId(incident),
            severityOf(incident.kind),
            incident.told ? 'yes' : 'silenced',
            incident.text,
          ]),
        );
  const silenced = renderTable(
    ['SILENCED', 'UNTIL', 'BY', 'REASON'],
    silences.map((each) => [describeAlerts(each), each.until, each.by, each.reason]),
  );
  return [
    incidents,
    ...(silences.length === 0 ? [] : [silenced]),
    ...(waiting === 0 ? [] : [`${waiting} messages wait to be sent.`]),
  ].join('\n\n');
}
