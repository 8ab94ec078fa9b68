import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { processEvent } from '../../workflows/index.ts';
import { createDatabase, query } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { type HttpVendor, startHttpVendor } from '../support/http-vendor.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';

const source = `acme-${randomBytes(5).toString('hex')}`;
const secret = `whsec_${randomBytes(24).toString('base64')}`;

/** As a user writes it, beside a vendor that is described in JSON. */
const handlersModule = `
export default ({ on, HandlerFailedError }) => ({
  '${source}': [
    on(
      'customer.*',
      async (customer, { previous, idempotencyKey, signal }) => {
        const response = await fetch(process.env.HOOK_URL, {
          method: 'POST',
          headers: { 'idempotency-key': idempotencyKey },
          body: JSON.stringify({ customer, previous: previous && previous.data }),
          signal,
        });
        if (!response.ok) throw new HandlerFailedError('the hook answered ' + response.status);
      },
      { name: 'hook' },
    ),
  ],
});
`;

describe('a handler whose worker is killed', { timeout: 120_000 }, () => {
  let folder: string;
  let server: HttpVendor;
  let connection: Connection;
  let client: Client;
  let settings: Record<string, string>;
  const processes: LandfallProcess[] = [];
  const vendor = { version: 1 };
  let hold: { arrived: () => void; answered: Promise<void> } | null = null;
  const customer = `cus_${randomUUID()}`;
  const customerOf = (version: number) => ({ id: customer, version });

  beforeAll(async () => {
    server = await startHttpVendor(async ({ url }) => {
      if (url.pathname === '/hook' && hold !== null) {
        const { arrived, answered } = hold;
        hold = null;
        arrived();
        await answered;
      }
      return { json: customerOf(vendor.version) };
    });
    folder = await mkdtemp(join(tmpdir(), 'landfall-handlers-'));
    const [sources, handlers] = [join(folder, 'sources.json'), join(folder, 'handlers.mjs')];
    await writeFile(handlers, handlersModule);
    await writeFile(
      sources,
      JSON.stringify([
        {
          ...{
            name: source,
            scheme: 'standard-webhooks',
            secretEnv: 'ACME_SECRET',
            id: '/id',
            type: '/type',
          },
          ...{ entity: { type: 'customer', id: '/data/id' }, version: '/data/version' },
          fetch: { urlTemplate: `${server.url}/customers/{id}`, versionPointer: '/version' },
          destination: { name: 'crm', url: `${server.url}/crm` },
        },
      ]),
    );
    connection = await Connection.connect({ address: inject('temporalAddress') });
    client = new Client({ connection });
    settings = {
      LANDFALL_SOURCES_FILE: sources,
      LANDFALL_HANDLERS: handlers,
      ACME_SECRET: secret,
      HOOK_URL: `${server.url}/hook`,
      DATABASE_URL: await createDatabase(inject('postgresUrl')),
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_HOST: '127.0.0.1',
      LANDFALL_OPS_HOST: '127.0.0.1',
      LANDFALL_OPS_PORT: '0',
    };
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    await connection.close();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (command: 'receiver' | 'worker', change: Record<string, string> = {}) => {
    const started = await startProcess(command, { ...settings, ...change });
    processes.push(started);
    return started;
  };
  const requests = (path: string, id: string) =>
    server.requests.filter(
      ({ url, headers }) => url.pathname === path && String(headers['idempotency-key']).includes(id),
    );

  test('is run again with the same key and the same `previous`, and nothing else is repeated', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    await start('receiver', { LANDFALL_PORT: String(port) });
    const worker = await start('worker');
    const send = async (version: number): Promise<string> => {
      vendor.version = version;
      const id = `evt_${randomUUID()}`;
      const body = JSON.stringify({ id, type: 'customer.updated', data: customerOf(version) });
      const now = new Date();
      const response = await fetch(`http://127.0.0.1:${port}/webhooks/${source}`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, now, body),
        },
      });
      expect(response.status).toBe(200);
      return id;
    };
    const resultOf = (id: string) =>
      client.workflow.getHandle<typeof processEvent>(`${source}:${id}`).result();
    await resultOf(await send(1));

    const arrived = new Promise<void>((resolve) => {
      hold = { arrived: resolve, answered: new Promise(() => undefined) };
    });
    const id = await send(2);
    await arrived;
    // The other one has it, and that is noted, before the worker is gone.
    await expect.poll(() => requests('/crm', id)).toHaveLength(1);
    const noted = `select 1 from landfall.deliveries where event_id = '${id}'`;
    await expect.poll(() => query(settings['DATABASE_URL'] ?? '', noted)).toHaveLength(1);
    worker.kill('SIGKILL');
    await worker.exited;

    await start('worker');
    await expect(resultOf(id)).resolves.toMatchObject({ outcome: 'applied', delivered: ['handler:hook'] });
    const hooked = requests('/hook', id);
    expect(hooked).toHaveLength(2);
    expect(new Set(hooked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    for (const { body } of hooked) {
      expect(JSON.parse(body)).toEqual({ customer: customerOf(2), previous: customerOf(1) });
    }
    expect(requests('/crm', id)).toHaveLength(1);
  });
});
