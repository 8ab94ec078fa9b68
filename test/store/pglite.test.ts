import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError, StoreUnavailableError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import { storeContract } from '../contracts/store.contract.ts';
import { buildApply } from '../support/build-apply.ts';

const entity = { type: 'customer', id: 'cus_1' };

describe('the embedded store', () => {
  storeContract(() => openStore({ databaseUrl: null, dataDirectory: null }));
});

describe('the data directory of the embedded store', () => {
  let directory: string;
  let holder: ChildProcess | null = null;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'landfall-store-')), 'made', 'when missing');
  });
  afterEach(async () => {
    holder?.kill('SIGKILL');
    holder = null;
    await rm(join(directory, '..', '..'), { recursive: true, force: true });
  });

  const open = () => openStore({ databaseUrl: null, dataDirectory: directory });

  const startHolder = async (): Promise<ChildProcess> => {
    const script = fileURLToPath(new URL('../support/hold-data-directory.ts', import.meta.url));
    holder = spawn(process.execPath, ['--import', 'tsx', script, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (holder.stdout !== null) await once(holder.stdout, 'data');
    return holder;
  };

  it('keeps what was written when the store is closed and opened again', async () => {
    const first = await open();
    await first.migrate();
    await first.apply(buildApply({ incoming: { version: '7' } }));
    await first.close();
    await first.close();
    const second = await open();
    await second.migrate();
    expect(await second.findRecord('shop', entity)).toMatchObject({ version: '7' });
    await second.close();
    await expect(second.ping()).rejects.toThrow(StoreUnavailableError);
  });

  it('serves one store at a time, and says what to do about it', async () => {
    const store = await open();
    await expect(open()).rejects.toThrow(ConfigurationError);
    await expect(open()).rejects.toThrow(/in use by another process.*set DATABASE_URL/s);
    await store.ping();
    await store.close();
    await (await open()).close();
  });

  it('is refused while another process has it, and is taken over at once when that was killed', async () => {
    const other = await startHolder();
    await expect(open()).rejects.toThrow(ConfigurationError);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const store = await open();
    expect(await store.findRecord('shop', entity)).toMatchObject({ version: '7' });
    expect(await store.apply(buildApply({ eventId: 'evt_2' }))).toMatchObject({ outcome: 'unchanged' });
    await store.close();
  });

  it('is free again after its process was ended by a signal', async () => {
    const other = await startHolder();
    other.kill('SIGTERM');
    await once(other, 'exit');
    await (await open()).close();
  });

  it('of a process elsewhere is left alone, until that has not renewed its lock for a minute', async () => {
    const store = await open();
    const elsewhere = { host: `not-${hostname()}`, pid: 1, startedAt: 0 };
    await writeFile(join(directory, 'store.owner.json'), JSON.stringify(elsewhere));
    await expect(open()).rejects.toThrow(ConfigurationError);
    const longAgo = new Date(Date.now() - 61_000);
    await utimes(join(directory, 'store.lock'), longAgo, longAgo);
    const heir = await open();
    await heir.ping();
    await expect.poll(() => store.ping().then(String, String), { timeout: 15_000 }).toMatch(/taken over/);
    await store.close();
    await heir.ping();
    await heir.close();
  });
});
