import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';

/** What stands for a header that carries a signature or a secret. */
export const redactedHeader = '[redacted]';

/** One delivery as `landfall listen` writes it down: one line of a file. */
export const recordedDeliverySchema = z.object({
  /** When it came in, ISO 8601. */
  at: z.iso.datetime(),
  source: z.string().min(1),
  /** The path and query that were asked for. */
  path: z.string().startsWith('/'),
  /** By lower-case name; those that carry a signature or a secret are `[redacted]`. */
  headers: z.record(z.string(), z.string()),
  /** `left-out`: the body was to be redacted and could not be read, so it is not kept. */
  bodyEncoding: z.enum(['utf8', 'base64', 'left-out']),
  body: z.string(),
  /** Whether its signature was right when it came in. */
  verified: z.boolean(),
});
export type RecordedDelivery = z.infer<typeof recordedDeliverySchema>;

/** What a file of recorded deliveries holds. */
export interface Recording {
  deliveries: RecordedDelivery[];
  /** The numbers of lines that broke off: a crash while they were written, so nobody was told that they are kept. */
  broken: number[];
}

/**
 * Reads recorded deliveries; null where the text is none of ours, such as the body of one delivery.
 * @throws ConfigurationError where some of its lines are deliveries and another is JSON of another kind
 */
export function readRecording(text: string): Recording | null {
  const lines = text
    .split('\n')
    .map((line, index) => ({ number: index + 1, line: line.trim() }))
    .filter(({ line }) => line !== '')
    .map(({ number, line }) => ({ number, read: readLine(line) }));
  if (!lines.some(({ read }) => typeof read === 'object')) return null;
  const strange = lines.find(({ read }) => read === 'strange');
  if (strange !== undefined) {
    throw new ConfigurationError(
      `Line ${strange.number} is no delivery as "landfall listen" writes it: see docs/operations.md.`,
    );
  }
  return {
    deliveries: lines.flatMap(({ read }) => (typeof read === 'object' ? [read] : [])),
    broken: lines.filter(({ read }) => read === 'broken').map(({ number }) => number),
  };
}

function readLine(line: string): RecordedDelivery | 'broken' | 'strange' {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'broken';
  }
  return recordedDeliverySchema.safeParse(value).data ?? 'strange';
}

/** The bytes of its body; null where they were left out. */
export function bodyOf({ body, bodyEncoding }: RecordedDelivery): Buffer | null {
  return bodyEncoding === 'left-out' ? null : Buffer.from(body, bodyEncoding);
}
