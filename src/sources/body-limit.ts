import { withoutAccount } from '../model/ids.ts';
import type { Source } from './define-source.ts';
import { inVariable } from './secret-settings.ts';

/**
 * The largest body and the largest record that there can be: 25 MiB. GitHub sends up to "25 MB", more than any other vendor here.
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
export const largestBodyBytes = 26_214_400;

/** For vendors that do not say how large their bodies get, as Stripe and most others do not: far above what any of them sends. */
const usualBodyBytes = 1_048_576;

/** What may stand in a workflow's history itself, at most: printed, it may be several times as large. See `maxEventBytes`. */
export const largestInlineBytes = 150_000;

/** The largest body that is taken. */
export interface BodyLimit {
  bytes: number;
  /** The variables that set it, for people. */
  settings: string;
}

/**
 * @param common - of all sources that say nothing themselves; null where it is not set
 */
export function bodyLimitOf(
  { name, maxBodyBytes }: Pick<Source, 'name' | 'maxBodyBytes'>,
  common: number | null,
): BodyLimit {
  return {
    bytes: maxBodyBytes ?? common ?? usualBodyBytes,
    settings: `${inVariable(withoutAccount(name))}_MAX_BODY_BYTES or LANDFALL_MAX_BODY_BYTES`,
  };
}
