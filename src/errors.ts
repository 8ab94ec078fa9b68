/**
 * The catalogue of errors. Each is a small class with a code; the same code is the `type` of the `ApplicationFailure`
 * inside Temporal, the `code` of the problem that a client reads, and the reason in metrics. docs/errors.md lists them all.
 */
export abstract class LandfallError extends Error {
  abstract readonly code: `LANDFALL_${string}`;
  /** False where the same try can never succeed: the event goes to the dead letters at once. */
  readonly retryable: boolean = false;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A setting is missing or wrong. Thrown at start, by config and by sources. The message names each and what to set. */
export class ConfigurationError extends LandfallError {
  readonly code = 'LANDFALL_CONFIGURATION';
}

/** No event can be read from a validly signed body. Thrown by a source's `readEvent`; becomes a dead letter. */
export class UnreadableEventError extends LandfallError {
  readonly code = 'LANDFALL_EVENT_UNREADABLE';
}

/** An event or a command names a source that is not configured. */
export class UnknownSourceError extends LandfallError {
  readonly code = 'LANDFALL_SOURCE_UNKNOWN';
}

/** A command names a dead letter that is not there. Thrown by `landfall dead-letters`. */
export class UnknownDeadLetterError extends LandfallError {
  readonly code = 'LANDFALL_DEAD_LETTER_UNKNOWN';
}

/** A command names a hold that is not there. Thrown by `landfall holds`. */
export class UnknownHoldError extends LandfallError {
  readonly code = 'LANDFALL_HOLD_UNKNOWN';
}

/** A command names a bulk action that is not there, or is over. Thrown by `landfall bulk` and the console. */
export class UnknownBulkActionError extends LandfallError {
  readonly code = 'LANDFALL_BULK_ACTION_UNKNOWN';
}

/** A command names an alert that there is none of, or asks where no alerts are judged. Thrown by `landfall alerts`. */
export class UnknownAlertError extends LandfallError {
  readonly code = 'LANDFALL_ALERT_UNKNOWN';
}

/** Slack, a webhook or a mail server did not take a message: it is sent again later. Thrown by the channels of alerts. */
export class AlertNotSentError extends LandfallError {
  readonly code = 'LANDFALL_ALERT_NOT_SENT';
  override readonly retryable = true;
}

/** The vendor's API failed in a way that may pass: network, timeout, 5xx. Thrown by a source's API calls. */
export class VendorUnavailableError extends LandfallError {
  readonly code = 'LANDFALL_VENDOR_UNAVAILABLE';
  override readonly retryable = true;
}

/** The vendor asks us to slow down (429). `retryAfterMilliseconds` is its Retry-After, null where it sent none. */
export class VendorRateLimitedError extends LandfallError {
  readonly code = 'LANDFALL_VENDOR_RATE_LIMITED';
  override readonly retryable = true;
  readonly retryAfterMilliseconds: number | null;

  constructor(message: string, retryAfterMilliseconds: number | null, options?: { cause?: unknown }) {
    super(message, options);
    this.retryAfterMilliseconds = retryAfterMilliseconds;
  }
}

/** The vendor's API shows a record older than its own event announced: it will catch up. Thrown by `fetchRecord`. */
export class VendorBehindError extends LandfallError {
  readonly code = 'LANDFALL_VENDOR_BEHIND';
  override readonly retryable = true;
}

/** The vendor refuses this request for good: it does not take it, or has no such kind of record. Thrown by a source's API calls. */
export class VendorRefusedError extends LandfallError {
  readonly code: 'LANDFALL_VENDOR_REFUSED' | 'LANDFALL_VENDOR_DENIED' = 'LANDFALL_VENDOR_REFUSED';
}

/**
 * The vendor refuses us, whatever we ask for: the key, or what it is allowed. Thrown by a source's API calls. No attempt of the
 * event's own can help, but a new key helps all of them: where it hits many, the source is held.
 */
export class VendorDeniedError extends VendorRefusedError {
  override readonly code = 'LANDFALL_VENDOR_DENIED';
}

/** The vendor's answer is not what its documentation says. */
export class VendorAnswerError extends LandfallError {
  readonly code = 'LANDFALL_VENDOR_ANSWER';
}

/** A record is larger than 25 MiB, or than what a run that an earlier version began can carry. Thrown around `fetchRecord`. */
export class RecordTooLargeError extends LandfallError {
  readonly code = 'LANDFALL_RECORD_TOO_LARGE';
}

/** A destination failed in a way that may pass. Thrown by destinations. */
export class DestinationUnavailableError extends LandfallError {
  readonly code = 'LANDFALL_DESTINATION_UNAVAILABLE';
  override readonly retryable = true;
  readonly retryAfterMilliseconds: number | null;

  constructor(message: string, retryAfterMilliseconds: number | null = null, options?: { cause?: unknown }) {
    super(message, options);
    this.retryAfterMilliseconds = retryAfterMilliseconds;
  }
}

/** A destination refuses this write for good: the record is not to its liking. Thrown by destinations. */
export class DestinationRefusedError extends LandfallError {
  readonly code: 'LANDFALL_DESTINATION_REFUSED' | 'LANDFALL_DESTINATION_DENIED' =
    'LANDFALL_DESTINATION_REFUSED';
}

/**
 * A destination refuses every write: the credentials or their rights, a login page, a table that is not there. Thrown by
 * destinations. As `VendorDeniedError`.
 */
export class DestinationDeniedError extends DestinationRefusedError {
  override readonly code = 'LANDFALL_DESTINATION_DENIED';
}

/** A handler failed: with what it threw as the cause, or because its time was over. Thrown around handlers. */
export class HandlerFailedError extends LandfallError {
  readonly code = 'LANDFALL_HANDLER_FAILED';
  override readonly retryable = true;
}

/** No other try of a handler can succeed: the event goes to the dead letters at once. Thrown by handlers. */
export class HandlerRefusedError extends LandfallError {
  readonly code = 'LANDFALL_HANDLER_REFUSED';
}

/** The store cannot be reached or is out of a resource: retried for as long as it takes. Thrown by the store. */
export class StoreUnavailableError extends LandfallError {
  readonly code = 'LANDFALL_STORE_UNAVAILABLE';
  override readonly retryable = true;
}

/** The store refuses a value: a defect of ours, or data that no table can hold. Thrown by the store. */
export class StoreRefusedError extends LandfallError {
  readonly code = 'LANDFALL_STORE_REFUSED';
}

/** A large body is not kept any more: nobody had used it for longer than `LANDFALL_KEEP_BODIES`. Thrown by who reads it. */
export class BodyGoneError extends LandfallError {
  readonly code = 'LANDFALL_BODY_GONE';
}

/** Temporal cannot be reached or started. */
export class TemporalUnavailableError extends LandfallError {
  readonly code = 'LANDFALL_TEMPORAL_UNAVAILABLE';
  override readonly retryable = true;
}

/** Temporal refuses a start for good: too large a payload, an unregistered search attribute. */
export class TemporalRefusedError extends LandfallError {
  readonly code = 'LANDFALL_TEMPORAL_REFUSED';
}

/**
 * A payload is encrypted under a key that this process does not have: tried again for as long as it takes. Thrown by the codec;
 * the SDK takes the name of an error for the type of the failure.
 */
export class PayloadKeyUnknownError extends LandfallError {
  readonly code = 'LANDFALL_PAYLOAD_KEY_UNKNOWN';
  override readonly retryable = true;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = this.code;
  }
}

/** A payload cannot be decrypted: a wrong key under the right name, or it was changed. Thrown by the codec, as the above. */
export class PayloadUnreadableError extends LandfallError {
  readonly code = 'LANDFALL_PAYLOAD_UNREADABLE';
  override readonly retryable = true;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = this.code;
  }
}

/** A payload is of a record that has been erased, and its key with it: nobody can read it any more. Thrown by the codec, as the above. */
export class PayloadErasedError extends LandfallError {
  readonly code = 'LANDFALL_PAYLOAD_ERASED';

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = this.code;
  }
}

/** An event failed for good and is a dead letter now: the type of the failure that closes its run. */
export class DeadLetteredError extends LandfallError {
  readonly code = 'LANDFALL_DEAD_LETTERED';
}

/** An erasure was cancelled or failed before it had erased everything. Thrown by `landfall erase`. */
export class ErasureIncompleteError extends LandfallError {
  readonly code = 'LANDFALL_ERASURE_INCOMPLETE';
}

/** A replay of processed events was cancelled or failed before its end. Thrown by `landfall replay`. */
export class ReplayIncompleteError extends LandfallError {
  readonly code = 'LANDFALL_REPLAY_INCOMPLETE';
}

/** A reconciliation could not read every page of the vendor's list: its report says so, and its cursor stays. */
export class ReconciliationIncompleteError extends LandfallError {
  readonly code = 'LANDFALL_RECONCILIATION_INCOMPLETE';
}
