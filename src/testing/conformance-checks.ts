import { ConfigurationError } from '../errors.ts';
import type { Source } from '../sources/define-source.ts';
import type { ConformanceCheck } from './check.ts';
import { ConformanceError } from './conformance-error.ts';
import { eventChecks } from './checks/events.ts';
import { fetchChecks, firstEntity } from './checks/fetching.ts';
import { listChecks } from './checks/listing.ts';
import { misbehaviourChecks } from './checks/misbehaviour.ts';
import { parsingChecks } from './checks/parsing.ts';
import { verificationChecks } from './checks/verification.ts';
import type { SourceUnderTest, VendorUnderTest } from './source-under-test.ts';
import { createSubject, type Subject } from './subject.ts';

/**
 * What every adapter promises, as tests for any runner: `for (const { name, run } of conformanceChecks(…)) test(name, run)`.
 * Checks of what the adapter does not do are left out; whatever else is left out is named in `except`, with its reason.
 *
 * @throws ConfigurationError where the adapter cannot be made, where there is no sample, or for an exception of no check
 * @see docs/testing-a-source.md
 */
export function conformanceChecks(given: SourceUnderTest): readonly ConformanceCheck[] {
  const subject = createSubject(given);
  const checks = [
    ...verificationChecks(subject),
    ...parsingChecks(subject),
    ...eventChecks(subject),
    ...apiChecks(subject, subject.make()),
  ];
  const { except = {} } = given;
  const unknown = Object.keys(except).filter((id) => !checks.some((check) => check.id === id));
  if (unknown.length > 0) {
    throw new ConfigurationError(
      `There is no check ${unknown.join(', ')} of this adapter. There are: ${checks.map(({ id }) => id).join(', ')}.`,
    );
  }
  return checks.map((check) => {
    const reason = except[check.id];
    return reason === undefined ? check : expectedToFail(check, reason);
  });
}

function apiChecks(subject: Subject, source: Source): ConformanceCheck[] {
  const { vendor } = subject.given;
  if (source.fetchRecord === undefined) return [];
  if (vendor === null) return [missing('vendor', 'the adapter fetches records')];
  return [
    ...fetchChecks(subject, vendor),
    ...misbehaviourChecks(subject, vendor, {
      prefix: 'fetch',
      what: 'fetchRecord',
      make: async (made, signal) => made.fetchRecord?.(await firstEntity(subject), { signal }),
    }),
    ...listingChecks(subject, source, vendor),
  ];
}

function listingChecks(subject: Subject, source: Source, vendor: VendorUnderTest): ConformanceCheck[] {
  if (source.listChanged === undefined) return [];
  if (vendor.list === undefined || vendor.list === null) {
    return [missing('vendor.list', 'the adapter lists changes')];
  }
  return [
    ...listChecks(subject, vendor),
    ...misbehaviourChecks(subject, vendor, {
      prefix: 'list',
      what: 'listChanged',
      make: async (made, signal) => made.listChanged?.({ since: null, cursor: null }, { signal }),
    }),
  ];
}

/** Nothing is passed over in silence. */
function missing(fixture: string, because: string): ConformanceCheck {
  return {
    id: `fixtures/${fixture}`,
    name: `fixtures: "${fixture}" says what stands in for the vendor`,
    run: () =>
      Promise.reject(
        new ConformanceError({
          expected: `"${fixture}", because ${because}`,
          actual: 'there is none',
          remedy: `describe it, or say in "except" why "fixtures/${fixture}" cannot be`,
        }),
      ),
  };
}

/** An exception that is no longer needed must not stay. */
function expectedToFail(check: ConformanceCheck, reason: string): ConformanceCheck {
  return {
    ...check,
    name: `${check.name} (not here: ${reason})`,
    async run() {
      try {
        await check.run();
      } catch (error) {
        if (error instanceof ConformanceError) return;
        throw error;
      }
      throw new ConformanceError({
        expected: `that "${check.id}" fails: ${reason}`,
        actual: 'the adapter passes it',
        remedy: 'take it out of "except"',
      });
    },
  };
}
