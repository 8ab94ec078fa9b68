import { LandfallError } from '../../errors.ts';
import { compareVersions, describeVersion } from '../../model/version.ts';
import type { ChangePage, Source } from '../../sources/define-source.ts';
import { type ConformanceCheck, describeThrown, describeValue } from '../check.ts';
import { ConformanceError } from '../conformance-error.ts';
import { mostPages, mustHave, nameOf, readPage, readToTheEnd } from '../read-pages.ts';
import { readVersion } from '../read-version.ts';
import type { VendorUnderTest } from '../source-under-test.ts';
import type { Subject } from '../subject.ts';
import { errorReply, startVendor, type VendorStandIn } from '../vendor-stand-in.ts';
import { fetchOne, firstEntity } from './fetching.ts';

const recordCount = 8;

/** That a list of changes leaves none out, and comes to an end. */
export function listChecks(subject: Subject, vendor: VendorUnderTest): ConformanceCheck[] {
  /** Begins with records, each page read by an adapter of its own, as one worker goes on where another ended. */
  async function open(): Promise<{ standIn: VendorStandIn; make: () => Source } & AsyncDisposable> {
    const standIn = await startVendor(vendor, { first: await firstEntity(subject), records: recordCount });
    return {
      standIn,
      make: () => subject.make({ apiUrl: standIn.url }),
      [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
    };
  }

  return [
    {
      id: 'pagination/complete',
      name: 'pagination: lists every record, over several pages, and comes to an end',
      async run() {
        await using it = await open();
        const pages = await readToTheEnd(it.make, null);
        mustHave(
          pages,
          it.standIn,
          it.standIn.world.records.map(({ entity }) => entity),
        );
        if (pages.length > 1) return;
        throw new ConformanceError({
          expected: `several pages for ${recordCount} records`,
          actual: 'the first page was the last one',
          remedy:
            'let the stand-in put fewer records on a page, or read on where the vendor says that there is more',
        });
      },
    },
    {
      id: 'pagination/again',
      name: 'pagination: shows the same page again when it is asked for again',
      async run() {
        await using it = await open();
        let cursor: string | null = null;
        for (let count = 0; count < mostPages; count += 1) {
          const page: ChangePage = await readPage(it.make(), null, cursor);
          const again = await readPage(it.make(), null, cursor);
          const [names, namesAgain] = [page, again].map(({ changes }) => changes.map(nameOf).join(', '));
          if (names !== namesAgain || page.nextCursor !== again.nextCursor) {
            throw new ConformanceError({
              expected: `the same page at ${describeValue(cursor)}: ${names ?? ''}`,
              actual: `${namesAgain ?? ''}, and then ${describeValue(again.nextCursor)}`,
              remedy: 'keep the place in the cursor and nowhere else: an attempt that failed is made again',
            });
          }
          cursor = page.nextCursor;
          if (cursor === null) return;
        }
      },
    },
    {
      id: 'pagination/moving',
      name: 'pagination: loses no record when others change while the pages are read',
      async run() {
        await using it = await open();
        const { records } = it.standIn.world;
        const all = records.map(({ entity }) => entity);
        const pages = await readToTheEnd(it.make, null, (page, number) => {
          if (number > 0) return;
          const listed = new Set(page.changes.map(nameOf));
          const seen = records.find(({ entity }) => listed.has(nameOf({ entity })));
          const unseen = records.findLast(({ entity }) => !listed.has(nameOf({ entity })));
          for (const record of [seen, unseen])
            if (record !== undefined) it.standIn.world.change(record.number);
        });
        mustHave(pages, it.standIn, all);
      },
    },
    {
      id: 'pagination/since',
      name: 'pagination: lists all that changed at the given time or after it',
      async run() {
        await using it = await open();
        const { records } = it.standIn.world;
        const from = Date.parse(records[Math.floor(recordCount / 2)]?.changedAt ?? '');
        const pages = await readToTheEnd(it.make, new Date(from).toISOString());
        const changed = records.filter(({ changedAt }) => Date.parse(changedAt) >= from);
        mustHave(
          pages,
          it.standIn,
          changed.map(({ entity }) => entity),
        );
      },
    },
    {
      id: 'pagination/versions',
      name: 'pagination: lists each record with the version that it is fetched with',
      async run() {
        await using it = await open();
        const pages = await readToTheEnd(it.make, null);
        for (const change of pages.flatMap(({ changes }) => changes)) {
          const listed = readVersion(change, `the listed ${nameOf(change)}`);
          if (change.deleted) continue;
          const record = await fetchOne(it.make(), change.entity);
          const fetched = readVersion(record, `the fetched ${nameOf(change)}`);
          if (record !== null && ['same', 'unknown'].includes(compareVersions(listed, fetched))) continue;
          throw new ConformanceError({
            expected: `${nameOf(change)} to be fetched as it is listed: ${describeVersion(listed)}`,
            actual:
              record === null ? 'there is no such record' : `it is fetched as ${describeVersion(fetched)}`,
            remedy: 'take the same version and time in both, or every run finds a difference',
          });
        }
      },
    },
    {
      id: 'list/absent',
      name: 'listing: 404 is an error, and no empty list',
      async run() {
        const first = await firstEntity(subject);
        const override = errorReply(vendor, 404);
        await using standIn = await startVendor(vendor, { first, records: 1, override });
        let page: ChangePage;
        try {
          page = await readPage(subject.make({ apiUrl: standIn.url }), null, null);
        } catch (error) {
          if (error instanceof LandfallError && !error.retryable) return;
          throw new ConformanceError({
            expected: 'VendorAnswerError or VendorRefusedError where there is no list',
            actual: `listChanged threw ${describeThrown(error)}`,
            remedy: 'throw VendorAnswerError: another try finds no list either',
            cause: error,
          });
        }
        throw new ConformanceError({
          expected: 'VendorAnswerError or VendorRefusedError where there is no list',
          actual: `listChanged returned ${describeValue(page)}: a wrong address would look like "nothing has changed"`,
          remedy: 'throw VendorAnswerError for null',
        });
      },
    },
  ];
}
