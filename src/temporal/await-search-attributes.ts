import { setTimeout as wait } from 'node:timers/promises';
import { type ConnectionLike, isGrpcServiceError } from '@temporalio/client';
import { TemporalUnavailableError } from '../errors.ts';
import { toTemporalError } from './temporal-error.ts';

/** The gRPC code INVALID_ARGUMENT. */
const notKnownYet: ReadonlySet<number> = new Set([3]);
const knownWithinMilliseconds = 60_000;
const askEveryMilliseconds = 200;

/**
 * Waits until a server takes search attributes that were just registered. A server with a real database learns of them some
 * seconds later only, and until then refuses each start that carries one. The dev server knows them at once.
 *
 * @throws TemporalUnavailableError where it does not know them after a minute, or does not answer
 */
export async function awaitSearchAttributes(
  connection: ConnectionLike,
  namespace: string,
  names: string[],
): Promise<void> {
  const query = names.map((name) => `${name} = ''`).join(' AND ');
  const deadline = performance.now() + knownWithinMilliseconds;
  for (;;) {
    try {
      await connection.workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 });
      return;
    } catch (error) {
      if (!(isGrpcServiceError(error) && notKnownYet.has(error.code))) {
        throw toTemporalError(error, 'search by the new search attributes');
      }
      if (performance.now() > deadline) {
        throw new TemporalUnavailableError(
          `Temporal does not know the new search attributes after ${knownWithinMilliseconds / 1_000} seconds: start again.`,
          { cause: error },
        );
      }
      await wait(askEveryMilliseconds);
    }
  }
}
