import { describe, it } from 'vitest';
import { demoSource } from '../../../src/sources/demo.ts';
import { githubSource } from '../../../src/sources/github.ts';
import { stripeSource } from '../../../src/sources/stripe.ts';
import { conformanceChecks } from '../../../src/testing/conformance-checks.ts';
import { openSource } from '../../../src/testing/open-source.ts';
import type { SourceUnderTest, StandInHandler } from '../../../src/testing/source-under-test.ts';
import { withValues } from '../../../src/testing/with-values.ts';
import type { RecordState } from '../../../src/testing/world.ts';

const demoEvent = {
  id: 'evt_1',
  type: 'customer.updated',
  created: '2026-01-15T12:00:00Z',
  data: { object: 'customer', id: 'cus_1', version: 3, updated_at: '2026-01-15T12:00:00Z' },
};
const demoRecord = ({ entity, revision, changedAt }: RecordState) => ({
  object: entity.type,
  id: entity.id,
  version: revision,
  updated_at: changedAt,
});
const demo: SourceUnderTest = {
  create: ({ secrets, apiUrl }) =>
    openSource(demoSource, {
      DEMO_WEBHOOK_SECRET: secrets.join(','),
      DEMO_API_URL: apiUrl,
      DEMO_API_TOKEN: 'a token of the test',
    }),
  deliveries: [{ body: demoEvent, reads: { id: 'evt_1', entity: { type: 'customer', id: 'cus_1' } } }],
  later: { body: withValues(demoEvent, { '/id': 'evt_2', '/data/version': 4 }) },
  deletion: {
    body: withValues(demoEvent, { '/id': 'evt_3', '/type': 'customer.deleted', '/data/version': 5 }),
  },
  vendor: {
    record: demoRecord,
    fetch: { path: '/v1/customers/{id}' },
    list: {
      path: '/v1/changes',
      since: 'updated_since',
      page: (data, next) => ({ data, next_cursor: next }),
    },
    absent: [
      { status: 404, json: { error: { code: 'not_found' } } },
      { status: 410, json: { error: { code: 'gone' } } },
    ],
  },
};

/** Stripe's own lists: of events, the newest first, and of each type of object; each goes on behind the id of its last item. */
const stripeLists: StandInHandler = ({ url }, { changes, records }) => {
  const items =
    url.pathname === '/v1/events'
      ? changes.map(({ entity, order, changedAt }) => ({
          id: `evt_of_change_${order}`,
          object: 'event',
          type: 'customer.updated',
          created: Date.parse(changedAt) / 1_000,
          data: { object: { id: entity.id, object: 'customer' } },
        }))
      : url.pathname === '/v1/customers'
        ? records
            .toSorted((a, b) => a.number - b.number)
            .map(({ entity, changedAt }) => ({
              id: entity.id,
              object: 'customer',
              created: Date.parse(changedAt) / 1_000,
            }))
        : [];
  const [from, after] = ['created[gte]', 'starting_after'].map((name) => url.searchParams.get(name));
  const newestFirst = items.filter(({ created }) => created >= Number(from ?? 0)).reverse();
  const left = newestFirst.slice(newestFirst.findIndex(({ id }) => id === after) + 1);
  return { json: { object: 'list', data: left.slice(0, 3), has_more: left.length > 3 } };
};
const stripeEvent = {
  id: 'evt_1',
  object: 'event',
  type: 'customer.updated',
  created: 1_768_478_400,
  data: { object: { id: 'cus_1', object: 'customer' } },
};
const stripe: SourceUnderTest = {
  create: ({ secrets, apiUrl }) =>
    openSource(stripeSource, {
      STRIPE_WEBHOOK_SECRET: secrets.join(','),
      STRIPE_API_KEY: 'sk_test_of_the_kit',
      STRIPE_API_URL: apiUrl,
      STRIPE_BACKFILL: 'customer',
    }),
  deliveries: [{ body: stripeEvent, reads: { id: 'evt_1', entity: { type: 'customer', id: 'cus_1' } } }],
  later: { body: { ...stripeEvent, id: 'evt_2', created: 1_768_478_460 } },
  deletion: { body: { ...stripeEvent, id: 'evt_3', type: 'customer.deleted', created: 1_768_478_520 } },
  vendor: {
    record: ({ entity }) => ({ id: entity.id, object: 'customer' }),
    fetch: { path: '/v1/customers/{id}' },
    list: stripeLists,
    absent: [
      {
        status: 404,
        json: {
          error: { type: 'invalid_request_error', code: 'resource_missing', message: 'No such customer' },
        },
      },
    ],
  },
  except: {
    'fetch/not-json':
      "Stripe's client does not tell half of an answer from a connection that broke: both may pass",
    'list/not-json': 'the same',
  },
};

const githubIssue = (number: number, updatedAt: string) => ({
  id: 1_000 + number,
  number,
  title: 'An issue',
  created_at: '2026-01-01T00:00:00Z',
  updated_at: updatedAt,
  url: `https://api.github.com/repos/octocat/hello-world/issues/${number}`,
});
const numberOf = ({ entity }: RecordState): number => Number(entity.id.split('#')[1]);
const githubEvent = (action: string, updatedAt: string) => ({
  action,
  issue: githubIssue(1, updatedAt),
  repository: { id: 1, full_name: 'octocat/hello-world' },
});
const githubHeaders = (delivery: string) => ({
  'x-github-event': 'issues',
  'x-github-delivery': delivery,
});
/** The longest unchanged first, in pages that the `Link` header joins. */
const githubList: StandInHandler = ({ url }, { records }) => {
  if (url.pathname !== '/repos/octocat/hello-world/issues') return undefined;
  const [since, number] = [url.searchParams.get('since'), Number(url.searchParams.get('page') ?? '1')];
  const changed = records.filter(
    ({ changedAt }) => since === null || Date.parse(changedAt) >= Date.parse(since),
  );
  const items = changed
    .slice(3 * (number - 1), 3 * number)
    .map((state) => githubIssue(numberOf(state), state.changedAt));
  const headers: Record<string, string> =
    changed.length > 3 * number ? { link: `<https://api.github.com/next>; rel="next"` } : {};
  return { json: items, headers };
};
const github: SourceUnderTest = {
  create: ({ secrets, apiUrl }) =>
    openSource(githubSource, {
      GITHUB_WEBHOOK_SECRET: secrets.join(','),
      GITHUB_TOKEN: 'ghp_of_the_kit',
      GITHUB_API_URL: apiUrl,
      GITHUB_REPOSITORIES: 'octocat/hello-world',
      GITHUB_RECONCILE: 'issues',
    }),
  deliveries: [
    {
      body: githubEvent('edited', '2026-01-15T12:00:00Z'),
      headers: githubHeaders('72d3162e-cc78-11e3-81ab-4c9367dc0958'),
      reads: { type: 'issues.edited', entity: { type: 'issue', id: 'octocat/hello-world#1' } },
    },
  ],
  later: { body: githubEvent('closed', '2026-01-15T12:01:00Z'), headers: githubHeaders('72d3162e-2') },
  deletion: { body: githubEvent('deleted', '2026-01-15T12:02:00Z'), headers: githubHeaders('72d3162e-3') },
  vendor: {
    record: (state) => githubIssue(numberOf(state), state.changedAt),
    entity: (number) => ({ type: 'issue', id: `octocat/hello-world#${number + 1}` }),
    fetch: ({ url }, { records }) => {
      const state = records.find(
        ({ entity }) => url.pathname === `/repos/${entity.id.replace('#', '/issues/')}`,
      );
      return state && { json: githubIssue(numberOf(state), state.changedAt) };
    },
    list: githubList,
    absent: [404, 410].map(
      (status): StandInHandler =>
        ({ url }) =>
          url.pathname.endsWith('/hello-world')
            ? { json: { full_name: 'octocat/hello-world' } }
            : { status, json: {} },
    ),
  },
  except: {
    'fetch/other-shape': 'its records are of many kinds, and any object is taken for one',
  },
};

describe.each([
  ['demo', demo],
  ['stripe', stripe],
  ['github', github],
])('%s, as every source', (_name, subject) => {
  for (const { name, run } of conformanceChecks(subject)) it(name, run);
});
