import type { Client } from '@temporalio/client';
import type { Config } from '../../config/load.ts';
import { callQueue } from '../../model/call-queue.ts';
import { describeDays, prepareNamespace } from '../../temporal/namespace.ts';
import { countPollers } from '../../temporal/pollers.ts';
import { scheduledSources, scheduleId } from '../../temporal/schedules.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';
import { attempt, type Finding, ok, warning } from './finding.ts';

const patienceMilliseconds = 10_000;

/** Whether Temporal answers, its namespace is prepared, somebody works, and each source that lists changes has its schedule. */
export function checkTemporal(env: Environment, config: Config): Promise<readonly Finding[]> {
  const unreachable =
    'start Temporal, or set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY) to where it is';
  return attempt('temporal', unreachable, () =>
    withTemporal(env, (client) =>
      client.withDeadline(Date.now() + patienceMilliseconds, async () => [
        ...(await checkNamespace(client)),
        ...(await checkWorkers(client, config)),
        ...(await checkSchedules(client, config)),
      ]),
    ),
  );
}

async function checkNamespace(client: Client): Promise<Finding[]> {
  const { namespace } = client.options;
  const report = await prepareNamespace(client.connection, namespace, { change: false });
  const kept = describeDays(report.retentionDays);
  return [
    ...report.warnings.map((text) =>
      warning('namespace', text, 'do as it says, or start a worker that may: it prepares the namespace'),
    ),
    ok('temporal', `Temporal answers; namespace ${namespace} keeps closed runs for ${kept}`),
  ];
}

async function checkWorkers(client: Client, { sources, taskQueue: common }: Config): Promise<Finding[]> {
  const queues = new Set([common, ...sources.map(({ taskQueue }) => taskQueue ?? common)]);
  const found = await Promise.all(
    [...queues].map(async (taskQueue) => {
      const workers = await countPollers(client, taskQueue, 'workflow');
      if (workers > 0) return ok('workers', `task queue ${taskQueue}: a worker asks for work`);
      const mend = 'start "landfall worker" with these settings; events wait until then';
      return warning(
        'workers',
        `task queue ${taskQueue}: no worker has asked for work in five minutes`,
        mend,
      );
    }),
  );
  const limited = sources.filter(({ requestsPerSecond }) => requestsPerSecond !== null);
  const calls = await Promise.all(
    limited.map(async ({ name, taskQueue }): Promise<Finding[]> => {
      const queue = callQueue(taskQueue ?? common, name);
      if ((await countPollers(client, queue, 'activity')) > 0) return [];
      const mend = 'start "landfall worker" with the settings of this source';
      return [warning('workers', `task queue ${queue}: nobody makes the calls to the API of ${name}`, mend)];
    }),
  );
  return [...found, ...calls.flat()];
}

async function checkSchedules(client: Client, { sources }: Config): Promise<Finding[]> {
  const listing = sources.filter((source) => source.listChanged !== undefined).map(({ name }) => name);
  const found = await Promise.all(listing.map((name) => checkSchedule(client, name)));
  const left = (await scheduledSources(client)).filter((name) => !listing.includes(name));
  return [...found, ...left.map(leftOver)];
}

function leftOver(source: string): Finding {
  const id = scheduleId(source);
  return warning(
    'schedules',
    `schedule ${id}: its source cannot list changes here, or is not on`,
    `where it is on nowhere: temporal schedule delete --schedule-id ${id}`,
  );
}

async function checkSchedule(client: Client, source: string): Promise<Finding> {
  const id = scheduleId(source);
  try {
    const { state } = await client.schedule.getHandle(id).describe();
    if (!state.paused) return ok('schedules', `schedule ${id}`);
    const mend = `temporal schedule toggle --unpause --schedule-id ${id} --reason "…", when it may go on`;
    return warning('schedules', `schedule ${id} is paused: ${state.note ?? 'no note'}`, mend);
  } catch {
    return warning('schedules', `schedule ${id} is missing`, 'start a worker, which creates it');
  }
}
