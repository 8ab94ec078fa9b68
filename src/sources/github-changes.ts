import { z } from 'zod';
import { VendorAnswerError, VendorRefusedError } from '../errors.ts';
import type { Source } from './define-source.ts';
import type { GithubApi } from './github-api.ts';

const pageSize = 100;

const itemSchema = z.looseObject({
  number: z.int(),
  updated_at: z.iso.datetime(),
  /** `…/repos/<owner>/<name>`, the name as it is written now. */
  repository_url: z.url(),
  /** Only pull requests have it. */
  pull_request: z.unknown().optional(),
});

const cursorSchema = z.object({
  repository: z.string(),
  since: z.string().nullable(),
  page: z.int().min(1),
});
type Cursor = z.infer<typeof cursorSchema>;

/**
 * Lists the issues and pull requests of one repository after the other, the longest unchanged first.
 *
 * The next page begins at the time of the last item, not at a number of items: an item that changes meanwhile moves to
 * the end of the list and would pull others over the edge of a counted page. Only where a whole page has one time are
 * its items counted. Items at the edge come twice, which costs a comparison.
 *
 * @see https://docs.github.com/en/rest/issues/issues#list-repository-issues
 */
export function createGithubChanges(
  api: GithubApi,
  repositories: readonly string[],
): NonNullable<Source['listChanged']> {
  return async ({ since, cursor }, { signal }) => {
    const [first = ''] = repositories;
    const at: Cursor =
      cursor === null ? { repository: first, since, page: 1 } : cursorSchema.parse(JSON.parse(cursor));
    const index = repositories.indexOf(at.repository);
    if (index === -1) {
      throw new VendorRefusedError(
        `GITHUB_REPOSITORIES no longer names "${at.repository}", which this reconciliation was reading: start it again.`,
      );
    }
    const answer = await api({
      path: `/repos/${at.repository}/issues`,
      query: {
        state: 'all',
        sort: 'updated',
        direction: 'asc',
        per_page: pageSize,
        page: at.page,
        ...(at.since === null ? {} : { since: wholeSeconds(Date.parse(at.since)) }),
      },
      what: `the issues of ${at.repository}`,
      signal,
    });
    if (!answer.found) {
      throw new VendorRefusedError(
        `GitHub shows no repository "${at.repository}" to this token: check GITHUB_REPOSITORIES and what GITHUB_TOKEN may read.`,
      );
    }
    const items = z.array(itemSchema).safeParse(answer.data);
    if (!items.success) {
      throw new VendorAnswerError(
        `GitHub's list of the issues of ${at.repository} is not one: ${z.prettifyError(items.error)}`,
      );
    }
    const changes = items.data.map((item) => ({
      entity: {
        type: item.pull_request === undefined ? 'issue' : 'pull_request',
        id: `${item.repository_url.split('/').slice(-2).join('/')}#${item.number}`,
      },
      version: null,
      sourceTime: item.updated_at,
      deleted: false,
    }));
    const last = items.data.at(-1);
    const nextRepository = repositories[index + 1];
    if (answer.hasNext && last !== undefined) {
      return { changes, nextCursor: JSON.stringify(nextPage(at, last.updated_at)) };
    }
    if (nextRepository === undefined) return { changes, nextCursor: null };
    const next: Cursor = { repository: nextRepository, since, page: 1 };
    return { changes, nextCursor: JSON.stringify(next) };
  };
}

/** A second before the last item, because it is not documented whether `since` takes in its own second. */
function nextPage(at: Cursor, lastUpdatedAt: string): Cursor {
  const since = Date.parse(lastUpdatedAt) - 1000;
  const moved = at.since === null || since > Date.parse(at.since);
  return moved ? { ...at, since: wholeSeconds(since), page: 1 } : { ...at, page: at.page + 1 };
}

function wholeSeconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
