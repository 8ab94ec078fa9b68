import { Command } from 'commander';
import pc from 'picocolors';
import { type Config, loadConfig } from '../../config/load.ts';
import { openStore } from '../../store/open-store.ts';
import { describeDays, prepareNamespace } from '../../temporal/namespace.ts';
import { scheduledSources, scheduleId } from '../../temporal/schedules.ts';
import { findDefinitions } from '../source-definitions.ts';
import { examples } from '../examples.ts';
import { sourcesWithHandlers } from '../runtime.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

interface Finding {
  level: 'ok' | 'warning' | 'failure';
  text: string;
}

/** `landfall doctor`: whether settings, Temporal, its namespace, the database and the schedules are as they have to be. Changes nothing. */
export function doctorCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('doctor').description('check the set-up; changes nothing');
  return command.addHelpText('after', examples('landfall doctor')).action(async () => {
    const env = await environment();
    const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
    const findings = [
      ...checkSources(config),
      ...(await checkHandlers(config)),
      ...(await checkTemporal(env, config)),
      ...(await checkStore(config)),
    ];
    const marks = { ok: pc.green('ok     '), warning: pc.yellow('warning'), failure: pc.red('failure') };
    for (const { level, text } of findings) console.log(`${marks[level]} ${text}`);
    if (findings.some(({ level }) => level === 'failure')) process.exitCode = 1;
  });
}

function checkSources({ sources }: Config): Finding[] {
  if (sources.length === 0)
    return [{ level: 'warning', text: 'no source is on: set the webhook secret of one' }];
  return sources.map((source) => {
    const lists = source.listChanged !== undefined;
    return {
      level: lists ? 'ok' : 'warning',
      text: `source ${source.name}${lists ? '' : ': cannot list its changes, so a delivery that never arrives is never found'}`,
    };
  });
}

async function checkHandlers(config: Config): Promise<Finding[]> {
  if (config.handlersModule === null) return [];
  return attempt('handlers', async () => {
    const sources = await sourcesWithHandlers(config);
    const names = sources.flatMap((source) => source.handlers.map(({ name }) => name));
    return [{ level: 'ok', text: `${names.length} handlers from ${config.handlersModule ?? ''}` }];
  });
}

async function checkTemporal(env: Environment, { sources }: Config): Promise<Finding[]> {
  return attempt('Temporal', () =>
    withTemporal(env, async (client) => {
      const { namespace } = client.options;
      const report = await client.withDeadline(Date.now() + 5_000, () =>
        prepareNamespace(client.connection, namespace, { change: false }),
      );
      const findings: Finding[] = report.warnings.map((text) => ({ level: 'warning', text }));
      findings.push({
        level: 'ok',
        text: `Temporal answers; namespace ${namespace} keeps closed runs for ${describeDays(report.retentionDays)}`,
      });
      const listing = sources.filter((source) => source.listChanged !== undefined).map(({ name }) => name);
      for (const name of listing) {
        findings.push(
          await checkSchedule(name, () => client.schedule.getHandle(scheduleId(name)).describe()),
        );
      }
      for (const name of await scheduledSources(client)) {
        if (!listing.includes(name)) findings.push(leftOver(name));
      }
      return findings;
    }),
  );
}

function leftOver(source: string): Finding {
  const id = scheduleId(source);
  return {
    level: 'warning',
    text: `schedule ${id}: its source cannot list changes here, or is not on. Where it is on nowhere: temporal schedule delete --schedule-id ${id}`,
  };
}

async function checkSchedule(
  source: string,
  describe: () => Promise<{ state: { paused: boolean; note?: string | undefined } }>,
): Promise<Finding> {
  try {
    const { state } = await describe();
    if (!state.paused) return { level: 'ok', text: `schedule ${scheduleId(source)}` };
    return { level: 'warning', text: `schedule ${scheduleId(source)} is paused: ${state.note ?? 'no note'}` };
  } catch {
    return {
      level: 'warning',
      text: `schedule ${scheduleId(source)} is missing: a worker creates it at its start`,
    };
  }
}

async function checkStore({ databaseUrl }: Config): Promise<Finding[]> {
  if (databaseUrl === null) {
    return [{ level: 'warning', text: 'DATABASE_URL is not set: only "landfall dev" runs without it' }];
  }
  return attempt('database', async () => {
    const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 1 });
    try {
      await store.ping();
      const waiting = await store.countInbox();
      return [{ level: 'ok', text: `database answers; ${waiting} events wait in the inbox` }];
    } finally {
      await store.close();
    }
  });
}

async function attempt(what: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [{ level: 'failure', text: `${what}: ${error instanceof Error ? error.message : String(error)}` }];
  }
}
