import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { keyword, searchAttributes } from '../../src/model/search-attributes.ts';
import { prepareNamespace } from '../../src/temporal/namespace.ts';
import { expectTurnsTaken } from '../support/drain-backlog.ts';
import { type FullTemporal, startFullTemporal } from '../support/full-temporal.ts';
import { startPostgres } from '../support/postgres.ts';

let directory: string;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let temporal: FullTemporal | { unavailable: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'landfall-full-temporal-'));
  postgres = await startPostgres();
  temporal = await startFullTemporal({
    postgresUrl: postgres.url,
    directory,
    onProgress: (message) => process.stderr.write(`${message}\n`),
  });
  // A machine without Go may skip this, the machine that decides about a release may not.
  if ('unavailable' in temporal && process.env['CI'] !== undefined) throw new Error(temporal.unavailable);
});

afterAll(async () => {
  if ('address' in temporal) await temporal.stop();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  if ('unavailable' in temporal) skip(temporal.unavailable);
});

test('the namespace keeps closed runs for 30 days and knows the search attributes', async () => {
  await withClient(async ({ connection }) => {
    const report = await prepareNamespace(connection, 'default', { change: false });
    expect(report).toEqual({ namespace: 'default', retentionDays: 30, warnings: [], changes: [] });
  });
});

test('preparing the namespace a second time changes nothing', async () => {
  await withClient(async ({ connection }) => {
    const report = await prepareNamespace(connection, 'default', { change: true });
    expect(report.changes).toEqual([]);
  });
});

test('a start with the longest id and search attributes that we use is accepted, found, and there after a restart', async () => {
  const workflowId = `acme:${'x'.repeat(250)}`;
  const entity = keyword(`customer/${'y'.repeat(300)}`);
  await withClient(async ({ client }) => {
    await client.workflow.start('processEvent', {
      workflowId,
      taskQueue: 'nobody-listens',
      typedSearchAttributes: [
        { key: searchAttributes.source, value: 'acme' },
        { key: searchAttributes.entity, value: entity },
      ],
    });
    await expect
      .poll(async () => (await client.workflow.count(`${searchAttributes.entity.name} = '${entity}'`)).count)
      .toBe(1);
  });

  if ('address' in temporal) await temporal.restart();
  await withClient(async ({ client }) => {
    const found = await client.workflow.getHandle(workflowId).describe();
    expect(found.status.name).toBe('RUNNING');
    expect(found.typedSearchAttributes.get(searchAttributes.entity)).toBe(entity);
  });
});

test('a source with few events does not wait for the many that another had before it', async () => {
  if ('unavailable' in temporal) throw new Error(temporal.unavailable);
  await expectTurnsTaken(temporal.address);
});

async function withClient(
  use: (given: { client: Client; connection: Connection }) => Promise<void>,
): Promise<void> {
  if ('unavailable' in temporal) throw new Error(temporal.unavailable);
  const connection = await Connection.connect({ address: temporal.address });
  try {
    await use({ client: new Client({ connection }), connection });
  } finally {
    await connection.close();
  }
}
