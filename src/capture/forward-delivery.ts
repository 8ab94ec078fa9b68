/** How a delivery was answered, by whom it was passed on to or by what is wrong with that. */
export interface ForwardedAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Headers of one connection, not of the delivery; and those that the client makes itself. */
const ofConnection = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Of the answer, what a vendor may look at. */
const passedBack = ['content-type', 'retry-after'];
const answerMilliseconds = 30_000;

/** Those headers that go with a delivery wherever it is sent to. */
export function deliveryHeaders(
  headers: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !ofConnection.has(entry[0]),
    ),
  );
}

/** Posts a delivery as it came, signature and all; 502 where nobody answers, so that the vendor sends it again. */
export async function forwardDelivery(
  url: URL,
  { body, headers }: { body: Buffer; headers: Readonly<Record<string, string | undefined>> },
): Promise<ForwardedAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: deliveryHeaders(headers),
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMilliseconds),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    const kept = passedBack.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    return { status: response.status, headers: Object.fromEntries(kept), body: answer };
  } catch {
    const text = `No receiver answers at ${url.origin}: the delivery is recorded, and was not passed on.`;
    return { status: 502, headers: { 'content-type': 'text/plain' }, body: Buffer.from(text) };
  }
}
