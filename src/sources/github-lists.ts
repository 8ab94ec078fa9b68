import { z } from 'zod';

/** Where in a list the next page begins. */
export interface ListPosition {
  /** The oldest time that is asked for; null: all. */
  since: string | null;
  /** The newest; null: up to now. */
  until: string | null;
  /** From 1, within that range. */
  page: number;
}

/** What every item of every list has. */
export const githubItemSchema = z.looseObject({
  id: z.int(),
  number: z.int().optional(),
  /** `…/repos/<owner>/<name>/…`, the name as it is written now. */
  url: z.url(),
  created_at: z.iso.datetime({ offset: true }),
  updated_at: z.iso.datetime({ offset: true }).nullish(),
});
export type GithubItem = z.infer<typeof githubItemSchema>;

/** How a list is read without losing an item that changes, comes or goes meanwhile. */
interface Paging {
  begin(since: string | null): ListPosition;
  query(at: ListPosition): Record<string, string | number>;
  /** Where the page behind the one that ended with this item begins. */
  next(at: ListPosition, last: GithubItem): ListPosition;
}

/**
 * The longest unchanged first. The next page begins at the time of the last item, not at a number of items: an item that
 * changes meanwhile moves to the end of the list and would pull others over the edge of a counted page. Only where a whole page
 * has one time are its items counted. Items at the edge come twice, which costs a comparison.
 */
const byUpdate: Paging = {
  begin: (since) => ({ since: since === null ? null : wholeSecond(since), until: null, page: 1 }),
  query: ({ since, page }) => ({
    sort: 'updated',
    direction: 'asc',
    page,
    ...(since === null ? {} : { since }),
  }),
  next(at, last) {
    // A second before the last item, because it is not documented whether `since` takes in its own second.
    const since = wholeSecond(last.updated_at ?? last.created_at, -second);
    const moved = at.since === null || Date.parse(since) > Date.parse(at.since);
    return moved ? { ...at, since, page: 1 } : { ...at, page: at.page + 1 };
  },
};

/**
 * The newest first, by the time at which they were made, which never changes. The next page ends at the time of the last
 * item, since GitHub shows no more than 1,000 items of one range.
 *
 * @param changesWithin - for how long an item is looked at again after it was made: GitHub cannot be asked what changed
 */
const byCreation = (changesWithin: number): Paging => ({
  begin: (since) => ({
    since: since === null ? null : wholeSecond(since, -changesWithin),
    until: null,
    page: 1,
  }),
  query({ since, until, page }) {
    if (since === null) return { page, ...(until === null ? {} : { created: `<=${until}` }) };
    return { page, created: until === null ? `>=${since}` : `${since}..${until}` };
  },
  next(at, last) {
    const until = wholeSecond(last.created_at, second);
    const moved = at.until === null || Date.parse(until) < Date.parse(at.until);
    return moved ? { ...at, until, page: 1 } : { ...at, page: at.page + 1 };
  },
});

/**
 * All of it, by pages that are counted, because the API knows no time to begin at. An item that is deleted while the pages are
 * read can hide another one from this run; the next one reads all again.
 */
const counted: Paging = {
  begin: () => ({ since: null, until: null, page: 1 }),
  query: ({ page }) => ({ page }),
  next: (at) => ({ ...at, page: at.page + 1 }),
};

/** A list of a repository's. */
export interface GithubList {
  /** As `GITHUB_RECONCILE` names it. */
  name: string;
  /** Below `/repos/<owner>/<name>/`. */
  path: string;
  /** What its items are. */
  typeOf: (item: GithubItem) => string;
  key: 'number' | 'id';
  /** The property of the answer that holds the items; where there is none, the answer is the items. */
  property?: string;
  query?: Readonly<Record<string, string>>;
  /** The property of the repository that says whether it has such items; where there is none, each repository may. */
  feature?: string;
  paging: Paging;
}

const day = 86_400_000;
const second = 1_000;

/**
 * The lists in which reconciliation looks for changes.
 *
 * GitHub lists no branches by time, no reviews but those of one pull request, and no checks but those of one commit.
 *
 * @see https://docs.github.com/en/rest/issues/issues#list-repository-issues
 * @see https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
 * @see https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
 * @see https://docs.github.com/en/rest/releases/releases#list-releases
 * @see https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
 * @see https://docs.github.com/en/rest/commits/comments#list-commit-comments-for-a-repository
 */
export const githubLists: readonly GithubList[] = [
  {
    name: 'issues',
    path: 'issues',
    // Only pull requests have it.
    typeOf: (item) => (item['pull_request'] === undefined ? 'issue' : 'pull_request'),
    key: 'number',
    query: { state: 'all' },
    feature: 'has_issues',
    paging: byUpdate,
  },
  {
    name: 'issue_comments',
    path: 'issues/comments',
    typeOf: () => 'issue_comment',
    key: 'id',
    feature: 'has_issues',
    paging: byUpdate,
  },
  {
    name: 'review_comments',
    path: 'pulls/comments',
    typeOf: () => 'pull_request_review_comment',
    key: 'id',
    feature: 'has_pull_requests',
    paging: byUpdate,
  },
  // No order is documented, and an edited release stays where it is: a list that is read up to a time would miss it.
  { name: 'releases', path: 'releases', typeOf: () => 'release', key: 'id', paging: counted },
  {
    name: 'workflow_runs',
    path: 'actions/runs',
    typeOf: () => 'workflow_run',
    key: 'id',
    property: 'workflow_runs',
    // Nearly all end within hours; one that waits for an approval or runs again later than this is found by its webhook alone.
    paging: byCreation(3 * day),
  },
  {
    name: 'commit_comments',
    path: 'comments',
    typeOf: () => 'commit_comment',
    key: 'id',
    paging: counted,
  },
];

/** As the API writes times, and as `created` takes them. */
function wholeSecond(time: string, shiftMilliseconds = 0): string {
  return new Date(Date.parse(time) + shiftMilliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
