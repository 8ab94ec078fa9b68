import { z } from 'zod';
import { VendorRefusedError } from '../errors.ts';
import { type GithubApi, readGithubPage } from './github-api.ts';

const pageSize = 100;
/** Names that a cursor carries: so that an organisation is listed once for each so many repositories. */
const namesAtOnce = 50;

const repositoriesSchema = z.array(z.object({ id: z.int(), full_name: z.string() }));

/** A repository on the way through `GITHUB_REPOSITORIES`. As JSON it is part of a cursor. */
export const githubStopSchema = z.object({
  /** What of the setting it is of: `owner/name` or `owner/*`. */
  entry: z.string(),
  /** `owner/name`. */
  repository: z.string(),
  /** The names that follow within the entry, and the id of the last of them: GitHub counts it up, and a name may change. */
  others: z.array(z.string()),
  last: z.int(),
});
export type GithubStop = z.infer<typeof githubStopSchema>;

/** True for `owner/*`, which stands for all repositories of an organisation. */
export function isOrganization(entry: string): boolean {
  return entry.endsWith('/*');
}

/**
 * The way through the repositories of a setting, one after the other. Those of an organisation go by their ids, so that none is
 * lost where one is added, renamed or deleted on the way.
 *
 * @returns the repository behind `stop` (null: the first one); null behind the last
 * @throws VendorRefusedError where the setting no longer has the stop, or GitHub shows no such organisation
 */
export function createGithubRoute(
  api: GithubApi,
  entries: readonly string[],
): (stop: GithubStop | null, signal: AbortSignal) => Promise<GithubStop | null> {
  return async (stop, signal) => {
    const [next, ...others] = stop?.others ?? [];
    if (stop !== null && next !== undefined) return { ...stop, repository: next, others };
    const from = stop === null ? 0 : entries.indexOf(stop.entry);
    if (from === -1) {
      throw new VendorRefusedError(
        `GITHUB_REPOSITORIES no longer names "${stop?.entry ?? ''}", which this reconciliation was reading: start it again.`,
      );
    }
    for (const entry of entries.slice(from)) {
      const opened = await open(entry, entry === stop?.entry ? stop.last : 0, signal);
      if (opened !== null) return opened;
    }
    return null;
  };

  async function open(entry: string, beyond: number, signal: AbortSignal): Promise<GithubStop | null> {
    if (!isOrganization(entry)) return beyond > 0 ? null : { entry, repository: entry, others: [], last: 1 };
    const found = await listOrganization(api, entry.slice(0, -2), signal);
    const batch = found
      .filter(({ id }) => id > beyond)
      .sort((a, b) => a.id - b.id)
      .slice(0, namesAtOnce);
    const [repository, ...others] = batch.map((each) => each.full_name);
    return repository === undefined ? null : { entry, repository, others, last: batch.at(-1)?.id ?? beyond };
  }
}

/** @see https://docs.github.com/en/rest/repos/repos#list-organization-repositories */
async function listOrganization(
  api: GithubApi,
  organization: string,
  signal: AbortSignal,
): Promise<z.infer<typeof repositoriesSchema>> {
  const all: z.infer<typeof repositoriesSchema> = [];
  for (let page = 1; ; page += 1) {
    const what = `the repositories of ${organization}`;
    const answer = await api({
      path: `/orgs/${organization}/repos`,
      // New ones come last and move none of the others.
      query: { sort: 'created', direction: 'asc', per_page: pageSize, page },
      what,
      signal,
    });
    if (!answer.found) {
      throw new VendorRefusedError(
        `GitHub shows no organisation "${organization}": check GITHUB_REPOSITORIES, and what the token or the App may read.`,
      );
    }
    all.push(...readGithubPage(repositoriesSchema, answer.data, what));
    if (answer.next === null) return all;
  }
}
