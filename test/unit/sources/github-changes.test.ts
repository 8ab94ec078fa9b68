import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigurationError, VendorAnswerError, VendorRefusedError } from '../../../src/errors.ts';
import type { ListedChange, Source } from '../../../src/sources/define-source.ts';
import { githubSource } from '../../../src/sources/github.ts';
import { connectGithub, githubToken, makeGithub } from '../../support/github.ts';
import { startHttpVendor, type VendorReply, type VendorRequest } from '../../support/http-vendor.ts';

const signal = new AbortController().signal;
const start = Date.UTC(2026, 0, 1);
const second = (count: number) => new Date(start + count * 1000).toISOString().replace('.000Z', 'Z');

interface Item {
  id: number;
  number: number;
  created_at: string;
  updated_at: string;
  url: string;
  pull_request?: object;
}

function item(
  id: number,
  updatedAt: string,
  { repository = 'Octo/Hello', createdAt = second(0) } = {},
): Item {
  return {
    id,
    number: id,
    created_at: createdAt,
    updated_at: updatedAt,
    url: `https://api.github.com/repos/${repository}/things/${id}`,
  };
}

function page(
  items: readonly unknown[],
  url: URL,
  wrap = (page: readonly unknown[]): unknown => page,
): VendorReply {
  const size = Number(url.searchParams.get('per_page'));
  const from = (Number(url.searchParams.get('page')) - 1) * size;
  const more = from + size < items.length;
  return {
    json: wrap(items.slice(from, from + size)),
    headers: more ? { link: `<https://api.github.com/x?page=9>; rel="prev", <${url.href}>; rel="next"` } : {},
  };
}

/** As GitHub lists what has a time of change: by it, `since` included or not. */
function byUpdate(items: readonly Item[], { url }: VendorRequest, inclusive = true): VendorReply {
  const since = Date.parse(url.searchParams.get('since') ?? '1970-01-01T00:00:00Z');
  expect([url.searchParams.get('sort'), url.searchParams.get('direction')]).toEqual(['updated', 'asc']);
  const found = items
    .filter(({ updated_at: at }) => (inclusive ? Date.parse(at) >= since : Date.parse(at) > since))
    .sort((a, b) => Date.parse(a.updated_at) - Date.parse(b.updated_at));
  return page(found, url);
}

/** As GitHub lists runs: the newest first, within the range of `created`, and no more than 1,000 of it. */
function byCreation(items: readonly Item[], { url }: VendorRequest): VendorReply {
  const created = url.searchParams.get('created') ?? '';
  const [, only] = /^<=(.+)$/.exec(created) ?? [];
  const [from = '', to = ''] = created.replace(/^>=/, '').split('..');
  const oldest = only === undefined && from !== '' ? Date.parse(from) : -Infinity;
  const newest = Date.parse(only ?? (to === '' ? '9999-01-01T00:00:00Z' : to));
  const found = items
    .filter(({ created_at: at }) => Date.parse(at) >= oldest && Date.parse(at) <= newest)
    .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || b.id - a.id);
  return page(found.slice(0, 1000), url, (runs) => ({ total_count: found.length, workflow_runs: runs }));
}

async function readAll(
  listChanged: NonNullable<Source['listChanged']>,
  since: string | null,
  between?: (pages: number) => void,
): Promise<{ seen: Map<string, ListedChange>; pages: number }> {
  const seen = new Map<string, ListedChange>();
  let cursor: string | null = null;
  let pages = 0;
  do {
    const read = await listChanged({ since, cursor }, { signal });
    for (const change of read.changes) seen.set(`${change.entity.type} ${change.entity.id}`, change);
    cursor = read.nextCursor;
    pages += 1;
    between?.(pages);
  } while (cursor !== null && pages < 200);
  return { seen, pages };
}

const only = (list: string, repositories = 'octo/hello') => ({
  GITHUB_TOKEN: githubToken,
  GITHUB_REPOSITORIES: repositories,
  GITHUB_RECONCILE: list,
});

describe('GitHub’s lists of changes', () => {
  it('are read one after the other, in one repository after the other', async () => {
    await using vendor = await startHttpVendor(({ url }) => {
      const name = url.pathname.split('/').slice(4).join('/');
      const one = [item(1, second(3))];
      return { json: name === 'actions/runs' ? { total_count: 1, workflow_runs: one } : one };
    });
    const lists = 'issues,issue_comments,review_comments,releases,workflow_runs,commit_comments';
    const { listChanged } = connectGithub(vendor, only(lists, 'octo/hello,octo/world'));
    const { seen } = await readAll(listChanged, '2026-01-01T00:00:00.250Z');
    const ofOne: [string, object][] = [
      ['issues', { since: second(0), state: 'all', sort: 'updated', direction: 'asc' }],
      ['issues/comments', { since: second(0), sort: 'updated', direction: 'asc' }],
      ['pulls/comments', { since: second(0), sort: 'updated', direction: 'asc' }],
      ['releases', {}],
      ['actions/runs', { created: '>=2025-12-29T00:00:00Z' }],
      ['comments', {}],
    ];
    expect(
      vendor.requests.map(({ url }) => [url.pathname, Object.fromEntries(url.searchParams.entries())]),
    ).toEqual(
      ['octo/hello', 'octo/world'].flatMap((repository) =>
        ofOne.map(([path, query]) => [
          `/repos/${repository}/${path}`,
          { ...query, page: '1', per_page: '100' },
        ]),
      ),
    );
    expect([...seen.keys()]).toEqual([
      'issue Octo/Hello#1',
      'issue_comment Octo/Hello#1',
      'pull_request_review_comment Octo/Hello#1',
      'release Octo/Hello#1',
      'workflow_run Octo/Hello#1',
      'commit_comment Octo/Hello#1',
    ]);
    expect(seen.get('release Octo/Hello#1')).toEqual({
      entity: { type: 'release', id: 'Octo/Hello#1' },
      version: null,
      sourceTime: second(3),
      deleted: false,
    });
  });

  it('are all but the comments on commits unless the setting says otherwise', async () => {
    await using vendor = await startHttpVendor(({ url }) => ({
      json: url.pathname.endsWith('/runs') ? { workflow_runs: [] } : [],
    }));
    const { listChanged } = connectGithub(vendor, {
      GITHUB_TOKEN: githubToken,
      GITHUB_REPOSITORIES: 'octo/hello',
    });
    await readAll(listChanged, null);
    expect(vendor.requests.map(({ url }) => url.pathname.slice('/repos/octo/hello/'.length))).toEqual([
      'issues',
      'issues/comments',
      'pulls/comments',
      'releases',
      'actions/runs',
    ]);
  });

  it('tell issues and pull requests apart, under the name of the repository as GitHub writes it', async () => {
    await using vendor = await startHttpVendor(() => ({
      json: [item(1, second(0)), { ...item(2, second(1)), pull_request: {} }],
    }));
    const { seen } = await readAll(connectGithub(vendor, only('issues')).listChanged, null);
    expect([...seen.keys()]).toEqual(['issue Octo/Hello#1', 'pull_request Octo/Hello#2']);
  });

  it('say no time of a release where GitHub says none', async () => {
    const release = { ...item(1, second(0)), updated_at: undefined };
    await using vendor = await startHttpVendor(() => ({ json: [release] }));
    const { seen } = await readAll(connectGithub(vendor, only('releases')).listChanged, second(9));
    expect(seen.get('release Octo/Hello#1')?.sourceTime).toBeNull();
  });

  it.each([
    [{ status: 410 }, true],
    [{ status: 404 }, false],
  ])('are passed over where the repository has the feature switched off: %j', async (off, has) => {
    await using vendor = await startHttpVendor(({ url }) => {
      if (url.pathname === '/repos/octo/hello') return { json: { has_issues: has } };
      return url.pathname.endsWith('/issues') ? off : { json: [item(1, second(0))] };
    });
    const { seen } = await readAll(connectGithub(vendor, only('issues,releases')).listChanged, null);
    expect([...seen.keys()]).toEqual(['release Octo/Hello#1']);
  });

  it('name the setting where the repository, or one list of it, cannot be read', async () => {
    await using hidden = await startHttpVendor(() => ({ status: 404 }));
    await expect(
      connectGithub(hidden, only('issues')).listChanged({ since: null, cursor: null }, { signal }),
    ).rejects.toThrow(/no repository "octo\/hello".*GITHUB_REPOSITORIES/);
    await using partly = await startHttpVendor(({ url }) =>
      url.pathname === '/repos/octo/hello' ? { json: { id: 1, has_issues: true } } : { status: 404 },
    );
    await expect(
      connectGithub(partly, only('issues')).listChanged({ since: null, cursor: null }, { signal }),
    ).rejects.toThrow(/GITHUB_RECONCILE/);
  });

  it.each([
    [[{ number: 'one' }]],
    [{ workflow_runs: [] }],
    [[{ ...item(1, second(0)), url: 'https://x.example/1' }]],
  ])('are refused where they are none: %j', async (json) => {
    await using vendor = await startHttpVendor(() => ({ json }));
    await expect(
      connectGithub(vendor, only('issues')).listChanged({ since: null, cursor: null }, { signal }),
    ).rejects.toThrow(VendorAnswerError);
  });

  it('need what reads them, and names', () => {
    expect(() => makeGithub({ GITHUB_REPOSITORIES: 'octo/hello' })).toThrow(ConfigurationError);
    expect(makeGithub({ GITHUB_TOKEN: githubToken }).listChanged).toBeUndefined();
    const parse = (env: object) => z.object(githubSource.settings).safeParse(env).success;
    expect(parse({ GITHUB_REPOSITORIES: 'octo' })).toBe(false);
    expect(parse({ GITHUB_REPOSITORIES: '*/hello' })).toBe(false);
    expect(parse({ GITHUB_REPOSITORIES: 'octo/*, octo/hello' })).toBe(true);
    expect(parse({ GITHUB_RECONCILE: 'issues,gists' })).toBe(false);
    expect(parse({ GITHUB_RECONCILE: ' ' })).toBe(true);
  });
});

describe('A list by the time of change', () => {
  it.each([true, false])(
    'is complete over many pages, be `since` inclusive (%s) or not',
    async (inclusive) => {
      const items = Array.from({ length: 950 }, (_, index) => item(index + 1, second(Math.floor(index / 3))));
      await using vendor = await startHttpVendor((request) => byUpdate(items, request, inclusive));
      expect((await readAll(connectGithub(vendor, only('issue_comments')).listChanged, null)).seen.size).toBe(
        950,
      );
    },
  );

  it('is complete where hundreds of items changed in one second', async () => {
    const items = Array.from({ length: 450 }, (_, index) => item(index + 1, second(index < 30 ? 0 : 7)));
    await using vendor = await startHttpVendor((request) => byUpdate(items, request));
    expect((await readAll(connectGithub(vendor, only('issues')).listChanged, null)).seen.size).toBe(450);
  });

  it('loses nothing when items change or vanish while the pages are read', async () => {
    let items = Array.from({ length: 300 }, (_, index) => item(index + 1, second(index)));
    await using vendor = await startHttpVendor((request) => byUpdate(items, request));
    const { seen } = await readAll(connectGithub(vendor, only('issues')).listChanged, null, (pages) => {
      if (pages !== 1) return;
      items = items
        .filter((each) => each.id > 20)
        .map((each) => (each.id < 50 ? item(each.id, second(1000)) : each));
    });
    for (const each of items) expect(seen.has(`issue Octo/Hello#${each.id}`), `#${each.id}`).toBe(true);
    expect(seen.get('issue Octo/Hello#30')?.sourceTime).toBe(second(1000));
  });

  it('is complete whatever the times are', { timeout: 60_000 }, async () => {
    let items: Item[] = [];
    await using vendor = await startHttpVendor((request) => byUpdate(items, request));
    const { listChanged } = connectGithub(vendor, only('issues'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 330 }), fc.nat(40), async (times, since) => {
        items = times.map((time, index) => item(index + 1, second(time)));
        const { seen } = await readAll(listChanged, second(since));
        const due = items.filter(({ updated_at: at }) => Date.parse(at) >= Date.parse(second(since)));
        for (const { id } of due) expect(seen.has(`issue Octo/Hello#${id}`)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe('The list of runs', () => {
  it('is complete beyond the 1,000 that GitHub shows of one range', { timeout: 60_000 }, async () => {
    const items = Array.from({ length: 1_250 }, (_, index) =>
      item(index + 1, second(9), { createdAt: second(Math.floor(index / 4)) }),
    );
    await using vendor = await startHttpVendor((request) => byCreation(items, request));
    const { listChanged } = connectGithub(vendor, only('workflow_runs'));
    expect((await readAll(listChanged, null)).seen.size).toBe(1_250);
    expect((await readAll(listChanged, second(0))).seen.size).toBe(1_250);
  });

  it('is complete whenever they began, also where more begin meanwhile', { timeout: 60_000 }, async () => {
    let items: Item[] = [];
    await using vendor = await startHttpVendor((request) => byCreation(items, request));
    const { listChanged } = connectGithub(vendor, only('workflow_runs'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 330 }), async (times) => {
        items = times.map((time, index) => item(index + 1, second(99), { createdAt: second(time) }));
        const there = [...items];
        const { seen } = await readAll(listChanged, null, (pages) => {
          const more = Array.from({ length: 30 }, (_, index) =>
            item(pages * 1000 + index, second(99), { createdAt: second(60) }),
          );
          items = [...items, ...more];
        });
        for (const { id } of there) expect(seen.has(`workflow_run Octo/Hello#${id}`)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe('An organisation', () => {
  interface Repository {
    id: number;
    full_name: string;
  }
  const repositories = (ids: readonly number[]) => ids.map((id) => ({ id, full_name: `octo/r${id}` }));
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  /** An issue in each repository; `gone` ones answer 404. */
  function serve(all: () => readonly Repository[], gone: () => ReadonlySet<string> = () => new Set()) {
    return startHttpVendor(({ url }) => {
      if (url.pathname === '/orgs/octo/repos') return page(all(), url);
      const [, , owner = '', name = ''] = url.pathname.split('/');
      if (gone().has(`${owner}/${name}`)) return { status: 404 };
      return { json: [item(1, second(1), { repository: `${owner}/${name}` })] };
    });
  }

  it('is read whole, and what is named beside it', { timeout: 60_000 }, async () => {
    // Not in the order of their ids.
    await using vendor = await serve(() => repositories(upTo(130)).reverse());
    const { listChanged } = connectGithub(vendor, only('issues', 'other/one,octo/*'));
    const { seen } = await readAll(listChanged, null);
    expect([...seen.keys()]).toEqual(['issue other/one#1', ...upTo(130).map((id) => `issue octo/r${id}#1`)]);
  });

  it('that has no repository is passed over', async () => {
    await using vendor = await serve(() => []);
    const { listChanged } = connectGithub(vendor, only('issues', 'octo/*,other/one'));
    expect([...(await readAll(listChanged, null)).seen.keys()]).toEqual(['issue other/one#1']);
    await using empty = await serve(() => []);
    expect(
      await connectGithub(empty, only('issues', 'octo/*')).listChanged(
        { since: null, cursor: null },
        { signal },
      ),
    ).toEqual({ changes: [], nextCursor: null });
  });

  it('loses none where others are added, renamed or deleted on the way', { timeout: 60_000 }, async () => {
    let all = repositories(upTo(120));
    let gone = new Set<string>();
    await using vendor = await serve(
      () => all,
      () => gone,
    );
    const { seen } = await readAll(
      connectGithub(vendor, only('issues', 'octo/*')).listChanged,
      null,
      (pages) => {
        if (pages !== 10) return;
        gone = new Set(upTo(20).map((id) => `octo/r${id}`));
        all = [
          { id: 900, full_name: 'octo/aaa' },
          ...all
            .filter(({ id }) => id > 20)
            .map((each) => (each.id === 80 ? { ...each, full_name: 'octo/a80' } : each)),
        ];
      },
    );
    const due = [...upTo(10), ...upTo(120).filter((id) => id > 20 && id !== 80)];
    expect([...seen.keys()].sort()).toEqual(
      [...due.map((id) => `issue octo/r${id}#1`), 'issue octo/a80#1', 'issue octo/aaa#1'].sort(),
    );
  });

  it('is named where GitHub does not show it', async () => {
    await using vendor = await startHttpVendor(() => ({ status: 404 }));
    const read = connectGithub(vendor, only('issues', 'octo/*')).listChanged(
      { since: null, cursor: null },
      { signal },
    );
    await expect(read).rejects.toThrow(/no organisation "octo"/);
  });

  it('that the setting no longer names ends the run, and says so', async () => {
    await using vendor = await serve(() => repositories([1, 2]));
    const { nextCursor } = await connectGithub(vendor, only('issues', 'octo/*')).listChanged(
      { since: null, cursor: null },
      { signal },
    );
    const { listChanged } = connectGithub(vendor, only('issues', 'other/one'));
    const rest = readAllFrom(listChanged, nextCursor);
    await expect(rest).rejects.toThrow(VendorRefusedError);
    await expect(rest).rejects.toThrow(/no longer names "octo\/\*"/);
  });

  async function readAllFrom(
    listChanged: NonNullable<Source['listChanged']>,
    from: string | null,
  ): Promise<void> {
    let cursor = from;
    do cursor = (await listChanged({ since: null, cursor }, { signal })).nextCursor;
    while (cursor !== null);
  }
});
