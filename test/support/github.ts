import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { z } from 'zod';
import type { Source } from '../../src/sources/define-source.ts';
import { githubSource } from '../../src/sources/github.ts';
import type { HttpVendor } from './http-vendor.ts';

/** Looks like a token of GitHub's, and is none. */
export const githubToken = 'ghp_notARealToken';

/** The source as environment variables make it; a webhook secret is always set. */
export function makeGithub(env: Record<string, string> = {}): Source {
  return githubSource.create(z.object(githubSource.settings).parse({ GITHUB_WEBHOOK_SECRET: 'x', ...env }));
}

/** The parts of a source that read the API of a stand-in, with a token unless the settings say otherwise. */
export function connectGithub(
  vendor: HttpVendor,
  env: Record<string, string> = { GITHUB_TOKEN: githubToken },
): Required<Pick<Source, 'fetchRecord' | 'listChanged' | 'redeliverMissed'>> {
  const { fetchRecord, listChanged, redeliverMissed } = makeGithub({
    GITHUB_API_URL: vendor.url,
    GITHUB_REPOSITORIES: 'octo/hello,octo/world',
    GITHUB_HOOKS: 'octo/hello/77',
    ...env,
  });
  if (fetchRecord === undefined || listChanged === undefined || redeliverMissed === undefined) {
    throw new Error('With a token all of them are there.');
  }
  return { fetchRecord, listChanged, redeliverMissed };
}

/** The key of a GitHub App, made for these tests. */
export const appKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const appKeyPem = appKey.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
/** What makes a source an App's. */
export const appEnv = {
  GITHUB_APP_ID: '4711',
  GITHUB_APP_INSTALLATION_ID: '99',
  GITHUB_APP_PRIVATE_KEY: appKeyPem,
};

const require = createRequire(import.meta.url);
const examplesSchema = z.array(
  z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.json())) }),
);

/** The sets of payloads that GitHub publishes in @octokit/webhooks-examples. */
export const githubExampleSets = ['api.github.com', 'ghes-31', 'ghes-32', 'ghes-33', 'ghes-34', 'ghes-35'];

interface GithubExample {
  /** Of the event. */
  name: string;
  body: Record<string, z.core.util.JSONType>;
}

const examplesOf = new Map<string, readonly GithubExample[]>();

/** All payloads of a set. */
export function githubExamples(set: string): readonly GithubExample[] {
  const known = examplesOf.get(set);
  if (known !== undefined) return known;
  const examples = examplesSchema
    .parse(require(`@octokit/webhooks-examples/${set}/index.json`))
    .flatMap(({ name, examples: bodies }) => bodies.map((body) => ({ name, body })));
  examplesOf.set(set, examples);
  return examples;
}

/**
 * What each published event is about: the types of the entities that a source with a token takes from it; none where the event
 * completes as `ignored`, or, of a ping, is only answered.
 */
export const githubEntities: Readonly<Record<string, readonly string[]>> = {
  branch_protection_rule: [],
  cache_sync: [],
  check_run: ['check_run'],
  check_suite: ['check_suite'],
  code_scanning_alert: ['code_scanning_alert'],
  commit_comment: ['commit_comment'],
  content_reference: [],
  create: ['branch', 'tag'],
  delete: ['branch', 'tag'],
  dependabot_alert: ['dependabot_alert'],
  deploy_key: ['deploy_key'],
  deployment: ['deployment'],
  deployment_review: [],
  deployment_status: ['deployment_status'],
  discussion: [],
  discussion_comment: [],
  enterprise: [],
  fork: [],
  github_app_authorization: [],
  gollum: [],
  installation: [],
  installation_repositories: [],
  issue_comment: ['issue_comment'],
  issues: ['issue'],
  label: [],
  marketplace_purchase: [],
  member: [],
  membership: [],
  merge_group: [],
  meta: [],
  milestone: ['milestone'],
  org_block: [],
  organization: [],
  package: [],
  page_build: [],
  ping: [],
  project: [],
  project_card: [],
  project_column: [],
  projects_v2_item: [],
  public: ['repository'],
  pull_request: ['pull_request'],
  pull_request_review: ['pull_request_review'],
  pull_request_review_comment: ['pull_request_review_comment'],
  pull_request_review_thread: [],
  push: ['branch', 'tag'],
  release: ['release'],
  repository: ['repository'],
  repository_dispatch: [],
  repository_import: [],
  repository_vulnerability_alert: [],
  secret_scanning_alert: [],
  secret_scanning_alert_location: [],
  security_advisory: [],
  sponsorship: [],
  star: [],
  status: [],
  team: [],
  team_add: [],
  user: [],
  watch: [],
  workflow_dispatch: [],
  workflow_job: ['workflow_job'],
  workflow_run: ['workflow_run'],
};

/** How the id of a type is written. */
export function githubIdPattern(type: string): RegExp {
  const repository = String.raw`[\w.-]+/[\w.-]+`;
  switch (type) {
    case 'branch':
      return new RegExp(`^${repository}@refs/heads/.+$`);
    case 'tag':
      return new RegExp(`^${repository}@refs/tags/.+$`);
    case 'repository':
      return new RegExp(`^${repository}$`);
    case 'pull_request_review':
    case 'deployment_status':
      return new RegExp(`^${repository}#\\d+/\\d+$`);
    default:
      return new RegExp(`^${repository}#\\d+$`);
  }
}
