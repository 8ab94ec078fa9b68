import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createReconciliationActivities } from '../../../activities/reconciliation.ts';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import type { ComparedPages } from '../../../activities/types.ts';
import { VendorUnavailableError } from '../../../src/errors.ts';
import { defineSource } from '../../../src/sources/define-source.ts';
import { hmacScheme } from '../../../src/verification/hmac.ts';
import type { Store } from '../../../src/store/store.ts';
import { buildApply } from '../../support/build-apply.ts';
import { openTestStore } from '../../support/receiver.ts';

const pageCount = 40;
const perPage = 50;
let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
afterAll(() => store.close());

/** Lists `pageCount` pages of records at version 1; `failing` is a page that cannot be had; `moving` stands on each page, ever newer. */
function activitiesOf({ failing = -1, moving = null as string | null } = {}) {
  const asked: number[] = [];
  const source = defineSource({
    name: 'shop',
    settings: {},
    create: () => ({
      verification: hmacScheme({ secrets: ['s'], header: 'x', algorithm: 'sha256', encoding: 'hex' }),
      readEvent: () => {
        throw new Error('not reached');
      },
      fetchRecord: () => Promise.resolve(null),
      listChanged: ({ cursor }) => {
        const page = Number(cursor ?? 0);
        asked.push(page);
        if (page === failing) return Promise.reject(new VendorUnavailableError('The shop is away.'));
        const changes = Array.from({ length: perPage }, (_, index) => ({
          entity: { type: 'order', id: `${page}-${index}` },
          ...{ version: 1, sourceTime: null, deleted: false },
        }));
        if (moving !== null) {
          const entity = { type: 'order', id: moving };
          changes.push({ entity, ...{ version: page + 1, sourceTime: null, deleted: false } });
        }
        return Promise.resolve({ changes, nextCursor: page + 1 < pageCount ? String(page + 1) : null });
      },
    }),
  }).create({});
  const needed = { sources: new Map([['shop', source]]), store, now: Date.now };
  const { listChanges } = createReconciliationActivities(needed as unknown as ActivityDependencies);
  const list = (cursor: string | null): Promise<ComparedPages> =>
    new MockActivityEnvironment().run(listChanges, { source: 'shop', since: null, cursor });
  return { list, asked };
}

/** Makes our copies of these pages as the list says they are. */
async function keep(pages: readonly number[]): Promise<void> {
  for (const page of pages) {
    for (let index = 0; index < perPage; index += 1) {
      const id = `${page}-${index}`;
      await store.apply(
        buildApply({
          eventId: `evt_${id}`,
          incoming: { entity: { type: 'order', id }, version: '1', data: { id } },
        }),
      );
    }
  }
}

test('reads on while nothing differs, and brings enough differences home before it reads more', async () => {
  await keep([0, 1, 2]);
  const { list, asked } = activitiesOf();
  // Three pages in step, then two whose records are all missing: a hundred.
  const read = await list(null);
  expect(read).toMatchObject({ pages: 5, scanned: 250, nextCursor: '5' });
  expect(read.differences).toHaveLength(100);
  expect(asked).toEqual([0, 1, 2, 3, 4]);
});

test('loses no page to one that fails: what was read is kept, and the failure is the next call’s own', async () => {
  const { list, asked } = activitiesOf({ failing: 2 });
  const read = await list(null);
  expect(read).toMatchObject({ pages: 2, scanned: 100, nextCursor: '2', differences: [] });
  await expect(list(read.nextCursor)).rejects.toThrow('The shop is away.');
  expect(asked).toEqual([0, 1, 2, 2]);
});

test('ends with the last page', async () => {
  const { list } = activitiesOf();
  expect(await list(String(pageCount - 1))).toMatchObject({ pages: 1, scanned: 50, nextCursor: null });
});

test('names a record once that stood on several pages because it changed meanwhile: as it was last', async () => {
  const { list } = activitiesOf({ moving: 'moved' });
  const { pages, differences } = await list('10');
  expect(pages).toBe(2);
  const found = differences.filter(({ entity }) => entity.id === 'moved');
  expect(found).toMatchObject([{ version: { version: '12' }, eventId: 'reconcile:order/moved:12' }]);
});
