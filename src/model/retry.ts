/** How a step is tried again, per source. The numbers of Temporal's retry policy. */
export interface RetrySettings {
  /** Attempts in all, the first included, before the event becomes a dead letter. @default 5 */
  maximumAttempts: number;
  /** @default 2000 */
  initialIntervalMilliseconds: number;
  /** @default 4 */
  backoffCoefficient: number;
  /** @default 300000 */
  maximumIntervalMilliseconds: number;
}

/** How a destination or a handler is tried, where it says so itself or not at all as its source does. */
export interface DeliveryPolicy {
  retry: RetrySettings;
  /** How long one attempt may take; null: as long as any destination. */
  timeoutMilliseconds: number | null;
}

/** Five attempts over about three minutes: 2 s, 8 s, 32 s and 128 s apart. */
export const defaultRetry: RetrySettings = {
  maximumAttempts: 5,
  initialIntervalMilliseconds: 2_000,
  backoffCoefficient: 4,
  maximumIntervalMilliseconds: 300_000,
};
