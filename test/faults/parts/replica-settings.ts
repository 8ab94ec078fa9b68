import { fileURLToPath } from 'node:url';
import type { DemoVendor } from '../../../src/dev/demo-vendor/demo-vendor.ts';
import type { Links } from './links.ts';

const clock = fileURLToPath(new URL('./movable-clock.js', import.meta.url));

/** What all receivers, or all workers, of one system find in their environment. */
export function replicaSettings(
  command: 'receiver' | 'worker',
  {
    links,
    vendor,
    databaseUrl,
    taskQueue,
  }: { links: Links; vendor: DemoVendor; databaseUrl: string; taskQueue: string },
): Record<string, string> {
  const [temporal, store] =
    command === 'receiver'
      ? [links.receiverToTemporal, links.receiverToStore]
      : [links.workerToTemporal, links.workerToStore];
  const database = new URL(databaseUrl);
  database.host = store.address;
  return {
    DATABASE_URL: database.href,
    TEMPORAL_ADDRESS: temporal.address,
    LANDFALL_TASK_QUEUE: taskQueue,
    LANDFALL_HOST: '127.0.0.1',
    LANDFALL_OPS_HOST: '127.0.0.1',
    LANDFALL_OPS_PORT: '0',
    LANDFALL_SHUTDOWN_GRACE: '10s',
    DEMO_WEBHOOK_SECRET: vendor.secret,
    DEMO_API_URL: `http://${links.workerToVendor.address}`,
    DEMO_CRM_URL: `http://${links.workerToCrm.address}`,
    DEMO_API_TOKEN: vendor.token,
    NODE_OPTIONS: `--import ${clock}`,
  };
}
