import { z } from 'zod';
import { VendorAnswerError, VendorDeniedError, VendorRefusedError } from '../errors.ts';
import { isJsonObject } from '../model/json.ts';
import { githubScheme } from '../verification/github.ts';
import type { Change } from '../handlers/repair-types.ts';
import { defineSource, type Source } from './define-source.ts';
import { largestBodyBytes } from './body-limit.ts';
import { createGithubApi, type GithubApi } from './github-api.ts';
import { createGithubChanges } from './github-changes.ts';
import { createGithubRedelivery, keptMilliseconds } from './github-deliveries.ts';
import { readGithubEvent } from './github-event.ts';
import { githubPlace } from './github-records.ts';
import { chooseReader, githubSettings } from './github-settings.ts';

/**
 * GitHub: issues, pull requests, comments, releases, branches and tags, runs, checks and what else its REST API shows again.
 *
 * With `GITHUB_TOKEN` or a GitHub App (`GITHUB_APP_ID` and what goes with it) each record is fetched fresh. With
 * `GITHUB_REPOSITORIES` (`owner/name`, or `owner/*` for an organisation) the lists of `GITHUB_RECONCILE` are reconciled, and what no
 * attempt at the deliveries of `GITHUB_HOOKS` brought is asked for again. Without a token or an App, what the payload says is all
 * there is. Set the webhook's content type to `application/json`: GitHub can also send forms, which are answered with 415.
 *
 * @see https://docs.github.com/en/webhooks
 */
export const githubSource = defineSource({
  name: 'github',
  settings: githubSettings,
  create(settings) {
    const { GITHUB_REPOSITORIES: repositories, GITHUB_HOOKS: hooks, GITHUB_API_URL: apiUrl } = settings;
    const common = {
      verification: githubScheme({ secrets: settings.GITHUB_WEBHOOK_SECRET }),
      maxBodyBytes: largestBodyBytes,
      handshake: ({ headers }) => (headers['x-github-event'] === 'ping' ? { pong: true } : null),
      sample,
    } satisfies Partial<Source>;
    const reader = chooseReader(settings);
    if (reader === null) {
      return { ...common, readEvent: (delivery) => readGithubEvent(delivery, { keepSnapshot: true }) };
    }
    const api = createGithubApi({ reader, apiUrl });
    const lists = settings.GITHUB_RECONCILE;
    return {
      ...common,
      readEvent: (delivery) => readGithubEvent(delivery, { keepSnapshot: false }),
      fetchRecord: createFetchRecord(api),
      ...(repositories.length === 0
        ? {}
        : { listChanged: createGithubChanges(api, { repositories, lists }), repairType }),
      ...(hooks.length === 0
        ? {}
        : {
            redeliverMissed: createGithubRedelivery(api, {
              hooks,
              kept: keptMilliseconds(apiUrl),
              now: Date.now,
            }),
          }),
    };
  },
});

/** Events that are named otherwise than their records, or whose actions are. */
const eventNames: Readonly<Record<string, string>> = { issue: 'issues' };
const actions: Readonly<Record<string, Record<Change, string>>> = {
  issue: { created: 'opened', updated: 'edited', deleted: 'deleted' },
  pull_request: { created: 'opened', updated: 'edited', deleted: 'closed' },
  release: { created: 'published', updated: 'edited', deleted: 'deleted' },
  workflow_run: { created: 'requested', updated: 'completed', deleted: 'deleted' },
};
const usualActions = { created: 'created', updated: 'edited', deleted: 'deleted' };

/** What GitHub would have called a change that only a list has shown. */
const repairType: NonNullable<Source['repairType']> = ({ type }, change) =>
  `${eventNames[type] ?? type}.${(actions[type] ?? usualActions)[change]}`;

function createFetchRecord(api: GithubApi): NonNullable<Source['fetchRecord']> {
  return async (entity, { signal }) => {
    const { type, id } = entity;
    const place = githubPlace(entity);
    if (place === null) throw new VendorRefusedError(`GitHub shows no ${type} "${id}".`);
    const repositoryPath = `/repos/${place.repository}`;
    const getRepository = () => api({ path: repositoryPath, what: `repository ${place.repository}`, signal });

    const { path, absent } = place;
    const answer = await api({ path, absent, what: `${type} ${id}`, signal });
    if (!answer.found) {
      // GitHub says 404, not 403, of what a token may not see: taken for deletions, a token that lost its access would
      // wipe out every record of the repository.
      if (answer.status === 404 && path !== repositoryPath && !(await getRepository()).found) {
        throw new VendorDeniedError(
          `GitHub shows no repository "${place.repository}": it is gone, or GITHUB_TOKEN or the App may not read it.`,
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
