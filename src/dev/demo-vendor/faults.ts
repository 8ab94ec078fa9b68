import { z } from 'zod';
import { ConfigurationError } from '../../errors.ts';

const rate = z.number().min(0).max(1).default(0);

/** The bad habits of the demo vendor. Each is a rate from 0 (never) to 1 (always). */
export const faultsSchema = z.strictObject({
  /** Events delivered two to ten times, all at once. */
  duplicates: rate,
  /** Events that are never sent: only a reconciliation finds their changes. */
  drops: rate,
  /** Events that leave in the reverse order of a few of them. */
  shuffles: rate,
  /** Events that leave up to five seconds late. */
  delays: rate,
  /** Events beside which a forged one arrives, signed with a wrong secret. */
  forged: rate,
  /** Events beside which a delivery arrives that is validly signed, and is no event: not JSON, or without an id. */
  malformed: rate,
  /** Events whose id arrives a second time with another body. */
  conflicts: rate,
  /** Records that are deleted right after they were created or updated, before anybody can look at them. */
  earlyDeletes: rate,
  /** API requests answered 500 or 503; a write to the CRM may have happened although its answer says 503. */
  apiErrors: rate,
  /** The share of the time in which the whole API is down: 0.1 is two seconds of every twenty. */
  outages: rate,
});
export type Faults = z.infer<typeof faultsSchema>;
export type FaultName = keyof Faults;

/** A vendor without bad habits. */
export const noFaults: Faults = faultsSchema.parse({});

/** Every bad habit at once, at rates that a run of a minute still settles from. */
export const allFaults: Faults = {
  duplicates: 0.2,
  drops: 0.1,
  shuffles: 0.2,
  delays: 0.1,
  forged: 0.05,
  malformed: 0.01,
  conflicts: 0.05,
  earlyDeletes: 0.03,
  apiErrors: 0.1,
  outages: 0.1,
};

/**
 * The faults that a text names: `all`, `none`, or a list such as `duplicates=0.2,drops=0.1`; what it leaves out is 0.
 *
 * @throws ConfigurationError for an unknown name or a rate that is not from 0 to 1
 */
export function parseFaults(text: string): Faults {
  const trimmed = text.trim();
  if (trimmed === 'all') return allFaults;
  if (trimmed === 'none' || trimmed === '') return noFaults;
  const pairs = trimmed.split(',').map((part) => {
    const [name = '', value = ''] = part.split('=', 2).map((piece) => piece.trim());
    // An empty value would otherwise count as 0.
    return [name, value === '' ? Number.NaN : Number(value)] as const;
  });
  const faults = faultsSchema.safeParse(Object.fromEntries(pairs));
  if (faults.success) return faults.data;
  const names = Object.keys(faultsSchema.shape).join(', ');
  throw new ConfigurationError(
    `The faults "${trimmed}" cannot be read: give "all", "none", or rates from 0 to 1 such as "duplicates=0.2,drops=0.1". ` +
      `Their names are ${names}. ${z.prettifyError(faults.error)}`,
  );
}
