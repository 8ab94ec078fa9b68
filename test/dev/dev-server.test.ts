import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { TemporalUnavailableError } from '../../src/errors.ts';
import { searchAttributes } from '../../src/model/search-attributes.ts';
import {
  type DevServer,
  type DevServerOptions,
  startDevServer,
} from '../../src/temporal/dev-server/start-dev-server.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';

let folder: string;
let servers: DevServer[];
let connections: Connection[];
let exits: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-dev-server-'));
  [servers, connections, exits] = [[], [], []];
});

afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

test('a restart keeps the workflows, the search attributes and the retention', async () => {
  const databaseFile = join(folder, 'temporal.db');
  const first = await start({ databaseFile });
  const before = await connect(first);
  const report = await prepareNamespace(before.connection, 'default', { change: true });
  expect(report.retentionDays).toBe(30);
  const { workflowId, firstExecutionRunId } = await before.client.workflow.start('waitForWorker', {
    workflowId: 'acme:evt_1',
    taskQueue: 'nobody-listens',
    typedSearchAttributes: [{ key: searchAttributes.source, value: 'acme' }],
  });
  await first.stop();

  const { client, connection } = await connect(await start({ databaseFile }));
  const found = await client.workflow.getHandle(workflowId).describe();
  expect(found).toMatchObject({ runId: firstExecutionRunId, status: { name: 'RUNNING' } });
  expect(found.typedSearchAttributes.get(searchAttributes.source)).toBe('acme');
  expect(await prepareNamespace(connection, 'default', { change: false })).toMatchObject({
    retentionDays: 30,
    warnings: [],
  });
});

test('it serves the web UI on 127.0.0.1', async () => {
  const { uiUrl } = await start();
  expect(new URL(uiUrl).hostname).toBe('127.0.0.1');
  expect((await fetch(uiUrl)).status).toBe(200);
});

test.each(['port', 'uiPort'] as const)('a taken %s is named, with what to do', async (which) => {
  const port = await getPort();
  const holder = createServer();
  await new Promise<void>((resolve) => {
    holder.listen(port, '127.0.0.1', resolve);
  });

  const error = await failure(start({ [which]: port }));
  holder.close();
  expect(error).toBeInstanceOf(TemporalUnavailableError);
  expect(error.message).toMatch(new RegExp(`^Port ${port} of 127.0.0.1, for the dev server's .* is taken`));
});

test('a server that ends at its start is reported with the end of its log', async () => {
  const databaseFile = join(folder, 'temporal.db');
  await writeFile(databaseFile, 'this is a text file');

  const error = await failure(start({ databaseFile }));
  expect(error).toBeInstanceOf(TemporalUnavailableError);
  expect(error.message).toContain('file is not a database');
  expect(error.message).toContain(join(folder, 'temporal.log'));
});

test('a second dev server on the same database is refused, for it would spoil it', async () => {
  const databaseFile = join(folder, 'temporal.db');
  const first = await start({ databaseFile });

  const error = await failure(start({ databaseFile }));
  expect(error.message).toContain(`in use by the dev server with process id ${first.pid}`);
});

test('a dev server that a killed start left behind is stopped, and its workflows are there', async () => {
  const databaseFile = join(folder, 'temporal.db');
  const [port, uiPort] = [await getPort(), await getPort()];
  const left = await startInOtherProcess({ databaseFile, port, uiPort });
  const { client } = await connect(left);
  await client.workflow.start('waitForWorker', { workflowId: 'acme:evt_1', taskQueue: 'nobody-listens' });

  const restarted = await start({ databaseFile, port, uiPort });
  expect(restarted.pid).not.toBe(left.pid);
  const again = await connect(restarted);
  const found = await again.client.workflow.getHandle('acme:evt_1').describe();
  expect(found.status.name).toBe('RUNNING');
});

test('an unexpected end is told once, a wanted one is not', async () => {
  const [killed, stopped] = await Promise.all([start(), start({ logFile: join(folder, 'other.log') })]);
  await stopped.stop();
  process.kill(killed.pid, 'SIGKILL');

  await expect.poll(() => exits).toEqual([expect.stringContaining('was ended by SIGKILL')]);
});

async function start(options: Partial<DevServerOptions> = {}): Promise<DevServer> {
  const server = await startDevServer({
    binary: inject('temporalCli'),
    databaseFile: null,
    port: await getPort(),
    uiPort: await getPort(),
    logFile: join(folder, 'temporal.log'),
    onExit: (reason) => exits.push(reason),
    ...options,
  });
  servers.push(server);
  return server;
}

/** Starts one from a process that is then killed, as a crash or a power cut would do it. */
async function startInOtherProcess(options: { databaseFile: string; port: number; uiPort: number }) {
  const module = new URL('../../src/temporal/dev-server/start-dev-server.ts', import.meta.url).href;
  const given = { binary: inject('temporalCli'), logFile: join(folder, 'left.log'), ...options };
  const program = `
    import(${JSON.stringify(module)}).then(async ({ startDevServer }) => {
      const { address, pid } = await startDevServer({ ...${JSON.stringify(given)}, onExit() {} });
      console.log(JSON.stringify({ address, pid }));
      setInterval(() => {}, 1000);
    });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => {
      resolve(chunk.toString('utf8'));
    });
    child.once('exit', (code) => {
      reject(new Error(`the other process ended with ${code}`));
    });
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return z.object({ address: z.string(), pid: z.int() }).parse(JSON.parse(line));
}

async function connect({
  address,
}: {
  address: string;
}): Promise<{ client: Client; connection: Connection }> {
  const connection = await Connection.connect({ address });
  connections.push(connection);
  return { client: new Client({ connection }), connection };
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error(`thrown: ${String(outcome)}`);
}
