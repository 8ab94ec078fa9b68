import type { EntityRef } from '../model/event.ts';
import type { ChangePage, ListedChange, Source } from '../sources/define-source.ts';
import { describeValue } from './check.ts';
import { ConformanceError } from './conformance-error.ts';
import type { StandIn } from './stand-in.ts';
import { within } from './within.ts';

const signal = new AbortController().signal;
/** More pages than any adapter needs for the few records of a check, lists of other types and all. */
export const mostPages = 60;

/** `invoice/inv_1`. */
export const nameOf = ({ entity }: { entity: EntityRef }): string => `${entity.type}/${entity.id}`;

/** One page. @throws ConformanceError where it is none; whatever the adapter throws */
export async function readPage(
  source: Source,
  since: string | null,
  cursor: string | null,
): Promise<ChangePage> {
  if (source.listChanged === undefined) throw new RangeError('checked when the checks were made');
  const page = await within(source.listChanged({ since, cursor }, { signal }), 'listChanged');
  for (const change of page.changes) mustBeWhole(change);
  const { nextCursor } = page;
  if (nextCursor === null || (typeof nextCursor === 'string' && nextCursor !== '')) return page;
  throw new ConformanceError({
    expected: 'a text as nextCursor, or null on the last page',
    actual: `it is ${describeValue(nextCursor)}`,
    remedy: 'print what the cursor consists of as JSON; return null where there is no further page',
  });
}

function mustBeWhole({ entity, deleted }: ListedChange): void {
  const texts = [entity.type, entity.id].every((part) => typeof part === 'string' && part !== '');
  if (texts && typeof deleted === 'boolean') return;
  throw new ConformanceError({
    expected: 'a type and an id of each listed record, and whether it was deleted',
    actual: describeValue({ entity, deleted }),
    remedy: "check the vendor's answer with a schema",
  });
}

/**
 * All pages, each read by an adapter of its own.
 *
 * @param afterPage - is told of each page before the next one is read
 * @throws ConformanceError where there is no end
 */
export async function readToTheEnd(
  make: () => Source,
  since: string | null,
  afterPage: (page: ChangePage, number: number) => void = () => {},
): Promise<ChangePage[]> {
  const pages: ChangePage[] = [];
  let cursor: string | null = null;
  while (pages.length < mostPages) {
    const page: ChangePage = await readPage(make(), since, cursor);
    afterPage(page, pages.length);
    pages.push(page);
    cursor = page.nextCursor;
    if (cursor === null) return pages;
  }
  throw new ConformanceError({
    expected: 'the end of the list',
    actual: `there is a next page after ${mostPages} of them`,
    remedy: 'hand the cursor on to the vendor, and return null where there is no further page',
  });
}

/** @throws ConformanceError where one of the records is in none of the pages */
export function mustHave(
  pages: readonly ChangePage[],
  { requests }: StandIn,
  expected: readonly EntityRef[],
): void {
  const listed = new Set(pages.flatMap(({ changes }) => changes).map(nameOf));
  const lost = expected.filter((entity) => !listed.has(nameOf({ entity })));
  if (lost.length === 0) return;
  const asked = requests.map(({ url }) => url.pathname + url.search).join(', ');
  throw new ConformanceError({
    expected: `each of ${expected.length} records in the list`,
    actual: `${lost.map((entity) => nameOf({ entity })).join(', ')} ${lost.length === 1 ? 'is' : 'are'} missing; asked for were ${asked}`,
    remedy:
      'ask for the oldest change first, go on by a stable key and not by a page number, and take in the time itself',
  });
}
