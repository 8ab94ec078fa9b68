/**
 * What a vendor's file is written with. A source says how its deliveries are signed, what event is in one, how a record
 * is read, and how changes are listed; receiver, workflows and schedules do the rest. See docs/adding-a-source.md.
 *
 * @example
 * ```js
 * import { defineSource, hmacScheme, secretList, UnreadableEventError } from 'landfall';
 * import { z } from 'zod';
 *
 * const invoice = z.object({ id: z.string() }).catchall(z.json());
 * const webhook = z.object({ id: z.string(), type: z.string(), invoice });
 *
 * export const acme = defineSource({
 *   name: 'acme',
 *   settings: { ACME_WEBHOOK_SECRET: secretList() },
 *   create: ({ ACME_WEBHOOK_SECRET: secrets }) => ({
 *     verification: hmacScheme({ secrets, header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' }),
 *     readEvent({ body }) {
 *       const read = webhook.safeParse(body);
 *       if (!read.success) throw new UnreadableEventError(z.prettifyError(read.error));
 *       const { id, type, invoice } = read.data;
 *       const entity = { type: 'invoice', id: invoice.id };
 *       return { id, type, entity, announced: null, occurredAt: null, deletes: false, snapshot: invoice };
 *     },
 *   }),
 * });
 *
 * const { verification, readEvent } = acme.create({ ACME_WEBHOOK_SECRET: ['secret'] });
 * const body = Buffer.from('{"id":"evt_1","type":"invoice.paid","invoice":{"id":"inv_1"}}');
 * const headers = await verification.sign(body, { id: 'evt_1', now: Date.now() });
 * console.log(await verification.verify({ body, headers, now: Date.now() })); // { verified: true, secret: 1 }
 * console.log(readEvent({ body: JSON.parse(body), headers }).entity); // { type: 'invoice', id: 'inv_1' }
 * ```
 * @module
 */
export {
  defineSource,
  type CallContext,
  type ChangePage,
  type ListedChange,
  type ReconcileSettings,
  type Source,
  type SourceDefinition,
  type SourceParts,
  type SourceRecord,
  type VerifiedDelivery,
} from './sources/define-source.ts';
export { optionalSecret, secretList } from './sources/secret-settings.ts';
export { optionalUrl } from './sources/settings.ts';
export { readPointer } from './sources/json-pointer.ts';
export {
  createVendorApi,
  type VendorApi,
  type VendorApiOptions,
  type VendorGet,
} from './sources/vendor-api.ts';
export type { EntityRef, EventDraft } from './model/event.ts';
export type { HoldSettings } from './model/hold.ts';
export type { JsonObject, JsonValue } from './model/json.ts';
export type { Outcome } from './model/outcome.ts';
export type { RetrySettings } from './model/retry.ts';
export type { WatchSettings } from './model/silence.ts';
export type { RecordVersion } from './model/version.ts';
export type {
  Destination,
  DestinationContext,
  DestinationWrite,
  LatestRecord,
} from './destinations/define-destination.ts';
export {
  databaseDestination,
  type ColumnSource,
  type DatabaseDestinationOptions,
} from './destinations/database.ts';
export { httpDestination, type HttpDestinationOptions } from './destinations/http.ts';
export type { HandlersModule, SourceExtension } from './config/load-handlers.ts';
export { on, type HandlerFilter, type HandlerOptions } from './handlers/on.ts';
export type {
  Handler,
  HandlerContext,
  HandlerFunction,
  HandlerLogger,
  PreviousRecord,
} from './handlers/define-handler.ts';
export { githubScheme } from './verification/github.ts';
export { hmacScheme, type HmacSchemeOptions } from './verification/hmac.ts';
export { paddleScheme } from './verification/paddle.ts';
export { paypalCertificates } from './sources/paypal-certificates.ts';
export { paypalScheme, type PaypalSchemeOptions } from './verification/paypal.ts';
export { sendgridScheme } from './verification/sendgrid.ts';
export { shopifyScheme } from './verification/shopify.ts';
export { slackScheme } from './verification/slack.ts';
export { standardWebhooksScheme } from './verification/standard-webhooks.ts';
export { stripeScheme } from './verification/stripe.ts';
export { twilioScheme } from './verification/twilio.ts';
export type { Secrets } from './verification/rotation.ts';
export type {
  RejectionReason,
  SignatureScheme,
  SignedRequest,
  VerificationResult,
} from './verification/scheme.ts';
export {
  pathSegment,
  throwIfCancelled,
  vendorErrorFromStatus,
  vendorUnreachable,
} from './sources/vendor-error.ts';
export {
  AlertNotSentError,
  BodyGoneError,
  ConfigurationError,
  DeadLetteredError,
  DestinationDeniedError,
  DestinationRefusedError,
  DestinationUnavailableError,
  ErasureIncompleteError,
  HandlerFailedError,
  HandlerRefusedError,
  LandfallError,
  PayloadErasedError,
  PayloadKeyUnknownError,
  PayloadUnreadableError,
  ReconciliationIncompleteError,
  RecordTooLargeError,
  ReplayIncompleteError,
  StoreRefusedError,
  StoreUnavailableError,
  TemporalRefusedError,
  TemporalUnavailableError,
  UnknownAlertError,
  UnknownBulkActionError,
  UnknownDeadLetterError,
  UnknownHoldError,
  UnknownSourceError,
  UnreadableEventError,
  VendorAnswerError,
  VendorBehindError,
  VendorDeniedError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from './errors.ts';
