import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { z } from 'zod';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const bytes = z.base64();
const payloadsSchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() }))
    .default([]),
});

/**
 * Payloads out of a request's body, in the JSON of protobuf: bytes are base64.
 * @throws ZodError where they are none
 * @see https://protobuf.dev/programming-guides/json/
 */
export function readPayloads(body: unknown): Payload[] {
  return payloadsSchema.parse(body).payloads.map(({ metadata = {}, data = '' }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
    ),
    data: Buffer.from(data, 'base64'),
  }));
}

/** Payloads as the body of an answer. */
export function writePayloads(payloads: readonly Payload[]): { payloads: unknown[] } {
  return {
    payloads: payloads.map((payload) =>
      PayloadMessage.toObject(PayloadMessage.fromObject(payload), { bytes: String }),
    ),
  };
}
