import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBulkActions } from '../../src/temporal/bulk-actions.ts';
import { type ConsoleScene, playConsoleScene } from '../support/console-scene.ts';
import { type ParsedPage, parsePage } from '../support/parse-page.ts';

const patience = { timeout: 45_000, interval: 200 };
const ada = { by: 'ada@example.com', reason: 'the vendor is back' };

describe('the console', { timeout: 120_000 }, () => {
  let scene: ConsoleScene;
  beforeAll(async () => {
    scene = await playConsoleScene();
  }, 240_000);
  afterAll(() => scene.stop());

  const pathTo = (page: string, query: Record<string, string> = {}) =>
    `${page}?${new URLSearchParams(query).toString()}`;
  async function get(path: string) {
    const response = await fetch(`${scene.url}${path}`, { headers: { accept: 'text/html' } });
    const text = await response.text();
    return { status: response.status, text, document: parsePage(text) };
  }
  async function json<Data>(path: string): Promise<Data> {
    const response = await fetch(`${scene.url}${path}`, { headers: { accept: 'application/json' } });
    expect(response.headers.get('content-type')).toContain('application/json');
    return (await response.json()) as Data;
  }
  async function send(path: string, body: Record<string, string>) {
    const response = await fetch(`${scene.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const letterPath = (source: string, event: string, more: Record<string, string> = {}) =>
    pathTo('/dead-letter', { source, event, ...more });
  /** As somebody reads it: without the white space of the page. */
  const read = ({ document }: { document: ParsedPage }) => document.body.textContent.replaceAll(/\s+/g, ' ');

  test('shows how each source is doing, and leads to each', async () => {
    const { document } = await get('');
    const rows = [...document.querySelectorAll('tbody tr')].map((row) =>
      row.textContent.replaceAll(/\s+/g, ' '),
    );
    const of = (name: string) => rows.find((row) => row.includes(name));
    expect(of(scene.shop.name)).toContain('dead letters');
    expect(of(scene.ledger.name)).toContain('well');
    const overview = await json<{
      sources: { source: string; deadLetters: number; rejections: { lastHour: number } }[];
    }>('');
    expect(overview.sources.find(({ source }) => source === scene.billing.name)).toMatchObject({
      deadLetters: 4,
    });
    expect(overview.sources.find(({ source }) => source === scene.shop.name)?.rejections.lastHour).toBe(4);
    for (const link of document.querySelectorAll('tbody th a, tbody td:first-child a')) {
      const path = link.getAttribute('href')?.replace('/console', '') ?? '';
      expect((await get(path)).status).toBe(200);
    }
  });

  test('shows what a source refused, by reason and one by one', async () => {
    const { document } = await get(pathTo('/source', { name: scene.shop.name }));
    expect(read({ document })).toContain('bad_signature');
    expect(document.querySelectorAll('svg[role="img"]')).toHaveLength(2);
    const bars = document.querySelectorAll('svg rect.part-0');
    expect(bars.length).toBeGreaterThan(0);
    expect((await get(pathTo('/source', { name: 'nobody' }))).status).toBe(404);
  });

  test('lists dead letters by source, type, error and age', async () => {
    const total = async (query: Record<string, string>) =>
      (await json<{ total: number }>(pathTo('/dead-letters', query))).total;
    const source = scene.billing.name;
    expect(await total({ source })).toBe(4);
    expect(await total({ source, type: 'order.created' })).toBe(1);
    expect(await total({ source, type: 'customer.*' })).toBe(2);
    expect(await total({ source, error: 'LANDFALL_EVENT_UNREADABLE' })).toBe(1);
    expect(await total({ source, error: 'LANDFALL_VENDOR_UNAVAILABLE', type: 'order.created' })).toBe(1);
    expect(await total({ source, age: '1h' })).toBe(0);
    const { document } = await get(pathTo('/dead-letters', { source, age: '1h' }));
    expect(read({ document })).toContain('No open dead letter fits');
    const all = await get(pathTo('/dead-letters', { source }));
    expect(all.document.querySelectorAll('tbody tr')).toHaveLength(4);
    expect((await get(pathTo('/dead-letters', { age: 'x' }))).status).toBe(400);
  });

  test('tells the whole story of a dead letter', async () => {
    const path = letterPath(scene.shop.name, scene.letter);
    const { document } = await get(path);
    const text = read({ document });
    expect(text).toContain('LANDFALL_VENDOR_UNAVAILABLE');
    expect(text).toContain('after 5 attempts');
    expect(text).toContain('replay when it answers again');
    expect(text).toContain('fetch the record failed');
    expect(text).toContain('[redacted]');
    expect(text).toContain('customer.updated');
    expect(text).toContain('opened');
    const links = [...document.querySelectorAll('a')].map((link) => link.getAttribute('href'));
    const run = links.find((link) =>
      link?.includes(encodeURIComponent(`${scene.shop.name}:${scene.letter}`)),
    );
    expect(run).toMatch(/^http:\/\/127\.0\.0\.1:8233\/namespaces\/default\/workflows\//);
    expect(
      [...document.querySelectorAll('form[method="post"]')].map((form) =>
        form.getAttribute('aria-labelledby'),
      ),
    ).toEqual(['replay-title', 'investigate-title', 'discard-title']);
    expect((await get(letterPath(scene.shop.name, 'evt_nobody'))).status).toBe(404);
  });

  test('compares the record here with the one at the vendor', async () => {
    const { record } = await json<{ record: { differences: { pointer: string }[] } }>(
      letterPath(scene.shop.name, scene.letter, { vendor: '1' }),
    );
    expect(record.differences.map(({ pointer }) => pointer)).toContain('/version');
    const { document } = await get(letterPath(scene.shop.name, scene.letter, { vendor: '1' }));
    expect(read({ document })).toContain('/version');
  });

  test('shows a delivery that could not be read, byte for byte', async () => {
    const { rows } = await json<{ rows: { eventId: string }[] }>(
      pathTo('/dead-letters', { source: scene.billing.name, error: 'LANDFALL_EVENT_UNREADABLE' }),
    );
    const { document } = await get(letterPath(scene.billing.name, rows[0]?.eventId ?? ''));
    expect(read({ document })).toContain('{"no": "event"}');
  });

  test('tells what happened to a record: what came in, what was dropped, and its case', async () => {
    const { type, id } = scene.customer;
    const entity = pathTo('/entity', { source: scene.shop.name, type, id });
    const { temporal } = await json<{
      temporal: {
        answer: { entries: { kind: string; eventId: string; steps: { name: string }[] | null }[] };
      };
    }>(entity);
    const { entries } = temporal.answer;
    expect(entries.map(({ kind }) => kind).sort()).toEqual(['case', 'receipt', 'receipt', 'receipt']);
    const first = entries.find(({ kind, eventId }) => kind === 'receipt' && eventId === scene.firstEventId);
    expect(first?.steps?.map(({ name }) => name)).toContain('tryEvent');
    expect(read(await get(entity))).toContain('Event came in');
    const stale = await get(
      pathTo('/entity', {
        source: scene.ledger.name,
        type: scene.stale.entity.type,
        id: scene.stale.entity.id,
      }),
    );
    expect(read(stale)).toMatch(
      /Dropped, because our copy was newer: it read version 1.*and we had version 2/,
    );
  });

  test('tells what became of an event', async () => {
    const story = await json<Record<string, unknown>>(
      pathTo('/event', { source: scene.shop.name, event: scene.firstEventId }),
    );
    expect(story).toMatchObject({
      mark: { outcome: 'applied', complete: true },
      delivered: [{ destination: 'crm' }],
      temporal: { answer: { event: { type: 'customer.created' } } },
    });
    const { document } = await get(pathTo('/event', { source: scene.shop.name, event: scene.firstEventId }));
    expect(read({ document })).toContain('applied');
    const unheard = await get(pathTo('/event', { source: scene.shop.name, event: 'evt_unheard' }));
    expect(read(unheard)).toContain('Nothing is known of it');
  });

  test('finds events and records by their ids', async () => {
    const search = (q: string) => json<{ events: object[]; entities: object[] }>(pathTo('/search', { q }));
    const { id } = scene.customer;
    expect((await search(id)).entities).toEqual([{ source: scene.shop.name, entity: scene.customer }]);
    expect((await search(`customer/${id}`)).entities).toHaveLength(1);
    const found = { source: scene.shop.name, eventId: scene.letter, deadLetterOpen: true };
    for (const text of [
      scene.letter,
      `${scene.shop.name}:${scene.letter}`,
      `dead-letter:${scene.shop.name}:${scene.letter}`,
    ]) {
      expect((await search(text)).events).toEqual([found]);
    }
    expect(await search("no'body\\")).toEqual({ events: [], entities: [], failure: null });
  });

  test('shows reconciliations as plots and line by line', async () => {
    const { document } = await get(pathTo('/reconciliations', { source: scene.shop.name }));
    expect(document.querySelectorAll('tbody tr')).toHaveLength(20);
    expect(document.querySelectorAll('svg[role="img"]')).toHaveLength(2);
    expect(read({ document })).toContain('alert');
  });

  test('decides about one dead letter, and the audit log says who, why and from where', async () => {
    const [event = ''] = scene.letters;
    const source = scene.billing.name;
    const ref = { source, event };
    const marked = await send('/dead-letter', { ...ref, ...ada, kind: 'investigate', owner: 'bob' });
    expect(marked.body).toMatchObject({ answered: true, state: { status: 'investigating', owner: 'bob' } });
    const replayed = await send('/dead-letter', { ...ref, ...ada, kind: 'replay' });
    expect(replayed.status).toBe(200);
    await vi.waitFor(async () => {
      const { state } = await json<{ state: { status: string } }>(letterPath(source, event));
      expect(state.status).toBe('resolved');
      const { entries } = await json<{ entries: object[] }>(
        pathTo('/audit', { target: `dead-letter:${source}:${event}` }),
      );
      expect(entries).toMatchObject([
        {
          action: 'dead-letter.replay',
          by: ada.by,
          reason: ada.reason,
          via: 'console',
          result: { outcome: 'done' },
        },
        { action: 'dead-letter.investigate', by: ada.by, via: 'console', result: { outcome: 'done' } },
      ]);
    }, patience);
    // A closed case is still told, and nothing can be decided about it.
    const closed = await get(letterPath(source, event));
    expect(read(closed)).toContain('resolved');
    expect(closed.document.querySelectorAll('form[method="post"]')).toHaveLength(0);
    const audit = await get(pathTo('/audit', { source }));
    expect(read(audit)).toContain(ada.reason);
  });

  test('counts, and then decides about many in a bulk action that can be paused and cancelled', async () => {
    const source = scene.billing.name;
    const query = { source, error: 'LANDFALL_VENDOR_UNAVAILABLE' };
    const { filter, survey } = await json<{ filter: Record<string, string>; survey: { letters: number } }>(
      pathTo('/bulk-action/new', query),
    );
    expect(survey.letters).toBe(2);
    const page = await get(pathTo('/bulk-action/new', query));
    expect(page.document.querySelector('input[name="source"]')?.getAttribute('value')).toBe(source);
    const begun = await send('/bulk-action', {
      action: 'begin',
      kind: 'replay',
      ...ada,
      ...filter,
      canary: '1',
      perMinute: '1',
      atMost: '',
    });
    const id = String(begun.body['id']);
    expect(id).toMatch(/^bulk:replay:/);
    await send('/bulk-action', { action: 'pause', id, by: 'bob', reason: 'to look at the first one' });
    await vi.waitFor(async () => {
      const story = await json<object>(pathTo('/bulk-action', { id }));
      expect(story).toMatchObject({ view: { answer: { paused: { by: 'bob' } } } });
    }, patience);
    expect(read(await get(pathTo('/bulk-action', { id })))).toContain('Paused by bob');
    await send('/bulk-action', { action: 'resume', id, ...ada });
    await vi.waitFor(async () => {
      const { letters } = await json<{ letters: { status: string; result: string | null }[] }>(
        pathTo('/bulk-action', { id, status: 'done' }),
      );
      expect(letters.length).toBeGreaterThanOrEqual(1);
      for (const { result } of letters) expect(result).not.toBeNull();
    }, patience);
    await send('/bulk-action', { action: 'cancel', id, ...ada });
    const bulk = createBulkActions(scene.harness.runtime.client, scene.harness.runtime.config.taskQueue);
    await vi.waitFor(async () => {
      expect((await bulk.show(id)).phase).toBe('ended');
      expect(
        (await json<{ bulkActions: { id: string }[] }>('/bulk-actions')).bulkActions.map((each) => each.id),
      ).toContain(id);
    }, patience);
    const { entries } = await json<{ entries: { action: string }[] }>(pathTo('/audit', { target: id }));
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['bulk.replay', 'bulk.pause', 'bulk.resume', 'bulk.cancel']),
    );
    expect((await get(pathTo('/bulk-action', { id: 'bulk:replay:nobody' }))).status).toBe(404);
    expect((await send('/bulk-action', { action: 'pause', id: 'landfall-watch', ...ada })).status).toBe(404);
  });

  test('shows a large delivery whose body is kept in the store, and hides in it what nobody gets to see', async () => {
    const email = 'planted-in-a-large-body@example.com';
    const delivery = { no: 'event', email, long: 'as long as it takes '.repeat(10_000) };
    const { body } = await scene.harness.post(Buffer.from(JSON.stringify(delivery)));
    const path = letterPath(scene.shop.name, body.eventId ?? '');
    await vi.waitFor(async () => {
      expect((await get(path)).status).toBe(200);
    }, patience);
    const { subject, bodyMissing } = await json<{
      subject: { delivery: { body: string } };
      bodyMissing: string | null;
    }>(path);
    expect(bodyMissing).toBeNull();
    expect(JSON.parse(subject.delivery.body)).toEqual({ ...delivery, email: '[redacted]' });
    const { text } = await get(path);
    expect(text).toContain('as long as it takes as long as it takes');
    expect(text).not.toContain(email);
  });

  test('shows no secret on any page, and nothing hidden, wherever it was planted', async () => {
    const { shop, billing, ledger, letter, letters, customer, stale, firstEventId, planted, hidden } = scene;
    const [source] = [shop.name];
    const pages = [
      '',
      pathTo('/source', { name: source }),
      pathTo('/dead-letters'),
      letterPath(source, letter, { vendor: '1' }),
      ...letters.map((each) => letterPath(billing.name, each)),
      pathTo('/event', { source, event: firstEventId }),
      pathTo('/event', { source, event: letter }),
      pathTo('/event', { source: ledger.name, event: stale.eventId }),
      pathTo('/entity', { source, ...customer, vendor: '1' }),
      pathTo('/entity', { source: ledger.name, ...stale.entity, vendor: '1' }),
      ...planted.map((q) => pathTo('/search', { q })),
      ...planted.map((event) => letterPath(source, event)),
      pathTo('/reconciliations'),
      pathTo('/audit'),
      pathTo('/bulk-actions'),
      pathTo('/bulk-action/new', { source: billing.name }),
    ];
    for (const path of pages) {
      for (const accept of ['text/html', 'application/json']) {
        const response = await fetch(`${scene.url}${path}`, { headers: { accept } });
        const shown = [await response.text(), ...response.headers.values()].join('\n');
        for (const value of [...planted, ...hidden]) expect(shown, path).not.toContain(value);
      }
    }
    // They had been kept: what is shown of them is the mark.
    const { text } = await get(pathTo('/event', { source, event: firstEventId }));
    expect(text).toContain('not to be seen: [redacted]');
    expect(text).toContain('x-customer-note');
    expect(text).toContain('email');
  });
});
