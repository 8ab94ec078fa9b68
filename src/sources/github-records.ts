import type { EntityRef } from '../model/event.ts';
import { githubRefPath } from './github-refs.ts';

/** A kind of record that GitHub's REST API shows by number or id. */
export interface GithubRecord {
  /** The entity's type. */
  type: string;
  /** The property of the payload that holds the record. */
  property: string;
  /** What of the record names it within its repository; null for the repository itself. */
  key: 'number' | 'id' | null;
  /** Its place below `/repos/<owner>/<name>/`, with `{parent}` where it lies below another record. */
  path: string;
  parent?: { property: string; key: 'number' | 'id' };
}

const repository: GithubRecord = { type: 'repository', property: 'repository', key: null, path: '' };

/**
 * The records that events are about, by the name of the event; branches and tags are in github-refs.ts. All others complete as
 * `ignored`:
 *
 * - what REST shows under no address that stays (a star, a fork, a discussion, a label, whose name is its address);
 * - what belongs to no repository (an organisation's members and teams, an installation, a sponsorship);
 * - alerts of secret scanning, whose record is the leaked secret itself.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
export const githubRecords: ReadonlyMap<string, GithubRecord> = new Map([
  ['check_run', { type: 'check_run', property: 'check_run', key: 'id', path: 'check-runs' }],
  ['check_suite', { type: 'check_suite', property: 'check_suite', key: 'id', path: 'check-suites' }],
  [
    'code_scanning_alert',
    { type: 'code_scanning_alert', property: 'alert', key: 'number', path: 'code-scanning/alerts' },
  ],
  ['commit_comment', { type: 'commit_comment', property: 'comment', key: 'id', path: 'comments' }],
  [
    'dependabot_alert',
    { type: 'dependabot_alert', property: 'alert', key: 'number', path: 'dependabot/alerts' },
  ],
  ['deploy_key', { type: 'deploy_key', property: 'key', key: 'id', path: 'keys' }],
  ['deployment', { type: 'deployment', property: 'deployment', key: 'id', path: 'deployments' }],
  [
    'deployment_status',
    {
      type: 'deployment_status',
      property: 'deployment_status',
      key: 'id',
      path: 'deployments/{parent}/statuses',
      parent: { property: 'deployment', key: 'id' },
    },
  ],
  ['issue_comment', { type: 'issue_comment', property: 'comment', key: 'id', path: 'issues/comments' }],
  ['issues', { type: 'issue', property: 'issue', key: 'number', path: 'issues' }],
  ['milestone', { type: 'milestone', property: 'milestone', key: 'number', path: 'milestones' }],
  ['public', repository],
  ['pull_request', { type: 'pull_request', property: 'pull_request', key: 'number', path: 'pulls' }],
  [
    'pull_request_review',
    {
      type: 'pull_request_review',
      property: 'review',
      key: 'id',
      path: 'pulls/{parent}/reviews',
      parent: { property: 'pull_request', key: 'number' },
    },
  ],
  [
    'pull_request_review_comment',
    { type: 'pull_request_review_comment', property: 'comment', key: 'id', path: 'pulls/comments' },
  ],
  ['release', { type: 'release', property: 'release', key: 'id', path: 'releases' }],
  ['repository', repository],
  ['workflow_job', { type: 'workflow_job', property: 'workflow_job', key: 'id', path: 'actions/jobs' }],
  ['workflow_run', { type: 'workflow_run', property: 'workflow_run', key: 'id', path: 'actions/runs' }],
]);

const byType = new Map([...githubRecords.values()].map((record) => [record.type, record]));

/** Where the API shows an entity. */
export interface GithubPlace {
  /** `owner/name`. */
  repository: string;
  path: string;
  /** The statuses by which GitHub says that there is none. */
  absent: readonly number[];
}

/**
 * Where the API shows an entity: null where it does not, or where the id is not `owner/name#key` or `owner/name@refs/…`.
 *
 * @throws VendorRefusedError for the name of a branch that would lead to another path
 */
export function githubPlace(entity: EntityRef): GithubPlace | null {
  const place = githubRefPath(entity) ?? recordPath(entity);
  if (place === null) return null;
  if (place.repository.split('/').some((part) => part === '.' || part === '..')) return null;
  // 409: the repository is empty, so it has no branch.
  return { ...place, absent: entity.id.includes('@') ? [404, 409, 410] : [404, 410] };
}

function recordPath({ type, id }: EntityRef): { repository: string; path: string } | null {
  const record = byType.get(type);
  const [, repositoryName, parent, key] = /^([\w.-]+\/[\w.-]+)(?:#(?:(\d+)\/)?(\d+))?$/.exec(id) ?? [];
  if (record === undefined || repositoryName === undefined) return null;
  if ((record.key === null) !== (key === undefined)) return null;
  if ((record.parent === undefined) !== (parent === undefined)) return null;
  const below = key === undefined ? '' : `/${record.path.replace('{parent}', parent ?? '')}/${key}`;
  return { repository: repositoryName, path: `/repos/${repositoryName}${below}` };
}
