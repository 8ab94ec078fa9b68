import { sign } from '@octokit/webhooks-methods';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source } from '../../src/sources/define-source.ts';
import {
  githubEntities,
  githubExamples,
  githubExampleSets,
  githubToken,
  makeGithub,
} from '../support/github.ts';
import {
  type Answer,
  fastRetry,
  type Harness,
  startHarness,
  uniqueName,
  withoutListing,
} from '../support/harness.ts';
import { startHttpVendor } from '../support/http-vendor.ts';

const secret = 'a secret of the repository';
/** Deliveries under way at once. */
const atOnce = 20;

/** Delivers as GitHub does, signed by its own library. */
async function deliver(
  harness: Harness,
  source: Source,
  { name, body, id }: { name: string; body: object; id: string },
): Promise<Answer> {
  return harness.post(body, {
    source,
    headers: {
      'x-github-event': name,
      'x-github-delivery': id,
      'x-hub-signature-256': await sign(secret, JSON.stringify(body)),
      'user-agent': 'GitHub-Hookshot/044aadd',
    },
  });
}

describe('GitHub’s own examples of every webhook', () => {
  let harness: Harness;
  let github: Source;
  beforeAll(async () => {
    github = {
      ...makeGithub({ GITHUB_WEBHOOK_SECRET: secret }),
      name: uniqueName('github'),
      retry: fastRetry,
    };
    harness = await startHarness({ sources: () => [github] });
  });
  afterAll(() => harness.stop());

  /** Without a token what a payload says is all there is, and that a branch was created says no commit. */
  const keeps = (name: string) => name !== 'create' && (githubEntities[name] ?? []).length > 0;

  async function outcomeOf(id: string, { body }: Answer): Promise<string> {
    // A ping is a handshake: it is answered, and is no event.
    return body.eventId === undefined ? 'answered' : (await harness.event(id, github).result()).outcome;
  }

  test.for(githubExampleSets)(
    'are accepted, and each ends as the table says: %s',
    { timeout: 240_000 },
    async (set) => {
      const examples = githubExamples(set).map((each, index) => ({
        ...each,
        id: `${set}-${each.name}-${index}`,
      }));
      expect(examples.length).toBeGreaterThanOrEqual(49);

      const waiting = [...examples];
      const outcomes = new Map<string, string>();
      const worker = async () => {
        for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
          const answer = await deliver(harness, github, each);
          expect({ id: each.id, status: answer.status }).toEqual({ id: each.id, status: 200 });
          outcomes.set(each.id, await outcomeOf(each.id, answer));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));

      expect(outcomes.size).toBe(examples.length);
      const unexpected = examples.filter(({ id, name }) => {
        const outcome = outcomes.get(id) ?? '';
        if (name === 'ping') return outcome !== 'answered';
        // The sets show the same records: the first to come is applied, later ones are no newer.
        return keeps(name)
          ? !['applied', 'unchanged', 'stale', 'deleted'].includes(outcome)
          : outcome !== 'ignored';
      });
      expect(unexpected.map(({ id }) => [id, outcomes.get(id)])).toEqual([]);

      const firstOfEach = examples.filter(
        ({ name }, index) => examples.findIndex((each) => each.name === name) === index,
      );
      for (const each of firstOfEach) {
        const again = await deliver(harness, github, each);
        expect([each.name, again.status, await outcomeOf(each.id, again)]).toEqual([
          each.name,
          200,
          outcomes.get(each.id),
        ]);
        if (each.name !== 'ping') expect(again.body.duplicate, each.name).toBe(true);
      }
    },
  );
});

test('A delivery that did not arrive is asked for again, and has the outcome that it would have had', async () => {
  const issue = {
    number: 5,
    title: 'Lost',
    updated_at: '2026-01-02T00:00:00Z',
    repository_url: 'https://api.github.com/repos/octo/hello',
  };
  const event = {
    name: 'issues',
    id: uniqueName('guid'),
    body: { action: 'opened', issue, repository: { full_name: 'octo/hello' } },
  };
  const hook = '/repos/octo/hello/hooks/77/deliveries';
  const attempts = [
    {
      id: 1,
      guid: event.id,
      delivered_at: new Date(Date.now() - 3_600_000).toISOString(),
      redelivery: false,
      status_code: 502,
    },
  ];
  let send = (): Promise<Answer> => Promise.reject(new Error('There is no receiver yet.'));
  await using vendor = await startHttpVendor(async ({ method, url }) => {
    if (url.pathname === '/repos/octo/hello/issues/5') return { json: issue };
    if (method === 'GET' && url.pathname === hook) return { json: attempts };
    if (method !== 'POST' || url.pathname !== `${hook}/1/attempts`) return { status: 404 };
    const { status } = await send();
    const attempt = { id: attempts.length + 1, guid: event.id, redelivery: true, status_code: status };
    attempts.unshift({ ...attempt, delivered_at: new Date().toISOString() });
    return { status: 202 };
  });
  const github: Source = {
    ...makeGithub({
      GITHUB_WEBHOOK_SECRET: secret,
      GITHUB_TOKEN: githubToken,
      GITHUB_API_URL: vendor.url,
      GITHUB_REPOSITORIES: 'octo/hello',
      GITHUB_HOOKS: 'octo/hello/77',
    }),
    name: uniqueName('github'),
    retry: fastRetry,
  };
  const harness = await startHarness({ sources: () => [withoutListing(github)] });
  try {
    send = () => deliver(harness, github, event);
    const ask = () => github.redeliverMissed?.({ since: null }, { signal: new AbortController().signal });
    expect(await ask()).toEqual({ looked: 1, asked: 1 });
    expect((await harness.event(event.id, github).result()).outcome).toBe('applied');

    // It has arrived now, and is asked for no more. Sent by hand, it changes nothing.
    expect(await ask()).toEqual({ looked: 2, asked: 0 });
    expect(await send()).toMatchObject({ status: 200, body: { duplicate: true } });
    expect((await harness.event(event.id, github).result()).outcome).toBe('applied');
  } finally {
    await harness.stop();
  }
});
