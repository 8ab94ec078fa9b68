import { z } from 'zod';
import { addressList } from '../sources/address-list.ts';
import type { Source } from '../sources/define-source.ts';
import { inVariable, type SecretEnv } from '../sources/secret-settings.ts';
import { variablesOf } from './accounts.ts';
import { bothOf } from '../privacy/redaction.ts';
import { bodyBytes, duration, redaction } from './schema.ts';

const positive = z.coerce.number('must be a number').positive('must be above 0');

/** What can be set of each source, built in or described, by a variable with its name in front: `STRIPE_REQUESTS_PER_SECOND`. */
const tuning = {
  REQUESTS_PER_SECOND: positive.max(10_000).optional(),
  MAX_BODY_BYTES: bodyBytes.optional(),
  RECONCILE_EVERY: duration.optional(),
  ORDERING: z.enum(['latest-wins', 'per-entity'], 'must be latest-wins or per-entity').optional(),
  ORDERING_GAP: duration.optional(),
  RECONCILE_ALERT_SHARE: positive.max(1, 'must be a share, above 0 and at most 1').optional(),
  REDACT: redaction.optional(),
  ALLOWED_IPS: addressList.optional(),
};

/**
 * The source as its variables want it; adds each mistake to `problems`. Accounts may have their own, `STRIPE_REQUESTS_PER_SECOND_EU`.
 *
 * @param options.maxBodyBytes - what is set for all sources, and goes before what the vendor says; null: nothing is
 */
export function tune(
  source: Source,
  env: SecretEnv,
  { problems, maxBodyBytes }: { problems: string[]; maxBodyBytes: number | null },
): Source {
  const [name = '', account = null] = source.name.split('/', 2);
  const variableOf = (suffix: string) => variablesOf(env, account)(`${inVariable(name)}_${suffix}`);
  const read = z
    .object(tuning)
    .safeParse(Object.fromEntries(Object.keys(tuning).map((suffix) => [suffix, env[variableOf(suffix)]])));
  if (!read.success) {
    problems.push(
      ...read.error.issues.map(({ path, message }) => `${variableOf(path.join('.'))}: ${message}.`),
    );
    return source;
  }
  const { REQUESTS_PER_SECOND, ORDERING, ORDERING_GAP, RECONCILE_EVERY, RECONCILE_ALERT_SHARE } = read.data;
  const { ALLOWED_IPS, REDACT } = read.data;
  const limit = read.data.MAX_BODY_BYTES ?? maxBodyBytes;
  const { ordering } = source;
  const { everyMilliseconds, alertShare } = source.reconcile;
  return {
    ...source,
    allowedAddresses: ALLOWED_IPS ?? source.allowedAddresses ?? null,
    requestsPerSecond: REQUESTS_PER_SECOND ?? source.requestsPerSecond,
    ...(limit === null ? {} : { maxBodyBytes: limit }),
    ordering: {
      ...ordering,
      kind: ORDERING ?? ordering.kind,
      gapMilliseconds: ORDERING_GAP ?? ordering.gapMilliseconds,
    },
    reconcile: {
      ...source.reconcile,
      everyMilliseconds: RECONCILE_EVERY ?? everyMilliseconds,
      alertShare: RECONCILE_ALERT_SHARE ?? alertShare,
    },
    redaction: REDACT === undefined ? source.redaction : bothOf(source.redaction, REDACT),
  };
}
