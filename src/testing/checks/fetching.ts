import type { EntityRef } from '../../model/event.ts';
import { compareVersions, type RecordVersion } from '../../model/version.ts';
import { describeVersion } from '../../model/version.ts';
import type { Source, SourceRecord } from '../../sources/define-source.ts';
import { type ConformanceCheck, describeThrown, describeValue } from '../check.ts';
import { ConformanceError } from '../conformance-error.ts';
import { readVersion } from '../read-version.ts';
import type { VendorUnderTest } from '../source-under-test.ts';
import { readFirst, type Subject } from '../subject.ts';
import { type Override, startVendor } from '../vendor-stand-in.ts';
import { within } from '../within.ts';

const signal = new AbortController().signal;

/** That records are read as the vendor shows them. */
export function fetchChecks(subject: Subject, vendor: VendorUnderTest): ConformanceCheck[] {
  return [
    {
      id: 'fetch/record',
      name: 'fetching: reads the record, with its version and time where the vendor has them',
      async run() {
        const first = await firstEntity(subject);
        await using standIn = await startVendor(vendor, { first, records: 1 });
        const source = subject.make({ apiUrl: standIn.url });
        const asked = () =>
          `it asked for ${standIn.requests.map(({ method, url }) => `${method} ${url.pathname}`).join(', ') || 'nothing'}`;
        const record = await fetchOne(source, first).catch((cause: unknown) => {
          throw new ConformanceError({
            expected: `the record of ${describeValue(first)}`,
            actual: `fetchRecord threw ${describeThrown(cause)}; ${asked()}`,
            remedy: 'compare "vendor.fetch" and "vendor.record" with what the adapter asks for and takes',
            cause,
          });
        });
        if (record === null) {
          throw new ConformanceError({
            expected: `the record of ${describeValue(first)}`,
            actual: `fetchRecord returned null; ${asked()}`,
            remedy: 'compare the path in "vendor.fetch" with the one that the adapter asks for',
          });
        }
        readVersion(record, 'the fetched record');
        await mayBeCompared(subject, record);
      },
    },
    {
      id: 'fetch/newer',
      name: 'fetching: shows a record that has changed as newer',
      async run() {
        const first = await firstEntity(subject);
        await using standIn = await startVendor(vendor, { first, records: 1 });
        const source = subject.make({ apiUrl: standIn.url });
        const before = readVersion(await fetchOne(source, first), 'the fetched record');
        standIn.world.change(0);
        const after = readVersion(await fetchOne(source, first), 'the fetched record');
        const order = compareVersions(after, before);
        if (order === 'newer' || (isUnversioned(before) && isUnversioned(after))) return;
        throw new ConformanceError({
          expected: 'a newer version of the record once it has changed',
          actual: `${describeVersion(after)} after ${describeVersion(before)}: ${order}`,
          remedy:
            'return what counts the changes of the record, or its time of change; null where the vendor has neither',
        });
      },
    },
    {
      id: 'deletion/absent',
      name: 'deletion: takes a record that the vendor no longer has for gone',
      async run() {
        const first = await firstEntity(subject);
        const ways = vendor.absent ?? [404, 410].map((status): Override => ({ status, json: {} }));
        for (const override of ways) {
          await using standIn = await startVendor(vendor, { first, records: 1, override });
          const record = await fetchOne(subject.make({ apiUrl: standIn.url }), first).catch(
            (cause: unknown) => {
              throw new ConformanceError({
                expected: `null where the vendor says that there is none: ${describeValue(override)}`,
                actual: `fetchRecord threw ${describeThrown(cause)}`,
                remedy:
                  'return null where the vendor says so; where it says so otherwise, say how in "vendor.absent"',
                cause,
              });
            },
          );
          if (record === null) continue;
          throw new ConformanceError({
            expected: `null where the vendor says that there is none: ${describeValue(override)}`,
            actual: `fetchRecord returned ${describeValue(record)}`,
            remedy: 'look at the status of the answer before its body',
          });
        }
      },
    },
  ];
}

/** The record that the first delivery is about. */
export async function firstEntity(subject: Subject): Promise<EntityRef> {
  const event = readFirst(subject.make(), await subject.sign(subject.first));
  if (event.entity !== null) return event.entity;
  throw new ConformanceError({
    expected: 'a record that the first delivery is about',
    actual: 'entity is null',
    remedy: 'put a delivery first that is about a record which the adapter keeps',
  });
}

/** @throws ConformanceError where the adapter does not come to an end; whatever the adapter throws */
export function fetchOne(source: Source, entity: EntityRef): Promise<SourceRecord | null> {
  if (source.fetchRecord === undefined) throw new RangeError('checked when the checks were made');
  return within(source.fetchRecord(entity, { signal }), 'fetchRecord');
}

const isUnversioned = ({ version, sourceTime }: RecordVersion): boolean =>
  version === null && sourceTime === null;

/** What an event announces has to be on the scale of the records, or the guard knows nothing by it. */
async function mayBeCompared(subject: Subject, record: SourceRecord): Promise<void> {
  const { announced } = readFirst(subject.make(), await subject.sign(subject.first));
  const fetched = readVersion(record, 'the fetched record');
  if (announced === null || compareVersions(announced, fetched) !== 'unknown') return;
  throw new ConformanceError({
    expected: `a record that says its version as the event does: ${describeVersion(announced)}`,
    actual: `it says ${describeVersion(fetched)}, and the two cannot be compared`,
    remedy: 'announce the version or the time that the record has as well, or null',
  });
}
