import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import type { DemoVendor } from '../../src/dev/demo-vendor/demo-vendor.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { startDemoVendor } from '../../src/dev/demo-vendor/start-demo-vendor.ts';
import { searchAttributes } from '../../src/model/search-attributes.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { scheduleId } from '../../src/temporal/schedules.ts';
import { layLinks, type Links, removeLinks } from './parts/links.ts';
import { type Replica, startReplica } from './parts/replica.ts';
import { replicaSettings } from './parts/replica-settings.ts';
import type { ServerPart } from './parts/server-part.ts';
import type { StoreServer } from './parts/store-server.ts';
import type { Toxiproxy } from './parts/toxiproxy.ts';

/** What all faults of a run share. */
export interface Servers {
  temporal: ServerPart;
  store: StoreServer;
  toxiproxy: Toxiproxy;
  /** The compiled program of Landfall. */
  landfall: string;
}

/** A receiver or worker whose clock can be moved. */
export interface ClockedReplica extends Replica {
  /** Sets its clock off by this, in milliseconds; 0: right again. */
  moveClock(milliseconds: number): Promise<void>;
}

/** A whole Landfall under one demo vendor: two receivers and two workers, every way between the parts a link. */
export interface System extends AsyncDisposable {
  servers: Servers;
  links: Links;
  receivers: readonly ClockedReplica[];
  workers: readonly ClockedReplica[];
  vendor: DemoVendor;
  source: string;
  taskQueue: string;
  /** These look at the system from outside, past the links. */
  store: Store;
  client: Client;
  databaseUrl: string;
  startedAt: string;
}

const local = '127.0.0.1';
const source = 'demo';
/** A vendor that does not give up within a fault. */
const vendorPauses = [200, 500, 1_000, ...Array<number>(200).fill(2_000)];

/** @param options.eventsPerSecond - what the vendor will send, once it is told to begin */
export async function startSystem(servers: Servers, options: { eventsPerSecond: number }): Promise<System> {
  const { temporal, store: storeServer, toxiproxy } = servers;
  const folder = await mkdtemp(join(tmpdir(), 'landfall-faults-'));
  const vendor = await startDemoVendor(
    {
      customers: 20,
      orders: 60,
      changesPerSecond: options.eventsPerSecond,
      // What vendors do anyway, so that a fault meets duplicates, disorder and gaps.
      faults: { ...noFaults, duplicates: 0.1, shuffles: 0.1, drops: 0.05 },
      requestsPerSecond: 1_000_000,
      concurrency: 500,
      retryMilliseconds: vendorPauses,
      timeoutMilliseconds: 5_000,
    },
    { now: Date.now, warn: () => undefined },
  );
  const ports = [await getPort({ host: local }), await getPort({ host: local })];
  const databaseUrl = await storeServer.createDatabase();
  const links = await layLinks(toxiproxy, {
    receivers: ports.map((port) => `${local}:${port}`),
    temporal: temporal.address,
    store: storeServer.address,
    vendor: new URL(vendor.url).host,
  });
  const taskQueue = `faults-${randomBytes(5).toString('hex')}`;
  const parts = { links, vendor, databaseUrl, taskQueue };
  const start = async (command: 'receiver' | 'worker', index: number): Promise<ClockedReplica> => {
    const clock = join(folder, `${command}-${index}.clock`);
    const settings = {
      ...replicaSettings(command, parts),
      FAULTS_CLOCK_FILE: clock,
      ...(command === 'receiver' ? { LANDFALL_PORT: String(ports[index]) } : {}),
    };
    const replica = await startReplica(command, settings, servers.landfall);
    return {
      ...replica,
      moveClock: async (milliseconds) => {
        await writeFile(clock, String(milliseconds));
        replica.signal('SIGUSR2');
      },
    };
  };
  const startedAt = new Date().toISOString();
  const pair = (command: 'receiver' | 'worker') => Promise.all([start(command, 0), start(command, 1)]);
  const [receivers, workers] = await Promise.all([pair('receiver'), pair('worker')]);
  vendor.sendTo(...links.vendorToReceivers.map(({ address }) => `http://${address}/webhooks/${source}`));
  const store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });

  return {
    servers,
    links,
    receivers,
    workers,
    vendor,
    source,
    taskQueue,
    store,
    client,
    databaseUrl,
    startedAt,
    async [Symbol.asyncDispose]() {
      await vendor.close();
      await Promise.all([...receivers, ...workers].map((each) => each[Symbol.asyncDispose]()));
      await endAll(client);
      await removeLinks(links);
      await store.close();
      await connection.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Leaves nothing running on the Temporal that the next system uses. */
async function endAll(client: Client): Promise<void> {
  await client.schedule.getHandle(scheduleId(source)).delete();
  const query = `ExecutionStatus = 'Running' AND ${searchAttributes.source.name} = '${source}'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    await client.workflow
      .getHandle(workflowId)
      .terminate('the fault is over')
      .catch(() => undefined);
  }
}
