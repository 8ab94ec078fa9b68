import type { Payload, PayloadCodec } from '@temporalio/common';
import { PayloadErasedError, PayloadKeyUnknownError, PayloadUnreadableError } from '../errors.ts';
import { isEncrypted } from '../temporal/payload-codec.ts';
import { readPayloads, writePayloads } from './payloads-json.ts';

const answerMilliseconds = 30_000;

/**
 * Has payloads encrypted and decrypted by a codec server: for commands, where neither the keys nor the store are.
 *
 * @param token - of `LANDFALL_CODEC_TOKEN`; null where it asks for none
 */
export function createRemoteCodec(url: string, token: string | null): PayloadCodec {
  return {
    encode: (payloads) => ask('encode', payloads),
    async decode(payloads) {
      const decoded = await ask('decode', payloads);
      if (!decoded.some(isEncrypted)) return decoded;
      throw new PayloadErasedError('A payload cannot be read any more: its record has been erased.');
    },
  };

  async function ask(what: 'encode' | 'decode', payloads: Payload[]): Promise<Payload[]> {
    if (payloads.length === 0) return payloads;
    let response: Response;
    try {
      response = await fetch(`${url.replace(/\/$/, '')}/${what}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(writePayloads(payloads)),
        signal: AbortSignal.timeout(answerMilliseconds),
      });
    } catch (cause) {
      throw new PayloadKeyUnknownError(
        `The codec server at ${url} cannot be reached: start it, or see LANDFALL_CODEC_URL.`,
        { cause },
      );
    }
    if (response.ok) return readPayloads(await response.json());
    const { message = '' } = (await response.json().catch(() => ({}))) as { message?: string };
    throw new PayloadUnreadableError(`The codec server at ${url} answers ${response.status}: ${message}`);
  }
}
