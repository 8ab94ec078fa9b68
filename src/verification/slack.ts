import { hmacScheme } from './hmac.ts';
import type { Secrets } from './rotation.ts';
import type { SignatureScheme } from './scheme.ts';

/**
 * Slack's scheme: `X-Slack-Signature` is `v0=` and the HMAC-SHA256 of `v0:<timestamp>:<body>` in hex, the timestamp
 * that of `X-Slack-Request-Timestamp`.
 *
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function slackScheme(options: {
  secrets: Secrets;
  /** @default 300 */
  toleranceSeconds?: number | undefined;
}): SignatureScheme {
  return hmacScheme({
    name: 'slack',
    secrets: options.secrets,
    header: 'x-slack-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    prefix: 'v0=',
    timestamp: {
      header: 'x-slack-request-timestamp',
      toleranceSeconds: options.toleranceSeconds,
      lead: (timestamp) => `v0:${timestamp}:`,
    },
  });
}
