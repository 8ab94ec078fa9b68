import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Source } from '../../src/sources/define-source.ts';
import { githubSource } from '../../src/sources/github.ts';
import { fastRetry, type Harness, startHarness, uniqueName } from '../support/harness.ts';

const require = createRequire(import.meta.url);
const examplesSchema = z.array(z.object({ name: z.string(), examples: z.array(z.json()) }));
const sets = ['api.github.com', 'ghes-31', 'ghes-32', 'ghes-33', 'ghes-34', 'ghes-35'];

/** Deliveries under way at once. */
const atOnce = 20;

describe('GitHub’s own examples of every webhook', () => {
  let harness: Harness;
  let github: Source;
  beforeAll(async () => {
    const secret = 'a secret of the repository';
    github = {
      ...githubSource.create({
        GITHUB_WEBHOOK_SECRET: [secret],
        GITHUB_TOKEN: undefined,
        GITHUB_API_URL: undefined,
        GITHUB_REPOSITORIES: [],
      }),
      name: uniqueName('github'),
      retry: fastRetry,
    };
    harness = await startHarness({ sources: () => [github] });
  });
  afterAll(() => harness.stop());

  test.for(sets)('are accepted, and each has an outcome: %s', { timeout: 240_000 }, async (set) => {
    const examples = examplesSchema
      .parse(require(`@octokit/webhooks-examples/${set}/index.json`))
      .flatMap(({ name, examples: bodies }) =>
        bodies.map((body, index) => ({ name, body, id: `${set}-${name}-${index}` })),
      );
    expect(examples.length).toBeGreaterThanOrEqual(49);

    const waiting = [...examples];
    const outcomes = new Map<string, string>();
    const worker = async () => {
      for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
        const { status, body } = await harness.post(each.body, {
          source: github,
          headers: {
            'x-github-event': each.name,
            'x-github-delivery': each.id,
            'user-agent': 'GitHub-Hookshot/044aadd',
          },
        });
        expect({ id: each.id, status }).toEqual({ id: each.id, status: 200 });
        // A ping is a handshake: it is answered, and is no event.
        outcomes.set(
          each.id,
          body.eventId === undefined ? 'answered' : (await harness.event(each.id, github).result()).outcome,
        );
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));

    expect(outcomes.size).toBe(examples.length);
    expect(
      [...outcomes].filter(([id, outcome]) => (outcome === 'answered') !== id.startsWith(`${set}-ping-`)),
    ).toEqual([]);
    // The sets show the same records: the first to come is applied, later ones are no newer.
    const kept = [...outcomes.values()].filter((outcome) =>
      ['applied', 'unchanged', 'stale'].includes(outcome),
    );
    expect(kept.length).toBeGreaterThan(10);
  });
});
