import type { Source } from '../../sources/define-source.ts';
import type { Store } from '../../store/store.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const day = 86_400_000;

/** Where most deliveries of a day were refused, what they were refused for says what is wrong. */
export async function checkDeliveries(
  store: Pick<Store, 'countRejections' | 'listArrivals'>,
  sources: readonly Source[],
  now: number,
): Promise<Finding[]> {
  const rejections = await store.countRejections(new Date(now - day).toISOString());
  return Promise.all(
    sources.map(async ({ name }) => {
      const arrivals = await store.listArrivals(name, now - day);
      const accepted = arrivals.reduce((sum, { count }) => sum + count, 0);
      return judgeDeliveries(
        name,
        accepted,
        rejections.filter(({ source }) => source === name),
      );
    }),
  );
}

/** What a day's deliveries of a source say. */
export function judgeDeliveries(
  name: string,
  accepted: number,
  refusals: readonly { reason: string; count: number }[],
): Finding {
  const check = `deliveries ${name}`;
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  const reasons = refusals.map(({ reason, count }) => `${count} ${reason}`).join(', ');
  const text = `deliveries of ${name} in the last day: ${accepted} accepted, ${refused} refused${refused === 0 ? '' : ` (${reasons})`}`;
  if (refused <= accepted) return ok(check, text);
  const [most] = [...refusals].sort((a, b) => b.count - a.count);
  const mend = mends[most?.reason ?? ''] ?? 'see "Refused deliveries" in docs/operations.md';
  return accepted === 0 ? failure(check, text, mend) : warning(check, text, mend);
}

const mends: Readonly<Record<string, string | undefined>> = {
  no_secret_configured: 'set the signing secret of the source for the receivers',
  missing_header: 'see who posts there: not the vendor, or a proxy drops headers',
  malformed_header: 'see who posts there: not the vendor, or a proxy changes headers',
  bad_signature:
    'compare the signing secret with what the vendor shows, and see that no proxy rewrites the body',
  stale_timestamp: 'set the clocks of the receivers by NTP; or somebody sends old deliveries again',
};
