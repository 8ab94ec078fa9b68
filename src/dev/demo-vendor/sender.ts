import { Webhook } from 'standardwebhooks';
import type { DeliveryAttempt, DeliveryKind } from './ledger.ts';
import type { Pauses } from './pauses.ts';

/** One body that is to reach the customer's endpoint. */
export interface Message {
  /** The `webhook-id`, equal for every delivery of an event. */
  id: string;
  body: string;
  kind: DeliveryKind;
  /** Signs it; a forged message has a wrong one. */
  secret: string;
}

/** What a sender needs. */
export interface SenderDependencies {
  /** Where webhooks go; null while nobody has told the vendor yet. */
  target: () => string | null;
  /** How many deliveries may be under way at once. */
  concurrency: number;
  /** The pauses between attempts, in milliseconds; after the last the vendor gives up. */
  retryMilliseconds: readonly number[];
  timeoutMilliseconds: number;
  now: () => number;
  pauses: Pauses;
  /** Ends the attempts under way. */
  signal: AbortSignal;
  attempted: (message: Message, attempt: DeliveryAttempt) => void;
}

/** Delivers webhooks as Standard Webhooks says: signed anew for each attempt, tried again with growing pauses. */
export interface Sender {
  /** Resolves when the endpoint took it, when the vendor gave up, or when it was closed in between. */
  deliver(message: Message): Promise<'delivered' | 'given-up' | 'interrupted'>;
}

/** @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function createSender(dependencies: SenderDependencies): Sender {
  const { target, retryMilliseconds, timeoutMilliseconds, now, pauses, signal, attempted } = dependencies;
  const slots = createSlots(dependencies.concurrency);

  const attempt = async (message: Message): Promise<number | null> => {
    const at = now();
    const result = { kind: message.kind, at: new Date(at).toISOString() };
    try {
      const url = target();
      if (url === null) throw new Error('The demo vendor has no endpoint to send webhooks to yet.');
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signatureHeaders(message, at) },
        body: message.body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
      });
      // An unread body would keep the connection from being used again.
      await response.arrayBuffer();
      attempted(message, { ...result, status: response.status, error: null });
      return response.status;
    } catch (error) {
      attempted(message, { ...result, status: null, error: describe(error) });
      return null;
    }
  };

  return {
    deliver: async (message) => {
      for (let tries = 0; ; tries += 1) {
        const status = await slots(() => (signal.aborted ? Promise.resolve(null) : attempt(message)));
        if (status !== null && status >= 200 && status < 300) return 'delivered';
        if (signal.aborted) return 'interrupted';
        const pause = retryMilliseconds[tries];
        // Who forges does not try again.
        if (pause === undefined || message.kind === 'forged') return 'given-up';
        await pauses.pause(pause);
      }
    },
  };
}

function signatureHeaders({ id, body, secret }: Message, now: number): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(now), body),
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** Runs at most `count` tasks at once, the others in the order they came. */
function createSlots(count: number): <T>(task: () => Promise<T>) => Promise<T> {
  const queue: (() => void)[] = [];
  let free = count;
  return async (task) => {
    if (free === 0) await new Promise<void>((resolve) => queue.push(resolve));
    else free -= 1;
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
