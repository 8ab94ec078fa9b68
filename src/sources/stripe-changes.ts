import { z } from 'zod';
import { VendorAnswerError } from '../errors.ts';
import type { ChangePage, ListedChange, Source } from './define-source.ts';
import type { StripeApi } from './stripe-api.ts';
import { readStripeEvent } from './stripe-event.ts';
import { stripePath } from './stripe-paths.ts';

/** How far back Stripe's list of events goes, less an hour for the time that a run takes. @see https://docs.stripe.com/api/events */
const eventsReachMilliseconds = 30 * 86_400_000 - 3_600_000;
const pageSize = '100';

const pageSchema = z.object({
  has_more: z.boolean(),
  data: z.array(z.looseObject({ id: z.string() }).and(z.json())),
});
type Page = z.infer<typeof pageSchema>;

/** Where the next page begins: behind an event, or behind an object of the list of a type. */
const cursorSchema = z.object({ list: z.string(), after: z.string().nullable() });
type Cursor = z.infer<typeof cursorSchema>;
const events = 'events';

/**
 * What changed, by Stripe's list of events, which says each change; further back than that goes, first the objects themselves, list
 * after list. Both are newest first: what happens meanwhile comes before the first page, so it moves nothing between the
 * pages that follow, and the events, which are read last, say what changed while the objects were read.
 *
 * @param backfill - the types whose objects are listed
 * @param now - the present, in milliseconds since the epoch
 */
export function createStripeChanges(
  api: StripeApi,
  { backfill, now }: { backfill: readonly string[]; now: () => number },
): NonNullable<Source['listChanged']> {
  return async ({ since, cursor }, { signal }): Promise<ChangePage> => {
    const reached = since !== null && now() - Date.parse(since) < eventsReachMilliseconds;
    const lists = [...(reached ? [] : backfill), events];
    const { list, after } = cursor === null ? { list: lists[0] ?? events, after: null } : readCursor(cursor);
    const query = new URLSearchParams({ limit: pageSize });
    if (list === events && since !== null) {
      query.set('created[gte]', String(Math.floor(Date.parse(since) / 1000)));
    }
    // Without it, those that have ended are left out.
    if (list === 'subscription') query.set('status', 'all');
    if (after !== null) query.set('starting_after', after);
    const path = list === events ? '/v1/events' : stripePath(list);
    const what = list === events ? 'the list of events' : `the list of each ${list}`;
    const page = readPage(
      await api({ path: `${path}?${query.toString()}`, what, account: null, signal }),
      what,
    );
    const last = page.data.at(-1);
    const next: Cursor | null =
      page.has_more && last !== undefined ? { list, after: last.id } : listAfter(lists, list);
    return {
      changes: page.data.flatMap((each) => (list === events ? readEvent(each) : readObject(list, each))),
      nextCursor: next === null ? null : writeCursor(next),
    };
  };
}

function listAfter(lists: readonly string[], list: string): Cursor | null {
  const next = lists[lists.indexOf(list) + 1];
  return next === undefined ? null : { list: next, after: null };
}

/** Of events the id alone, as it always was: a run that an upgrade interrupts goes on. */
function readCursor(text: string): Cursor {
  return text.startsWith('{') ? cursorSchema.parse(JSON.parse(text)) : { list: events, after: text };
}

function writeCursor(cursor: Cursor): string {
  return cursor.list === events && cursor.after !== null ? cursor.after : JSON.stringify(cursor);
}

function readPage(answer: unknown, what: string): Page {
  const page = pageSchema.safeParse(answer);
  if (page.success) return page.data;
  throw new VendorAnswerError(
    `Stripe answered with something that is not ${what}: ${z.prettifyError(page.error)}`,
  );
}

function readEvent(each: Page['data'][number]): ListedChange[] {
  const { id, type, entity, deletes } = readStripeEvent(each, { keepSnapshot: false });
  if (entity === null) return [];
  return [{ entity, version: null, sourceTime: null, deleted: deletes, event: { id, type } }];
}

/** Stripe's objects say neither version nor time of change: such a change tells what is missing here, not what is old. */
function readObject(type: string, { id }: Page['data'][number]): ListedChange[] {
  return [{ entity: { type, id }, version: null, sourceTime: null, deleted: false }];
}
