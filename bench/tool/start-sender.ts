import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { eventWorkflowId } from '../../src/model/ids.ts';
import type { LandfallEvent } from '../../src/model/event.ts';
import { eventStartOptions, type ProcessEventInput, workflowVersion } from '../../src/model/process-event.ts';
import { defaultRetry } from '../../src/model/retry.ts';
import { readGenericSources } from '../../src/sources/generic.ts';
import { readDelivery } from '../../src/sources/read-delivery.ts';
import { createTemporalClient, plainTarget } from '../../src/temporal/client.ts';
import type { bareEvent } from '../baselines/bare-workflow.ts';
import type { processEvent } from '../../workflows/index.ts';
import { benchEventBody, benchSecret, benchSecretVariable, benchSource } from './bench-event.ts';
import type { LoadJob } from './load-job.ts';
import type { Sender } from './sender.ts';

/** As `createEventStarter` has it. */
const deadlineMilliseconds = 3_000;

/**
 * Starts a workflow for each event with the client that Landfall uses, and nothing around it: what a receiver cannot be faster
 * than. The event is read out of a body once; each start then gets an id, a record and a payload of its own.
 */
export async function createStartSender(
  { temporalAddress, taskQueue, workflow, source }: Extract<LoadJob['target'], { kind: 'starts' }>,
  prefix: string,
): Promise<Sender> {
  const client = createTemporalClient(plainTarget(temporalAddress));
  const example = readExample(source);
  const inTime = <Result>(call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + deadlineMilliseconds, call);
  const reuse = { taskQueue, workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE };
  await client.connection.ensureConnected();

  return {
    async send(number) {
      const id = `${prefix}-${number}`;
      const workflowId = eventWorkflowId(source, id);
      const payload = benchEventBody(id);
      try {
        if (workflow === 'bareEvent') {
          const options = { ...reuse, workflowId, args: [payload] satisfies Parameters<typeof bareEvent> };
          await inTime(() => client.workflow.start<typeof bareEvent>('bareEvent', options));
        } else {
          const entity = { type: 'customer', id: payload.data.id };
          const input: ProcessEventInput = {
            workflowVersion,
            event: { ...example, id, entity, payload, receivedAt: new Date().toISOString() },
            retry: defaultRetry,
            replay: null,
          };
          const options = { ...reuse, workflowId, args: [input] satisfies Parameters<typeof processEvent> };
          await inTime(() =>
            client.workflow.start<typeof processEvent>('processEvent', {
              ...options,
              ...eventStartOptions(input),
            }),
          );
        }
        return 'accepted';
      } catch (error) {
        return error instanceof WorkflowExecutionAlreadyStartedError ? 'duplicate' : 'refused';
      }
    },
    close: () => client.connection.close(),
  };
}

function readExample(name: string): LandfallEvent {
  const [source] = readGenericSources(JSON.stringify([benchSource(name, 'http://127.0.0.1:9')]), {
    [benchSecretVariable]: benchSecret,
  });
  if (source === undefined) throw new Error('The benchmark describes no source.');
  const now = Date.now();
  const read = readDelivery(source, {
    body: Buffer.from(JSON.stringify(benchEventBody('example'))),
    headers: { 'content-type': 'application/json', host: '127.0.0.1:3000', 'x-bench-timestamp': String(now) },
    receivedAt: new Date(now).toISOString(),
    now,
  });
  if (read.kind !== 'event') throw new Error("The benchmark's own event cannot be read.");
  return read.event;
}
