import { Context } from '@temporalio/activity';

/** Well below the heartbeat timeout of 30 seconds. */
const heartbeatEvery = 5_000;

/**
 * Does work that may take so long that a worker which died is to be noticed meanwhile: heartbeats until it has ended, where the
 * activity has a heartbeat timeout.
 *
 * @param details - what each heartbeat says
 */
export async function heartbeating<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  details?: () => unknown,
): Promise<Result> {
  const context = Context.current();
  if ((context.info.heartbeatTimeoutMs ?? 0) === 0) return work(context.cancellationSignal);
  const heart = setInterval(() => {
    context.heartbeat(details?.());
  }, heartbeatEvery);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(heart);
  }
}
