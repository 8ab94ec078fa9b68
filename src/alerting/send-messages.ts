import { LandfallError } from '../errors.ts';
import { withTimeout } from '../sources/with-timeout.ts';
import type { ClaimedAlertMessage } from '../store/alert-store.ts';
import type { AlertingDependencies } from './dependencies.ts';

const timeoutMilliseconds = 10_000;
/** Longer than one channel can take. */
const leaseMilliseconds = 60_000;
/** One call takes no more after this: with the last one, it ends within the time that an activity has. */
const goOnMilliseconds = 15_000;
const firstPauseMilliseconds = 15_000;
const longestPauseMilliseconds = 600_000;
/** A message that could not be sent for so long is of no use any more. */
const giveUpAfterMilliseconds = 86_400_000;

/**
 * Sends the messages that are due, one after the other, so that none is sent by two processes at once. One that a channel does not take is tried
 * again after growing pauses, for a day; nobody waits for it. None is lost: whoever dies between claiming and sending leaves it to the
 * next one. One is sent twice where a process dies after sending and before writing that down; it has the same id then.
 */
export async function sendAlertMessages(
  deps: Pick<AlertingDependencies, 'store' | 'channels' | 'metrics' | 'logger' | 'redact' | 'now'>,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  while (!signal.aborted && performance.now() - begun < goOnMilliseconds) {
    const claimed = await deps.store.claimAlertMessage(leaseMilliseconds);
    if (claimed === null) return;
    await sendOne(deps, claimed, signal);
  }
}

async function sendOne(
  { store, channels, metrics, logger, redact, now }: Parameters<typeof sendAlertMessages>[0],
  { channel, message, attempts, since }: ClaimedAlertMessage,
  signal: AbortSignal,
): Promise<void> {
  const key = { id: message.id, channel };
  const failed = await trySend(
    channels.find(({ name }) => name === channel),
    message,
    signal,
  );
  if (failed === null) {
    metrics.alertMessages.inc({ channel, result: 'sent' });
    await store.markAlertSent(key);
    return;
  }
  // Another process goes on with it when the claim has ended.
  if (signal.aborted) return;
  const error = redact(failed);
  const late = now() - Date.parse(since) > giveUpAfterMilliseconds;
  const pause = Math.min(firstPauseMilliseconds * 2 ** Math.min(attempts - 1, 10), longestPauseMilliseconds);
  metrics.alertMessages.inc({ channel, result: late ? 'given-up' : 'failed' });
  logger[late ? 'error' : 'warn'](
    { channel, alert: message.alert, phase: message.phase, attempts, reason: error },
    late ? 'an alert could not be sent for a day: given up' : 'an alert could not be sent: tried again',
  );
  await store.postponeAlertMessage(key, { error, afterMilliseconds: late ? null : pause });
}

/** Why it was not taken; null where it was. */
async function trySend(
  channel: AlertingDependencies['channels'][number] | undefined,
  message: ClaimedAlertMessage['message'],
  signal: AbortSignal,
): Promise<string | null> {
  if (channel === undefined) return 'This channel is not set any more.';
  try {
    await withTimeout(signal, timeoutMilliseconds, (within) => channel.send(message, { signal: within }));
    return null;
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    return withCauses(error);
  }
}

/** `fetch` says `fetch failed`; what failed is the cause of that. */
function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${withCauses(error.cause)})` : error.message;
}
