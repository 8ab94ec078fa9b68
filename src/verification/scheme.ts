/**
 * Why a delivery was refused: the `reason` of the metric, the log line, the rejections table and the answer. All but
 * `address_not_allowed`, which the receiver finds before it reads the body, are a scheme's.
 */
export const rejectionReasons = [
  'address_not_allowed',
  'missing_header',
  'malformed_header',
  'bad_signature',
  'stale_timestamp',
  'no_secret_configured',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** What a scheme says of a delivery. `detail` is for the vendor's engineer: it names headers, never a secret or signature. */
export type VerificationResult =
  | {
      verified: true;
      /** Which of the configured secrets signed: 1 for the newest. Tells when an old one is no longer in use. */
      secret: number;
    }
  | { verified: false; reason: RejectionReason; detail: string };

/** One delivery as it came over the wire. */
export interface SignedRequest {
  /** The exact bytes of the body: a parsed and printed body has another signature. */
  body: Buffer;
  /** Header values by lower-case name; of a header sent twice, the values joined by `, ` as Node does. */
  headers: Readonly<Record<string, string | undefined>>;
  /** The present, in milliseconds since the epoch: schemes have no clock of their own. */
  now: number;
  /** The path and query that were asked for, as they came, for schemes that sign the address. */
  url?: string | undefined;
}

/**
 * A vendor's way of signing. Implementations take the vendor's own library where one exists, compare in constant time,
 * and accept a delivery that any of the secrets signed, so that a secret can be rotated without losing an event.
 */
export interface SignatureScheme {
  /** Such as `stripe`, `standard-webhooks` or `hmac`. */
  name: string;
  /** Request headers that carry a signature or token, in lower case: redacted wherever headers are kept. */
  secretHeaders: readonly string[];
  verify(request: SignedRequest): Promise<VerificationResult>;
  /**
   * The headers that make `body` a valid delivery, signed with the first secret: for `landfall send`, the demo vendor and tests.
   * @throws ConfigurationError without a secret, or where only the vendor can sign
   */
  sign(
    body: Buffer,
    options: Pick<SignedRequest, 'now' | 'url'> & { id: string; headers?: SignedRequest['headers'] },
  ): Promise<Record<string, string>>;
}

/** How old, or how far ahead, a signed timestamp may be. Stripe, Slack and Standard Webhooks all say five minutes. */
export const defaultToleranceSeconds = 300;
