import type { Source } from '../sources/define-source.ts';
import type { VerificationResult } from '../verification/scheme.ts';
import { describeThrown } from './check.ts';
import { ConformanceError } from './conformance-error.ts';
import type { SignedDelivery } from './subject.ts';

/** What the adapter says of a delivery. @throws ConformanceError where it throws */
export async function judge(
  { verification }: Source,
  { body, headers, now, url }: SignedDelivery,
): Promise<VerificationResult> {
  try {
    return await verification.verify({ body, headers, now, url });
  } catch (cause) {
    throw new ConformanceError({
      expected: 'that verification decides, whatever the headers hold',
      actual: `it threw ${describeThrown(cause)}`,
      remedy: 'return { verified: false, reason, detail } in its place',
      cause,
    });
  }
}

/** @throws ConformanceError where the adapter refuses it */
export async function mustAccept(
  source: Source,
  delivery: SignedDelivery,
  what: string,
): Promise<Extract<VerificationResult, { verified: true }>> {
  const result = await judge(source, delivery);
  if (result.verified) return result;
  throw new ConformanceError({
    expected: `that ${what} is accepted`,
    actual: `it was refused: ${result.reason}: ${result.detail}`,
    remedy: 'compare the signed text, the header and its encoding with what the vendor documents',
  });
}

/** @throws ConformanceError where the adapter accepts it */
export async function mustRefuse(source: Source, delivery: SignedDelivery, what: string): Promise<void> {
  const result = await judge(source, delivery);
  if (!result.verified) return;
  throw new ConformanceError({
    expected: `that ${what} is refused`,
    actual: 'it was accepted',
    remedy: 'verify all of it: take a scheme of Landfall, or compare the whole of what was signed',
  });
}
