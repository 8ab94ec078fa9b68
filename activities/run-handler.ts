import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import {
  HandlerFailedError,
  HandlerRefusedError,
  LandfallError,
  StoreUnavailableError,
} from '../src/errors.ts';
import type { Handler, HandlerContext } from '../src/handlers/define-handler.ts';
import { happenedAt } from '../src/model/event.ts';
import type { JsonValue } from '../src/model/json.ts';
import type { DeliverInput } from '../src/model/land-event.ts';
import type { Source } from '../src/sources/define-source.ts';
import { throwIfCancelled } from '../src/sources/vendor-error.ts';
import { withTimeout } from '../src/sources/with-timeout.ts';
import type { Store } from '../src/store/store.ts';
import { callOut } from './call-out.ts';
import { beforeHandOn } from './not-begun.ts';
import { handledEvent } from './receivers.ts';

/**
 * Runs a handler, unless it has had this very write: an attempt whose answer was lost may have noted that. Not run either for a
 * repair that proves to be none of its: of a record that we had a copy of, for who waits for new ones.
 *
 * @throws HandlerFailedError | LandfallError - what the handler throws itself where that is one
 */
export async function runHandler(
  handler: Handler,
  source: Source,
  input: DeliverInput & { idempotencyKey: string },
  { store, logger }: { store: Store; logger: Logger },
): Promise<void> {
  const { event, incoming, outcome, idempotencyKey } = input;
  const { previous, deliveredAs } = await beforeHandOn(() =>
    store.lookUpHandOn(event.source, event.id, handler.name, happenedAt(event)),
  );
  if (deliveredAs === idempotencyKey) return;
  const copy = previous?.copy ?? null;
  const { entity, deleted } = incoming;
  const known = previous === null ? null : copy !== null && !copy.deleted;
  if (!handler.takes(handledEvent(source, event, { entity, deleted, known }))) return;
  const { source: name, id, type, occurredAt, foundBy } = event;
  const { info, cancellationSignal } = Context.current();
  const context: Omit<HandlerContext<JsonValue>, 'signal'> = {
    event: { source: name, id, type, occurredAt, foundBy },
    entity,
    version: { version: incoming.version, sourceTime: incoming.sourceTime },
    deleted,
    outcome,
    previous: copy,
    idempotencyKey,
    attempt: info.attempt + (input.attemptsBefore ?? 0),
    logger: logger.child({ source: name, eventId: id, handler: handler.name }),
  };
  try {
    await callOut((outer) =>
      withTimeout(outer, handler.timeoutMilliseconds, (signal) =>
        untilAborted(signal, async () => handler.handle(incoming.data, { ...context, signal })),
      ),
    );
  } catch (error) {
    throwIfCancelled(cancellationSignal);
    throw toHandlerError(handler, error);
  }
}

/** A handler that does not heed its signal goes on, but nobody waits for it. */
async function untilAborted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  await Promise.race([work(), aborted]);
}

function toHandlerError({ name, timeoutMilliseconds }: Handler, error: unknown): LandfallError {
  // Only our own store's absence is waited out: see land-by-activities.ts.
  if (error instanceof LandfallError && !(error instanceof StoreUnavailableError)) return error;
  const { name: kind, message, code } = readError(error);
  // As it is thrown by a module that imports a copy of Landfall of its own.
  if (code === new HandlerRefusedError('').code) return new HandlerRefusedError(message, { cause: error });
  const what = `The ${name.replace(':', ' "')}"`;
  if (kind === 'TimeoutError') {
    return new HandlerFailedError(`${what} did not end within ${timeoutMilliseconds} ms.`, { cause: error });
  }
  return new HandlerFailedError(`${what} failed: ${kind}: ${message}`, { cause: error });
}

function readError(error: unknown): { name: string; message: string; code: unknown } {
  if (!(error instanceof Error)) return { name: 'thrown', message: String(error), code: null };
  return { name: error.name, message: error.message, code: 'code' in error ? error.code : null };
}
