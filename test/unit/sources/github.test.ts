import { describe, expect, it } from 'vitest';
import {
  UnreadableEventError,
  VendorAnswerError,
  VendorDeniedError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import {
  connectGithub,
  githubEntities,
  githubExamples,
  githubExampleSets,
  githubIdPattern,
  githubToken as token,
  makeGithub as make,
} from '../../support/github.ts';
import { startHttpVendor, type VendorReply, type VendorRequest } from '../../support/http-vendor.ts';

const signal = new AbortController().signal;
const headersOf = (name: string) => ({ 'x-github-event': name, 'x-github-delivery': 'd-1' });

function readExample(name: string, action: string | undefined, source = make({ GITHUB_TOKEN: token })) {
  const example = githubExamples('api.github.com').find(
    (each) => each.name === name && each.body['action'] === action,
  );
  return source.readEvent({ body: example?.body ?? null, headers: headersOf(name) });
}

describe('GitHub’s published example payloads', () => {
  it.each(githubExampleSets)('of %s are each about what the table says', (set) => {
    const examples = githubExamples(set);
    for (const source of [make(), make({ GITHUB_TOKEN: token })]) {
      const fetches = source.fetchRecord !== undefined;
      for (const { name, body } of examples) {
        const draft = source.readEvent({ body, headers: headersOf(name) });
        const { action } = body;
        expect(draft.id).toBe('d-1');
        expect(draft.type).toBe(typeof action === 'string' ? `${name}.${action}` : name);
        expect(Object.keys(githubEntities)).toContain(name);
        const types = githubEntities[name] ?? [];
        if (draft.entity === null) {
          // Without a token, the push alone says what was created.
          expect({ name, types }).toEqual({ name, types: name === 'create' && !fetches ? types : [] });
        } else {
          expect(types).toContain(draft.entity.type);
          expect(draft.entity.id).toMatch(githubIdPattern(draft.entity.type));
        }
        expect(draft.snapshot === undefined).toBe(draft.entity === null || fetches);
      }
    }
    expect(examples.length).toBeGreaterThan(45);
  });

  it('are about everything that the table names', () => {
    const seen = new Set(githubExampleSets.flatMap((set) => githubExamples(set).map(({ name }) => name)));
    expect([...seen].sort()).toEqual(Object.keys(githubEntities).sort());
  });

  it.each([
    ['issues', 'edited', 'issue', 'Codertocat/Hello-World#1'],
    ['pull_request', 'opened', 'pull_request', 'Codertocat/Hello-World#2'],
    ['pull_request_review', 'submitted', 'pull_request_review', 'Codertocat/Hello-World#2/237895671'],
    ['issue_comment', 'created', 'issue_comment', 'Codertocat/Hello-World#492700400'],
    ['commit_comment', 'created', 'commit_comment', 'Codertocat/Hello-World#33548674'],
    ['release', 'published', 'release', 'Codertocat/Hello-World#17372790'],
    ['repository', 'created', 'repository', 'Octocoders/Hello-World'],
    ['workflow_run', 'completed', 'workflow_run', 'Codertocat/Hello-World#1589141559'],
    ['deployment_status', 'created', 'deployment_status', 'Codertocat/Hello-World#145988746/209916254'],
    ['push', undefined, 'tag', 'Codertocat/Hello-World@refs/tags/simple-tag'],
    ['create', undefined, 'tag', 'Codertocat/Hello-World@refs/tags/simple-tag'],
  ])('of %s.%s are about a %s', (name, action, type, id) => {
    expect(readExample(name, action).entity).toEqual({ type, id });
  });

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
    expect(readExample('delete', undefined).deletes).toBe(true);
  });
});

describe('A push', () => {
  const push = (ref: string, more: object = {}) => ({
    ref,
    after: 'f00d',
    repository: { full_name: 'octo/hello', pushed_at: 1_767_225_600 },
    ...more,
  });
  const read = (body: object, name = 'push', source = make({ GITHUB_TOKEN: token })) =>
    source.readEvent({ body: JSON.parse(JSON.stringify(body)), headers: headersOf(name) });

  it('is about the branch or the tag, whose name may have slashes', () => {
    expect(read(push('refs/heads/feature/a#b'))).toEqual({
      id: 'd-1',
      type: 'push',
      entity: { type: 'branch', id: 'octo/hello@refs/heads/feature/a#b' },
      announced: null,
      deletes: false,
      occurredAt: 1_767_225_600,
    });
    expect(read(push('refs/tags/v1')).entity).toEqual({ type: 'tag', id: 'octo/hello@refs/tags/v1' });
  });

  it('that deletes says so, as the event of the deletion does, under the same id', () => {
    const gone = read(push('refs/heads/main', { deleted: true }));
    const deletion = read(
      { ref: 'main', ref_type: 'branch', repository: { full_name: 'octo/hello' } },
      'delete',
    );
    expect(gone.deletes && deletion.deletes).toBe(true);
    expect(deletion.entity).toEqual(gone.entity);
  });

  it('without a token is kept as it says: the commit, and when it came', () => {
    expect(read(push('refs/heads/main'), 'push', make())).toMatchObject({
      snapshot: { ref: 'refs/heads/main', object: { sha: 'f00d' } },
      occurredAt: 1_767_225_600,
    });
  });

  it.each([push('refs/notes/commits'), push('refs/heads/'), { ref: 'refs/heads/main' }, { ref: 7 }])(
    'of something else is about nothing that is kept: %j',
    (body) => {
      expect(read(body).entity).toBeNull();
    },
  );
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
    const outcome = await connectGithub(vendor)
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
    ['branch', 'octo/hello@refs/heads/main', '/repos/octo/hello/git/ref/heads/main'],
    ['tag', 'octo/hello@refs/tags/v1', '/repos/octo/hello/git/ref/tags/v1'],
    [
      'branch',
      'octo/hello@refs/heads/a/{b}:c d%20#é',
      '/repos/octo/hello/git/ref/heads/a/%7Bb%7D%3Ac%20d%2520%23%C3%A9',
    ],
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
    ['branch', 'octo/hello#5'],
    ['branch', 'octo/hello@refs/tags/v1'],
    ['tag', 'octo/hello@refs/heads/main'],
    ['branch', 'octo/hello@refs/heads/../../../../user'],
    ['branch', '../..@refs/heads/main'],
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

  it('is gone where it is a branch of a repository that has become empty', async () => {
    const branch = { type: 'branch', id: 'octo/hello@refs/heads/main' };
    expect((await fetchFrom({ status: 409 }, branch)).outcome).toBeNull();
    expect((await fetchFrom({ status: 409 })).outcome).toBeInstanceOf(VendorRefusedError);
  });

  it('keeps numbers that are too large for JSON as texts', async () => {
    const { outcome } = await fetchFrom({ text: '{"id": 12345678901234567890, "list": [{"id": 1}]}' });
    expect(outcome).toMatchObject({ data: { id: '12345678901234567890', list: [{ id: 1 }] } });
  });

  it('is not taken for deleted where the token cannot see its repository', async () => {
    const { outcome } = await fetchFrom({ status: 404 });
    expect(outcome).toBeInstanceOf(VendorDeniedError);
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
    [401, VendorDeniedError],
    [403, VendorDeniedError],
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
      connectGithub(vendor).fetchRecord(entity, { signal: controller.signal }),
    ).rejects.toBe(reason);
    await expect.poll(() => vendor.requests.length).toBe(1);
    controller.abort(reason);
    await expectation;
  });
});
