import { z } from 'zod';
import { ConfigurationError, VendorAnswerError, VendorRefusedError } from '../errors.ts';
import { isJsonObject } from '../model/json.ts';
import { splitList } from '../model/split-list.ts';
import { githubScheme } from '../verification/github.ts';
import { defineSource, type Source } from './define-source.ts';
import { createGithubApi, type GithubApi } from './github-api.ts';
import { createGithubChanges } from './github-changes.ts';
import { readGithubEvent } from './github-event.ts';
import { githubPath } from './github-records.ts';
import { optionalSecret, secretList } from './secret-settings.ts';
import { optionalUrl } from './settings.ts';

/**
 * GitHub: issues, pull requests, releases, checks, runs and what else its REST API shows again.
 *
 * With `GITHUB_TOKEN` each record is fetched fresh; with `GITHUB_REPOSITORIES` (`owner/name`, separated by commas) their
 * issues and pull requests are reconciled. Without a token, what the payload says is all there is.
 * Set the webhook's content type to `application/json`: GitHub can also send forms, which are answered with 415.
 *
 * @see https://docs.github.com/en/webhooks
 */
export const githubSource = defineSource({
  name: 'github',
  settings: {
    GITHUB_WEBHOOK_SECRET: secretList(),
    GITHUB_TOKEN: optionalSecret(),
    GITHUB_API_URL: optionalUrl(),
    GITHUB_REPOSITORIES: repositoryList(),
  },
  create(settings) {
    const { GITHUB_TOKEN: token, GITHUB_REPOSITORIES: repositories } = settings;
    const common = {
      verification: githubScheme({ secrets: settings.GITHUB_WEBHOOK_SECRET }),
      handshake: ({ headers }) => (headers['x-github-event'] === 'ping' ? { pong: true } : null),
      sample,
    } satisfies Partial<Source>;
    if (token === undefined) {
      if (repositories.length > 0) {
        throw new ConfigurationError(
          'GITHUB_REPOSITORIES can only be reconciled with a GITHUB_TOKEN: set both, or neither.',
        );
      }
      return { ...common, readEvent: (delivery) => readGithubEvent(delivery, { keepSnapshot: true }) };
    }
    const api = createGithubApi({ token, apiUrl: settings.GITHUB_API_URL });
    return {
      ...common,
      readEvent: (delivery) => readGithubEvent(delivery, { keepSnapshot: false }),
      fetchRecord: createFetchRecord(api),
      ...(repositories.length === 0 ? {} : { listChanged: createGithubChanges(api, repositories) }),
    };
  },
});

function createFetchRecord(api: GithubApi): NonNullable<Source['fetchRecord']> {
  return async ({ type, id }, { signal }) => {
    const place = githubPath(type, id);
    if (place === null) throw new VendorRefusedError(`GitHub shows no ${type} "${id}".`);
    const repositoryPath = `/repos/${place.repository}`;
    const getRepository = () => api({ path: repositoryPath, what: `repository ${place.repository}`, signal });

    const answer = await api({ path: place.path, what: `${type} ${id}`, signal });
    if (!answer.found) {
      // GitHub says 404, not 403, of what a token may not see: taken for deletions, a token that lost its access would
      // wipe out every record of the repository.
      if (answer.status === 404 && place.path !== repositoryPath && !(await getRepository()).found) {
        throw new VendorRefusedError(
          `GitHub shows no repository "${place.repository}" to this token: it is gone, or GITHUB_TOKEN may not read it.`,
        );
      }
      return null;
    }
    const record = z.record(z.string(), z.json()).safeParse(answer.data);
    if (!record.success)
      throw new VendorAnswerError(`GitHub answered ${type} ${id} with something that is no object.`);
    if (type === 'issue' && (await hasMoved(record.data['repository_url']))) return null;
    return { data: record.data, version: null, sourceTime: record.data['updated_at'] ?? null };

    /** A transferred issue answers from its new repository; so does one whose repository was only renamed. */
    async function hasMoved(repositoryUrl: unknown): Promise<boolean> {
      if (typeof repositoryUrl !== 'string') return false;
      if (repositoryUrl.toLowerCase().endsWith(repositoryPath.toLowerCase())) return false;
      const repository = await getRepository();
      return !(repository.found && isJsonObject(repository.data) && repository.data['url'] === repositoryUrl);
    }
  };
}

function repositoryList(): z.ZodType<string[]> {
  return z.preprocess(
    (value) => value ?? '',
    z
      .string()
      .refine((text) => splitList(text).every((each) => /^[\w.-]+\/[\w.-]+$/.test(each)), {
        error: 'must be a list of owner/name, separated by commas',
      })
      .transform((text) => splitList(text)),
  );
}

function sample() {
  return {
    headers: {
      'x-github-event': 'issues',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    },
    body: {
      action: 'opened',
      issue: { id: 1, number: 1, title: 'A sample', state: 'open', updated_at: '2026-01-01T00:00:00Z' },
      repository: { id: 1, full_name: 'octocat/hello-world' },
    },
  };
}
