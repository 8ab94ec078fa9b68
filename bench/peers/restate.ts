import { setTimeout as wait } from 'node:timers/promises';
import * as sdk from '@restatedev/restate-sdk';
import { connect, rpc } from '@restatedev/restate-sdk-clients';
import type { EventWork, Peer } from './peer.ts';
import type { RecordEvent } from './record-event.ts';
import { required } from './settings.ts';

const serviceName = 'events';
interface Handlers {
  process: (context: sdk.Context, event: RecordEvent) => Promise<void>;
}
type Events = sdk.ServiceDefinition<typeof serviceName, Handlers>;

/**
 * Express + Restate: the receiver sends to Restate's ingress under the event's id as idempotency key, Restate calls the
 * worker. Each of the two calls is a step of the journal. Retries are Restate's defaults: up to 70 times, then it pauses.
 * Restate decides how many events are under way at a time (`concurrent-invocations-limit`, 1,000).
 *
 * @see https://docs.restate.dev/develop/ts/clients/
 */
export const restate: Peer = {
  prepare: () => Promise.resolve(),
  openIntake(settings) {
    const ingress = connect({ url: required(settings, 'QUEUE_ADDRESS') });
    const events = ingress.serviceSendClient<Handlers>({ name: serviceName });
    return Promise.resolve(async (event) => {
      await events.process(event, rpc.sendOpts({ idempotencyKey: event.id }));
    });
  },
  async startWorker(settings, work) {
    provideWithResolvers();
    const port = required(settings, 'WORKER_PORT');
    await sdk.serve({ port, services: [createService(work)] });
    await register(required(settings, 'RESTATE_ADMIN_URL'), `http://127.0.0.1:${port}`);
  },
};

function createService(work: EventWork): Events {
  return sdk.service({
    name: serviceName,
    handlers: {
      process: async (context: sdk.Context, event: RecordEvent): Promise<void> => {
        const record = await context.run('fetchRecord', () => work.fetchRecord(event));
        await context.run('applyRecord', () => work.applyRecord(event, record));
      },
    },
  });
}

/** The SDK 1.17 calls `Promise.withResolvers`, which Node has from 22 on: without it, every invocation hangs on Node 20. */
function provideWithResolvers(): void {
  if ('withResolvers' in Promise) return;
  const value = (): unknown => {
    const ends: { resolve?: (value: unknown) => void; reject?: (reason: unknown) => void } = {};
    const promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
    return { promise, ...ends };
  };
  Object.defineProperty(Promise, 'withResolvers', { value });
}

/** Tells Restate where the worker is; it remembers, and a worker that starts again says it once more. */
async function register(adminUrl: string, uri: string): Promise<void> {
  const body = JSON.stringify({ uri });
  const headers = { 'content-type': 'application/json' };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(`${adminUrl}/deployments`, { method: 'POST', headers, body }).catch(
      () => null,
    );
    if (answer?.ok === true) return;
    if (attempt === 100)
      throw new Error(`Restate does not take the worker: ${answer?.status ?? 'no answer'}.`);
    await wait(100);
  }
}
