import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { findTemporal } from '../../src/temporal/dev-server/find-temporal.ts';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';
import { buildFullTemporal } from '../support/build-full-temporal.ts';
import { type FullTemporal, startFullTemporal } from '../support/full-temporal.ts';
import { startPostgres } from '../support/postgres.ts';

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.string()).optional(),
      entrypoint: z.array(z.string()).optional(),
      command: z.array(z.string()).optional(),
    }),
  ),
});

let directory: string;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let temporal: FullTemporal | { unavailable: string };

beforeAll(async () => {
  const onProgress = (message: string): void => void process.stderr.write(`${message}\n`);
  directory = await mkdtemp(join(tmpdir(), 'landfall-compose-jobs-'));
  postgres = await startPostgres();
  temporal = await startFullTemporal({ postgresUrl: postgres.url, directory, onProgress });
  if ('unavailable' in temporal) {
    if (process.env['CI'] !== undefined) throw new Error(temporal.unavailable);
    return;
  }
  // The tools as they are called in the image that runs the jobs.
  const { path } = await findTemporal({
    explicitPath: process.env['LANDFALL_TEMPORAL_CLI'] ?? null,
    environment: process.env,
    onProgress,
  });
  await mkdir(join(directory, 'bin'));
  await copyFile(path, join(directory, 'bin', 'temporal'));
  const { sqlTool } = await buildFullTemporal(onProgress);
  await copyFile(sqlTool, join(directory, 'bin', 'temporal-sql-tool'));
});

afterAll(async () => {
  if ('address' in temporal) await temporal.stop();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  if ('unavailable' in temporal) skip(temporal.unavailable);
});

test('the schema job sets up an empty database, and can run again at each start', async () => {
  const other = await startPostgres();
  try {
    const environment = sqlEnvironment(other.url);
    await runJob('temporal-schema', environment);
    await runJob('temporal-schema', environment);
    expect(await schemaVersions(other.url)).toEqual(await schemaVersions(postgres.url));
  } finally {
    await other.stop();
  }
});

test('the namespace job makes a namespace that can be used at once, keeps 30 days, and raises a shorter retention', async () => {
  if ('unavailable' in temporal) throw new Error(temporal.unavailable);
  const { address } = temporal;
  const environment = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'made-by-the-job' };
  await runJob('temporal-namespace', environment);
  expect(await retentionDaysOf(address, 'made-by-the-job')).toBe(30);

  await command('temporal', 'operator', 'namespace', 'update', '-n', 'made-by-the-job', '--retention', '24h');
  expect(await retentionDaysOf(address, 'made-by-the-job')).toBe(1);
  await runJob('temporal-namespace', environment);
  expect(await retentionDaysOf(address, 'made-by-the-job')).toBe(30);

  async function command(name: string, ...args: string[]): Promise<void> {
    await runCommand(join(directory, 'bin', name), [...args, '--address', address], {
      environment: process.env,
    });
  }
});

/** Runs what docker-compose.yml says for a job, with its own environment but for what differs here. */
async function runJob(name: string, replaced: Record<string, string>): Promise<void> {
  const file = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const job = composeSchema.parse(parse(file, { merge: true })).services[name];
  const [shell = '', ...args] = [...(job?.entrypoint ?? []), ...(job?.command ?? [])];
  await runCommand(
    shell,
    // Compose itself reads `$$` as one dollar sign.
    args.map((arg) => arg.replaceAll('$$', '$')),
    {
      environment: {
        ...job?.environment,
        PATH: [join(directory, 'bin'), process.env['PATH']].join(delimiter),
        HOME: directory,
        ...replaced,
      },
      timeoutMilliseconds: 120_000,
    },
  );
}

function sqlEnvironment(url: string): Record<string, string> {
  const { hostname, port, username } = new URL(url);
  return { SQL_HOST: hostname, SQL_PORT: port, SQL_USER: username, SQL_PASSWORD: '' };
}

async function schemaVersions(url: string): Promise<string[]> {
  const versions: string[] = [];
  for (const database of ['temporal', 'temporal_visibility']) {
    const client = new pg.Client({ connectionString: new URL(`/${database}`, url).href });
    await client.connect();
    const { rows } = await client.query('select db_name, curr_version from schema_version');
    versions.push(JSON.stringify(rows));
    await client.end();
  }
  return versions;
}

async function retentionDaysOf(address: string, namespace: string): Promise<number> {
  const connection = await Connection.connect({ address });
  try {
    return (await prepareNamespace(connection, namespace, { change: false })).retentionDays;
  } finally {
    await connection.close();
  }
}
