import '@shopify/shopify-api/adapters/web-api';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { createSHA256HMAC } from '@shopify/shopify-api/runtime';
import { expect, it } from 'vitest';
import { shopifyScheme } from '../../src/verification/shopify.ts';

const secret = 'shpss_of_the_app';
const shopify = shopifyApi({
  ...{ apiKey: 'key', apiSecretKey: secret, hostName: 'app.example.com', isEmbeddedApp: false },
  ...{ apiVersion: ApiVersion.April26, scopes: [], logger: { log: () => undefined } },
});
const scheme = shopifyScheme({ secrets: [secret] });
const body = '{"id":820982911946154508,"name":"Grüße, 世界"}';

/** What Shopify's library says of a delivery. */
async function judge(headers: Record<string, string>, rawBody = body): Promise<boolean> {
  const rawRequest = new Request('https://app.example.com/webhooks/shopify', {
    method: 'POST',
    body: rawBody,
    headers: {
      ...{ 'X-Shopify-Topic': 'orders/create', 'X-Shopify-API-Version': '2026-04' },
      ...{ 'X-Shopify-Shop-Domain': 'shop.myshopify.com', 'X-Shopify-Webhook-Id': 'b54557e4' },
      ...headers,
    },
  });
  return (await shopify.webhooks.validate({ rawBody, rawRequest })).valid;
}

it('Shopify’s library accepts what is signed here, and nothing else', async () => {
  const headers = await scheme.sign(Buffer.from(body), { id: '', now: 0 });
  expect(await judge(headers)).toBe(true);
  expect(await judge(headers, body.replace('name', 'nome'))).toBe(false);
  expect(
    await judge(
      await shopifyScheme({ secrets: ['shpss_other'] }).sign(Buffer.from(body), { id: '', now: 0 }),
    ),
  ).toBe(false);
});

it('what Shopify’s library signs is accepted here, and refused where it refuses it', async () => {
  const verify = (signature: string, text = body) =>
    scheme.verify({ body: Buffer.from(text), headers: { 'x-shopify-hmac-sha256': signature }, now: 0 });
  const signature = await createSHA256HMAC(secret, body);
  expect(await verify(signature)).toEqual({ verified: true, secret: 1 });
  expect(await verify(signature, body.replace('name', 'nome'))).toMatchObject({ reason: 'bad_signature' });
  expect(await verify(await createSHA256HMAC('shpss_other', body))).toMatchObject({
    reason: 'bad_signature',
  });
});

it('Shopify’s library and we judge an Event’s delivery alike', async () => {
  const event = {
    ...{ 'Shopify-Topic': 'Product', 'Shopify-API-Version': 'unstable', 'Shopify-Event-Id': '98880550' },
    ...{ 'Shopify-Shop-Domain': 'shop.myshopify.com', 'Shopify-Webhook-Id': 'b54557e4' },
  };
  const good = await createSHA256HMAC(secret, body);
  const forged = await createSHA256HMAC('shpss_other', body);
  for (const [signatures, valid] of [
    [{ 'Shopify-Hmac-Sha256': good }, true],
    [{ 'Shopify-Hmac-Sha256': forged }, false],
    [{ 'Shopify-Hmac-Sha256': good, 'X-Shopify-Hmac-Sha256': forged }, true],
    [{ 'Shopify-Hmac-Sha256': forged, 'X-Shopify-Hmac-Sha256': good }, false],
  ] as const) {
    expect(await judge({ ...event, ...signatures })).toBe(valid);
    const headers = Object.fromEntries(
      Object.entries(signatures).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const { verified } = await scheme.verify({ body: Buffer.from(body), headers, now: 0 });
    expect(verified).toBe(valid);
  }
});
