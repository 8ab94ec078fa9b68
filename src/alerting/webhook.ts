import { standardWebhooksScheme } from '../verification/standard-webhooks.ts';
import type { Channel } from './channel.ts';
import { postJson } from './post-json.ts';

/**
 * Messages to any endpoint, signed as Standard Webhooks are. A repetition has the same `webhook-id`, by which the receiver knows it.
 *
 * @param options.secret - `whsec_` and base64
 * @throws ConfigurationError where the secret is not base64
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookChannel({
  url,
  secret,
  now,
}: {
  url: string;
  secret: string;
  now: () => number;
}): Channel {
  const scheme = standardWebhooksScheme({ secrets: [secret] });
  return {
    name: 'webhook',
    async send({ id, ...data }, { signal }) {
      const timestamp = data.endedAt ?? data.beganAt;
      const body = Buffer.from(JSON.stringify({ type: `landfall.alert.${data.phase}`, timestamp, data }));
      const headers = await scheme.sign(body, { id, now: now() });
      await postJson(url, { what: 'The webhook for alerts', body, headers, signal });
    },
  };
}
