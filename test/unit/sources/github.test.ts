import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  ConfigurationError,
  UnreadableEventError,
  VendorAnswerError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { githubSource } from '../../../src/sources/github.ts';
import {
  type HttpVendor,
  startHttpVendor,
  type VendorReply,
  type VendorRequest,
} from '../../support/http-vendor.ts';

const token = 'ghp_notARealToken';
const signal = new AbortController().signal;

function make(env: Record<string, string> = {}): Source {
  return githubSource.create(z.object(githubSource.settings).parse({ GITHUB_WEBHOOK_SECRET: 'x', ...env }));
}

function connect(vendor: HttpVendor, repositories = 'octo/hello,octo/world') {
  const { fetchRecord, listChanged } = make({
    GITHUB_TOKEN: token,
    GITHUB_API_URL: vendor.url,
    GITHUB_REPOSITORIES: repositories,
  });
  if (fetchRecord === undefined || listChanged === undefined) throw new Error('With a token both are there.');
  return { fetchRecord, listChanged };
}

const exampleSchema = z.array(
  z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.json())) }),
);
const require = createRequire(import.meta.url);
const examples = (set: string) =>
  exampleSchema.parse(require(`@octokit/webhooks-examples/${set}/index.json`));
const headersOf = (name: string) => ({ 'x-github-event': name, 'x-github-delivery': 'd-1' });

function readExample(name: string, action: string | undefined, source = make({ GITHUB_TOKEN: token })) {
  const example = examples('api.github.com')
    .find((each) => each.name === name)
    ?.examples.find((each) => each['action'] === action);
  return source.readEvent({ body: example ?? null, headers: headersOf(name) });
}

describe('GitHub’s published example payloads', () => {
  it.each(['api.github.com', 'ghes-31', 'ghes-32', 'ghes-33', 'ghes-34', 'ghes-35'])(
    'of %s can all be read',
    (set) => {
      let count = 0;
      for (const source of [make(), make({ GITHUB_TOKEN: token })]) {
        for (const { name, examples: bodies } of examples(set)) {
          for (const body of bodies) {
            const draft = source.readEvent({ body, headers: headersOf(name) });
            const action = body['action'];
            expect(draft.id).toBe('d-1');
            expect(draft.type).toBe(typeof action === 'string' ? `${name}.${action}` : name);
            if (draft.entity !== null) expect(draft.entity.id).toMatch(/^[\w.-]+\/[\w.-]+(#(\d+\/)?\d+)?$/);
            expect(draft.snapshot === undefined).toBe(
              draft.entity === null || source.fetchRecord !== undefined,
            );
            count += 1;
          }
        }
      }
      expect(count).toBeGreaterThan(90);
    },
  );

  it.each([
    ['issues', 'edited', 'issue', 'Codertocat/Hello-World#1'],
    ['pull_request', 'opened', 'pull_request', 'Codertocat/Hello-World#2'],
    ['pull_request_review', 'submitted', 'pull_request_review', 'Codertocat/Hello-World#2/237895671'],
    ['release', 'published', 'release', 'Codertocat/Hello-World#17372790'],
    ['repository', 'created', 'repository', 'Octocoders/Hello-World'],
    ['workflow_run', 'completed', 'workflow_run', 'Codertocat/Hello-World#1589141559'],
    ['deployment_status', 'created', 'deployment_status', 'Codertocat/Hello-World#145988746/209916254'],
  ])('of %s.%s are about a %s', (name, action, type, id) => {
    expect(readExample(name, action).entity).toEqual({ type, id });
  });

  it.each(['push', 'star', 'ping', 'fork', 'gollum', 'team'])(
    'of %s are about nothing that is kept',
    (name) => {
      const [body = null] = examples('api.github.com').find((each) => each.name === name)?.examples ?? [];
      expect(make().readEvent({ body, headers: headersOf(name) }).entity).toBeNull();
    },
  );

  it('announce the time of the record, and what is gone', () => {
    expect(readExample('issues', 'edited')).toMatchObject({
      announced: { version: null, sourceTime: '2019-05-15T15:20:18.000Z' },
      deletes: false,
    });
    for (const [name, action] of [
      ['issues', 'deleted'],
      ['issues', 'transferred'],
      ['release', 'deleted'],
      ['issue_comment', 'deleted'],
    ] as const) {
      expect(readExample(name, action).deletes, `${name}.${action}`).toBe(true);
    }
    expect(readExample('repository', 'transferred').deletes).toBe(false);
  });
});

describe('A delivery of GitHub', () => {
  it.each(['x-github-event', 'x-github-delivery'])('cannot be read without %s', (header) => {
    const headers = { ...headersOf('push'), [header]: undefined };
    expect(() => make().readEvent({ body: {}, headers })).toThrow(UnreadableEventError);
    expect(() => make().readEvent({ body: {}, headers })).toThrow(header);
  });

  it.each([null, [], 'payload=%7B%7D', 7])('cannot be read from %j', (body) => {
    expect(() => make().readEvent({ body, headers: headersOf('issues') })).toThrow(UnreadableEventError);
  });

  it('that is a ping is answered at once, and no other', () => {
    expect(make().handshake?.({ body: {}, headers: headersOf('ping') })).toEqual({ pong: true });
    expect(make().handshake?.({ body: {}, headers: headersOf('issues') })).toBeNull();
  });

  it('of the sample can be read', () => {
    const sample = make().sample?.();
    expect(make().readEvent({ body: sample?.body ?? null, headers: sample?.headers ?? {} }).entity).toEqual({
      type: 'issue',
      id: 'octocat/hello-world#1',
    });
  });
});

describe('A record of GitHub', () => {
  const issue = {
    number: 5,
    title: 'Broken',
    updated_at: '2026-01-02T00:00:00Z',
    repository_url: 'https://api.github.com/repos/octo/hello',
  };
  const entity = { type: 'issue', id: 'octo/hello#5' };

  async function fetchFrom(reply: VendorReply | ((request: VendorRequest) => VendorReply), what = entity) {
    await using vendor = await startHttpVendor((request) =>
      typeof reply === 'function' ? reply(request) : reply,
    );
    const outcome = await connect(vendor)
      .fetchRecord(what, { signal })
      .catch((error: unknown) => error);
    return { outcome, requests: vendor.requests, paths: vendor.requests.map(({ url }) => url.pathname) };
  }

  it('is fetched fresh with the token', async () => {
    const { outcome, requests, paths } = await fetchFrom({ json: issue });
    expect(outcome).toEqual({ data: issue, version: null, sourceTime: '2026-01-02T00:00:00Z' });
    expect(paths).toEqual(['/repos/octo/hello/issues/5']);
    expect(requests[0]?.headers.authorization).toBe(`token ${token}`);
  });

  it.each([
    ['pull_request', 'octo/hello#5', '/repos/octo/hello/pulls/5'],
    ['repository', 'octo/hello', '/repos/octo/hello'],
    ['pull_request_review', 'octo/hello#5/77', '/repos/octo/hello/pulls/5/reviews/77'],
    ['deployment_status', 'octo/hello#8/9', '/repos/octo/hello/deployments/8/statuses/9'],
    ['workflow_job', 'octo/hello#1', '/repos/octo/hello/actions/jobs/1'],
  ])('of the type %s has its own address', async (type, id, path) => {
    expect((await fetchFrom({ json: {} }, { type, id })).paths).toEqual([path]);
  });

  it.each([
    ['issue', 'octo/hello'],
    ['issue', '../..#5'],
    ['issue', 'octo/hello#5/6'],
    ['issue', 'octo/hello#5?x=1'],
    ['repository', 'octo/hello#5'],
    ['gist', 'octo/hello#5'],
  ])('is not looked for under an id that is none: %s %s', async (type, id) => {
    const { outcome, requests } = await fetchFrom({ json: {} }, { type, id });
    expect(outcome).toBeInstanceOf(VendorRefusedError);
    expect(requests).toHaveLength(0);
  });

  it('is gone where GitHub says 410, or 404 within a repository that can be read', async () => {
    expect((await fetchFrom({ status: 410 })).outcome).toBeNull();
    const { outcome, paths } = await fetchFrom(({ url }) =>
      url.pathname.includes('issues') ? { status: 404 } : { json: { id: 1 } },
    );
    expect(outcome).toBeNull();
    expect(paths).toEqual(['/repos/octo/hello/issues/5', '/repos/octo/hello']);
  });

  it('is not taken for deleted where the token cannot see its repository', async () => {
    const { outcome } = await fetchFrom({ status: 404 });
    expect(outcome).toBeInstanceOf(VendorRefusedError);
    expect(outcome).toHaveProperty('message', expect.stringContaining('GITHUB_TOKEN'));
  });

  it('is gone from a repository that it was transferred out of, but not from one that was renamed', async () => {
    const moved = { ...issue, repository_url: 'https://api.github.com/repos/octo/elsewhere' };
    const answer =
      (repository: string) =>
      ({ url }: VendorRequest): VendorReply => ({
        json: url.pathname.endsWith('/issues/5')
          ? moved
          : { url: `https://api.github.com/repos/octo/${repository}` },
      });
    expect((await fetchFrom(answer('hello'))).outcome).toBeNull();
    expect((await fetchFrom(answer('elsewhere'))).outcome).toMatchObject({ data: moved });
  });

  it.each([
    [401, VendorRefusedError],
    [403, VendorRefusedError],
    [422, VendorRefusedError],
    [500, VendorUnavailableError],
    [502, VendorUnavailableError],
  ])('fails with %i as what that means, after one request', async (status, expected) => {
    const { outcome, requests } = await fetchFrom({ status, json: { message: 'no' } });
    expect(outcome).toBeInstanceOf(expected);
    expect(requests).toHaveLength(1);
    expect(JSON.stringify(outcome, Object.getOwnPropertyNames(outcome))).not.toContain(token);
  });

  it('fails as a rate limit in each of the ways in which GitHub says so', async () => {
    const wait = async (reply: VendorReply) => {
      const { outcome } = await fetchFrom(reply);
      expect(outcome).toBeInstanceOf(VendorRateLimitedError);
      return outcome instanceof VendorRateLimitedError ? outcome.retryAfterMilliseconds : null;
    };
    expect(await wait({ status: 429, headers: { 'retry-after': '30' } })).toBe(30_000);
    expect(await wait({ status: 403, headers: { 'retry-after': '60' } })).toBe(60_000);
    const reset = String(Math.floor(Date.now() / 1000) + 1800);
    const untilReset = await wait({
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
    });
    expect(untilReset).toBeGreaterThan(1_700_000);
    expect(untilReset).toBeLessThanOrEqual(1_800_000);
    const message = 'You have exceeded a secondary rate limit. Please wait a few minutes.';
    expect(await wait({ status: 403, json: { message } })).toBe(60_000);
  });

  it('fails for now where the connection breaks', async () => {
    expect((await fetchFrom('reset')).outcome).toBeInstanceOf(VendorUnavailableError);
  });

  it('fails as a wrong answer where it is no object', async () => {
    expect((await fetchFrom({ json: [] })).outcome).toBeInstanceOf(VendorAnswerError);
  });

  it('stops being fetched when the call is cancelled', async () => {
    await using vendor = await startHttpVendor(() => 'hang');
    const controller = new AbortController();
    const reason = new Error('the worker stops');
    const expectation = expect(
      connect(vendor).fetchRecord(entity, { signal: controller.signal }),
    ).rejects.toBe(reason);
    await expect.poll(() => vendor.requests.length).toBe(1);
    controller.abort(reason);
    await expectation;
  });
});

describe('GitHub’s list of changes', () => {
  type Item = { number: number; updated_at: string; repository_url: string; pull_request?: object };
  const second = (count: number) =>
    new Date(Date.UTC(2026, 0, 1) + count * 1000).toISOString().replace('.000Z', 'Z');
  const item = (number: number, updatedAt: string): Item => ({
    number,
    updated_at: updatedAt,
    repository_url: 'https://api.github.com/repos/Octo/Hello',
  });

  /** As GitHub lists: by the time of the last change, `since` included or not, pages of `per_page`. */
  function list(items: Item[], { url }: VendorRequest, inclusive = true): VendorReply {
    const since = Date.parse(url.searchParams.get('since') ?? '1970-01-01T00:00:00Z');
    const size = Number(url.searchParams.get('per_page'));
    const from = (Number(url.searchParams.get('page')) - 1) * size;
    const found = items
      .filter((each) =>
        inclusive ? Date.parse(each.updated_at) >= since : Date.parse(each.updated_at) > since,
      )
      .sort((a, b) => Date.parse(a.updated_at) - Date.parse(b.updated_at));
    const more = from + size < found.length;
    return {
      json: found.slice(from, from + size),
      headers: more ? { link: '<https://api.github.com/next>; rel="next"' } : {},
    };
  }

  async function readAll(vendor: HttpVendor, since: string | null, between?: (page: number) => void) {
    const { listChanged } = connect(vendor, 'octo/hello');
    const seen = new Map<string, unknown>();
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page = await listChanged({ since, cursor }, { signal });
      for (const change of page.changes) seen.set(change.entity.id, change.sourceTime);
      cursor = page.nextCursor;
      pages += 1;
      between?.(pages);
    } while (cursor !== null && pages < 50);
    return { seen, pages };
  }

  it('tells issues and pull requests apart, under the name as GitHub writes it, one repository after the other', async () => {
    await using vendor = await startHttpVendor(({ url }) => ({
      json: url.pathname.includes('hello')
        ? [item(1, second(0)), { ...item(2, second(1)), pull_request: {} }]
        : [],
    }));
    const { listChanged } = connect(vendor);
    const since = '2026-01-01T00:00:00.250Z';
    const first = await listChanged({ since, cursor: null }, { signal });
    expect(first.changes).toEqual([
      { entity: { type: 'issue', id: 'Octo/Hello#1' }, version: null, sourceTime: second(0), deleted: false },
      {
        entity: { type: 'pull_request', id: 'Octo/Hello#2' },
        version: null,
        sourceTime: second(1),
        deleted: false,
      },
    ]);
    const next = await listChanged({ since, cursor: first.nextCursor }, { signal });
    expect(next).toEqual({ changes: [], nextCursor: null });
    const asked = vendor.requests.map(({ url }) => [
      url.pathname,
      url.searchParams.get('since'),
      url.searchParams.get('state'),
    ]);
    expect(asked).toEqual([
      ['/repos/octo/hello/issues', '2026-01-01T00:00:00Z', 'all'],
      ['/repos/octo/world/issues', '2026-01-01T00:00:00Z', 'all'],
    ]);
  });

  it.each([true, false])(
    'is complete over many pages, be `since` inclusive (%s) or not',
    async (inclusive) => {
      const items = Array.from({ length: 950 }, (_, index) => item(index + 1, second(Math.floor(index / 3))));
      await using vendor = await startHttpVendor((request) => list(items, request, inclusive));
      expect((await readAll(vendor, null)).seen.size).toBe(950);
    },
  );

  it('is complete where hundreds of items changed in one second', async () => {
    const items = Array.from({ length: 450 }, (_, index) => item(index + 1, second(index < 30 ? 0 : 7)));
    await using vendor = await startHttpVendor((request) => list(items, request));
    expect((await readAll(vendor, null)).seen.size).toBe(450);
  });

  it('loses nothing when items change or vanish while the pages are read', async () => {
    let items = Array.from({ length: 300 }, (_, index) => item(index + 1, second(index)));
    await using vendor = await startHttpVendor((request) => list(items, request));
    const { seen } = await readAll(vendor, null, (page) => {
      if (page !== 1) return;
      items = items
        .filter((each) => each.number > 20)
        .map((each) => (each.number < 50 ? item(each.number, second(1000)) : each));
    });
    for (const each of items) expect(seen.has(`Octo/Hello#${each.number}`), `#${each.number}`).toBe(true);
    expect(seen.get('Octo/Hello#30')).toBe(second(1000));
  });

  it('names the setting where the repository cannot be read', async () => {
    await using vendor = await startHttpVendor(() => ({ status: 404 }));
    await expect(connect(vendor).listChanged({ since: null, cursor: null }, { signal })).rejects.toThrow(
      /GITHUB_REPOSITORIES/,
    );
  });

  it('is refused where it is no list', async () => {
    await using vendor = await startHttpVendor(() => ({ json: [{ number: 'one' }] }));
    await expect(connect(vendor).listChanged({ since: null, cursor: null }, { signal })).rejects.toThrow(
      VendorAnswerError,
    );
  });

  it('needs a token, and names of repositories', () => {
    expect(() => make({ GITHUB_REPOSITORIES: 'octo/hello' })).toThrow(ConfigurationError);
    expect(make({ GITHUB_TOKEN: token }).listChanged).toBeUndefined();
    expect(z.object(githubSource.settings).safeParse({ GITHUB_REPOSITORIES: 'octo' }).success).toBe(false);
  });
});
