import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ListedChange } from '../../../src/sources/define-source.ts';
import { githubLists } from '../../../src/sources/github-lists.ts';
import { githubRecords } from '../../../src/sources/github-records.ts';
import { appEnv, connectGithub, githubToken } from '../../support/github.ts';
import { startHttpVendor, type VendorRequest } from '../../support/http-vendor.ts';

/** GitHub's own OpenAPI description, cut by scripts/cut-github-openapi.ts. */
const operationSchema = z.object({
  status: z.int(),
  query: z.record(z.string(), z.array(z.string()).nullable()),
  fields: z.string().transform((names) => names.split(' ')),
  example: z.json(),
});
type Operation = z.infer<typeof operationSchema>;
const { operations } = z
  .object({ operations: z.record(z.string(), operationSchema) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/github-openapi.json'), 'utf8')));

const signal = new AbortController().signal;

function operationOf({ method, url }: VendorRequest): [string, Operation] | undefined {
  const fits = (name: string) => {
    const [, path = ''] = name.split(' ');
    // Only the name of a ref may have slashes.
    const pattern = path.replaceAll(/\{(\w+)\}/g, (_, parameter) => (parameter === 'ref' ? '.+' : '[^/]+'));
    return name.startsWith(method.toLowerCase()) && new RegExp(`^${pattern}$`).test(url.pathname);
  };
  const literal = (name: string) => name.split('/').filter((part) => !part.includes('{')).length;
  return Object.entries(operations)
    .filter(([name]) => fits(name))
    .sort(([a], [b]) => literal(b) - literal(a))[0];
}

/** Answers each request with the example of its operation, and notes what the description does not have. */
async function startDescribed(change: (example: Operation['example']) => unknown = (example) => example) {
  const wrong: string[] = [];
  const called = new Set<string>();
  const vendor = await startHttpVendor((request) => {
    const found = operationOf(request);
    if (found === undefined) {
      wrong.push(`${request.method} ${request.url.pathname}`);
      return { status: 404 };
    }
    const [name, { query, example, status }] = found;
    called.add(name);
    for (const [parameter, value] of request.url.searchParams) {
      const values = query[parameter];
      if (values === undefined || (values !== null && !values.includes(value))) {
        wrong.push(`${name}?${parameter}=${value}`);
      }
    }
    return { status, json: change(example) };
  });
  const finish = async () => {
    await vendor[Symbol.asyncDispose]();
    expect(wrong).toEqual([]);
  };
  return { vendor, called, [Symbol.asyncDispose]: finish };
}

const fieldsFor = (path: string) => operations[`get /repos/{owner}/{repo}${path}`]?.fields ?? [];

describe('GitHub’s own description of its API', () => {
  /** Without a time of change, as it says itself: the fresh read settles which is newer. */
  const untimed = ['branch', 'check_run', 'deploy_key', 'pull_request_review', 'tag', 'workflow_job'];
  const types = [...new Set([...githubRecords.values()].map(({ type }) => type)), 'branch', 'tag'];

  it.each(types)('has the record of each %s, with its time of change or without', async (type) => {
    await using described = await startDescribed();
    const record = [...githubRecords.values()].find((each) => each.type === type);
    const key = record?.parent === undefined ? '#7' : '#5/7';
    const ref = type === 'branch' ? '@refs/heads/featureA' : '@refs/tags/v1';
    const id = `octocat/Hello-World${record === undefined ? ref : record.key === null ? '' : key}`;
    const read = await connectGithub(described.vendor).fetchRecord({ type, id }, { signal });

    const [name = ''] = described.called;
    const { example, fields = [] } = operations[name] ?? {};
    expect(read?.data).toEqual(example);
    expect(fields.includes('updated_at')).toBe(!untimed.includes(type));
    const { updated_at: updatedAt = null } = z.object({ updated_at: z.string().optional() }).parse(example);
    expect(read?.sourceTime).toBe(updatedAt);
  });

  it('has each list, its parameters, and what is read of its items', async () => {
    await using described = await startDescribed();
    const { listChanged } = connectGithub(described.vendor, {
      GITHUB_TOKEN: githubToken,
      GITHUB_REPOSITORIES: 'octocat/Hello-World',
      GITHUB_RECONCILE: githubLists.map(({ name }) => name).join(','),
    });
    const changes: ListedChange[] = [];
    let cursor: string | null = null;
    do {
      const page = await listChanged({ since: '2026-01-01T00:00:00Z', cursor }, { signal });
      changes.push(...page.changes);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(changes.map(({ entity }) => `${entity.type} ${entity.id}`))).toEqual(
      new Set([
        'pull_request octocat/Hello-World#1347',
        'issue_comment octocat/Hello-World#1',
        'pull_request_review_comment octocat/Hello-World#10',
        'release octocat/Hello-World#1',
        'workflow_run octo-org/octo-repo#30433642',
        'commit_comment octocat/Hello-World#1',
      ]),
    );
    for (const { path, key, property } of githubLists) {
      const within = property === undefined ? '' : `${property}.`;
      expect(fieldsFor(`/${path}`)).toEqual(
        expect.arrayContaining([key, 'url', 'created_at', 'updated_at'].map((field) => `${within}${field}`)),
      );
    }
    expect(fieldsFor('/issues')).toContain('pull_request');
    const features = githubLists.flatMap(({ feature }) => feature ?? []);
    expect(fieldsFor('')).toEqual(expect.arrayContaining(features));
  });

  it('has the repositories of an organisation', async () => {
    await using described = await startDescribed();
    const { listChanged } = connectGithub(described.vendor, {
      GITHUB_TOKEN: githubToken,
      GITHUB_REPOSITORIES: 'octocat/*',
      GITHUB_RECONCILE: 'issues',
    });
    await listChanged({ since: null, cursor: null }, { signal });
    expect([...described.called]).toEqual(['get /orgs/{org}/repos', 'get /repos/{owner}/{repo}/issues']);
    expect(operations['get /orgs/{org}/repos']?.fields).toEqual(expect.arrayContaining(['id', 'full_name']));
  });

  it('has the deliveries of each kind of hook, the way to ask for one again, and the token of an App', async () => {
    // They are of 2019, and kept for days. One of each kind: what failed is asked for.
    const deliveredAt = new Date(Date.now() - 3_600_000).toISOString();
    await using described = await startDescribed((example) =>
      Array.isArray(example)
        ? example.map((each) => ({ ...Object(each), delivered_at: deliveredAt, status_code: 502 }))
        : example,
    );
    const { redeliverMissed } = connectGithub(described.vendor, {
      ...appEnv,
      GITHUB_HOOKS: 'app,octo-org/12,octocat/Hello-World/12',
    });
    const { looked, asked } = await redeliverMissed({ since: null }, { signal });
    expect(looked).toBeGreaterThan(3);
    expect(asked).toBeGreaterThanOrEqual(3);
    expect([...described.called].sort()).toEqual([
      'get /app/hook/deliveries',
      'get /orgs/{org}/hooks/{hook_id}/deliveries',
      'get /repos/{owner}/{repo}/hooks/{hook_id}/deliveries',
      'post /app/hook/deliveries/{delivery_id}/attempts',
      'post /app/installations/{installation_id}/access_tokens',
      'post /orgs/{org}/hooks/{hook_id}/deliveries/{delivery_id}/attempts',
      'post /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts',
    ]);
    for (const [name, { fields }] of Object.entries(operations)) {
      if (!name.startsWith('get') || !name.endsWith('/deliveries')) continue;
      expect(fields).toEqual(
        expect.arrayContaining(['id', 'guid', 'delivered_at', 'redelivery', 'status_code']),
      );
    }
  });
});
