import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sign } from '@octokit/webhooks-methods';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { largestBodyBytes } from '../../src/sources/body-limit.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { processEvent } from '../../workflows/index.ts';
import { createDatabase } from '../support/create-database.ts';
import { uniqueName } from '../support/harness.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';
import { sha256 } from '../support/receiver.ts';

const secret = 'a secret of the repository';
const mebibyte = 1_048_576;
/** A container of a gigabyte holds it; the eight bodies alone are 200 MiB, and each is there several times while it is read. */
const mostMemoryBytes = 900 * mebibyte;
/** Of the heap alone: a worker that reads four of the records at once, or a receiver all eight, dies of it. */
const mostHeapMebibytes = 256;

describe('eight deliveries of 25 MiB at once', { timeout: 300_000 }, () => {
  let store: Store;
  let connection: Connection;
  let receiver: LandfallProcess;
  let worker: LandfallProcess;
  let url: string;

  beforeAll(async () => {
    const databaseUrl = await createDatabase(inject('postgresUrl'));
    store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
    connection = await Connection.connect({ address: inject('temporalAddress') });
    const port = await getPort({ host: '127.0.0.1' });
    url = `http://127.0.0.1:${port}/webhooks/github`;
    const settings = {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      GITHUB_WEBHOOK_SECRET: secret,
      LANDFALL_TASK_QUEUE: uniqueName('queue'),
      LANDFALL_SILENCE: 'off',
      LANDFALL_HOST: '127.0.0.1',
      LANDFALL_PORT: String(port),
      LANDFALL_OPS_HOST: '127.0.0.1',
      LANDFALL_OPS_PORT: '0',
      NODE_OPTIONS: `--max-old-space-size=${mostHeapMebibytes}`,
    };
    receiver = await startProcess('receiver', settings);
    worker = await startProcess('worker', settings);
  });
  afterAll(async () => {
    await receiver[Symbol.asyncDispose]();
    await worker[Symbol.asyncDispose]();
    await store.close();
    await connection.close();
  });

  /** The record is nearly all of the body, and does not shrink. */
  function issue(number: number): { body: Buffer; record: object } {
    const record = { number, updated_at: '2026-01-01T00:00:00Z', text: '' };
    const around = { action: 'edited', repository: { full_name: 'octo/hello' }, issue: record };
    const left = largestBodyBytes - Buffer.byteLength(JSON.stringify(around));
    record.text = randomBytes(Math.ceil(left / 2))
      .toString('hex')
      .slice(0, left);
    return { body: Buffer.from(JSON.stringify(around)), record };
  }

  async function deliver(body: Buffer, id: string): Promise<number> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'issues',
        'x-github-delivery': id,
        'x-hub-signature-256': await sign(secret, body.toString()),
      },
      body: new Uint8Array(body),
    });
    await response.arrayBuffer();
    return response.status;
  }

  test('are all taken and landed, in bounded memory', async () => {
    const tag = randomBytes(4).toString('hex');
    const all = Array.from({ length: 8 }, (_, index) => ({ id: `${tag}-${index}`, ...issue(index + 1) }));
    const hashes = all.map(({ record }) => sha256(JSON.stringify(record)));
    // Whoever is told to come again on a busy machine, or is cut off with that, does so.
    const statuses = await Promise.all(
      all.map(async ({ id, body }) => {
        for (let attempt = 1; ; attempt += 1) {
          const status = await deliver(body, id).catch(() => 503);
          if (status !== 503 || attempt === 20) return status;
        }
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));

    const client = new Client({ connection });
    for (const { id } of all) {
      const run = client.workflow.getHandle<typeof processEvent>(`github:${id}`);
      await expect(run.result()).resolves.toMatchObject({ outcome: 'applied' });
    }
    for (const [index, hash] of hashes.entries()) {
      const entity = { type: 'issue', id: `octo/hello#${index + 1}` };
      const record = await store.findRecord('github', entity);
      expect(sha256(JSON.stringify(record?.data))).toBe(hash);
    }
    for (const each of [receiver, worker]) expect(await peakBytes(each)).toBeLessThan(mostMemoryBytes);
  });

  /** The most memory that a process has ever had. */
  async function peakBytes({ pid }: LandfallProcess): Promise<number> {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    if (kilobytes === undefined) throw new Error(status);
    return Number(kilobytes) * 1_024;
  }
});
