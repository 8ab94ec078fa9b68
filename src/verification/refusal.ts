import type { RejectionReason, VerificationResult } from './scheme.ts';

/** A refusal; `detail` names headers, never what is in them. */
export function refuse(reason: RejectionReason, detail: string): VerificationResult {
  return { verified: false, reason, detail };
}

/** The refusal of a source that has no secret: nothing can be verified, so nothing is let in. */
export function refuseWithoutSecret(): VerificationResult {
  return refuse(
    'no_secret_configured',
    'No signing secret is configured for this source, so no delivery can be verified.',
  );
}

/** The refusal of a delivery that lacks a header. */
export function refuseMissing(header: string): VerificationResult {
  return refuse('missing_header', `The header ${header} is missing or empty.`);
}

/** The refusal of a signature that none of the secrets made. */
export function refuseSignature(header: string): VerificationResult {
  return refuse(
    'bad_signature',
    `The signature in ${header} was not made with a configured secret over exactly these bytes.`,
  );
}
