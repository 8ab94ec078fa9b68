import { expect, inject, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { createDatabase, query } from '../support/create-database.ts';

it('a claim finds the few events of one source behind a hundred thousand of another without reading those', async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const store = await openStore({ databaseUrl: url, dataDirectory: null });
  await store.migrate();
  const fill = (source: string, count: number) =>
    query(
      url,
      `insert into landfall.inbox (source, event_id, body_sha256, item, accepted_at)
         select '${source}', '${source}_' || n, 'b0d1', json_build_object('kind', 'event', 'event', json_build_object('id', n)), now()
         from generate_series(1, ${count}) as n`,
    );
  await fill('heavy', 100_000);
  await fill('light', 5);
  await query(url, 'analyze landfall.inbox');

  const claimed = await store.claimInbox(10, 60_000);
  expect(claimed).toHaveLength(10);
  const second = await store.claimInbox(10, 60_000);
  expect(second).toHaveLength(10);
  // Connections report what they have read when they end.
  await store.close();
  const [read] = await query(
    url,
    `select coalesce(sum(idx_tup_read), 0)::int as rows from pg_stat_user_indexes where relname = 'inbox'`,
  );
  expect(Number((read as { rows: unknown }).rows)).toBeLessThan(1_000);
  const [scanned] = await query(
    url,
    `select seq_tup_read::int as rows from pg_stat_user_tables where relname = 'inbox'`,
  );
  expect(Number((scanned as { rows: unknown }).rows)).toBe(0);
}, 60_000);
