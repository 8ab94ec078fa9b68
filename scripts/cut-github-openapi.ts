import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

/**
 * Cuts out of GitHub's OpenAPI description what the source `github` asks for, into test/fixtures/github-openapi.json. The package with
 * the whole of it has half a gigabyte. Run by hand: `npx tsx scripts/cut-github-openapi.ts`.
 */
const packageName = '@octokit/openapi@23.0.2';

/** Below `/repos/{owner}/{repo}`, but for those that begin with a slash of their own. */
const operations = [
  'get /orgs/{org}/repos',
  'post /app/installations/{installation_id}/access_tokens',
  ...['/app/hook', '/orgs/{org}/hooks/{hook_id}', '/repos/{owner}/{repo}/hooks/{hook_id}'].flatMap((hook) => [
    `get ${hook}/deliveries`,
    `post ${hook}/deliveries/{delivery_id}/attempts`,
  ]),
  ...[
    '',
    '/actions/jobs/{job_id}',
    '/actions/runs',
    '/actions/runs/{run_id}',
    '/check-runs/{check_run_id}',
    '/check-suites/{check_suite_id}',
    '/code-scanning/alerts/{alert_number}',
    '/comments',
    '/comments/{comment_id}',
    '/dependabot/alerts/{alert_number}',
    '/deployments/{deployment_id}',
    '/deployments/{deployment_id}/statuses/{status_id}',
    '/git/ref/{ref}',
    '/issues',
    '/issues/comments',
    '/issues/comments/{comment_id}',
    '/issues/{issue_number}',
    '/keys/{key_id}',
    '/milestones/{milestone_number}',
    '/pulls/comments',
    '/pulls/comments/{comment_id}',
    '/pulls/{pull_number}',
    '/pulls/{pull_number}/reviews/{review_id}',
    '/releases',
    '/releases/{release_id}',
  ].map((path) => `get /repos/{owner}/{repo}${path}`),
];

const node = z.record(z.string(), z.unknown());
type Node = z.infer<typeof node>;
const asNode = (value: unknown): Node => node.catch({}).parse(value);
const asList = (value: unknown): unknown[] => z.array(z.unknown()).catch([]).parse(value);

const folder = await mkdtemp(join(tmpdir(), 'github-openapi-'));
try {
  await promisify(execFile)('npm', ['pack', packageName, '--silent'], { cwd: folder });
  await promisify(execFile)(
    'sh',
    ['-c', 'tar xzf *.tgz package/LICENSE package/generated/api.github.com.json'],
    {
      cwd: folder,
    },
  );
  const whole = asNode(
    JSON.parse(await readFile(join(folder, 'package/generated/api.github.com.json'), 'utf8')),
  );
  const cut = {
    note: `Cut by scripts/cut-github-openapi.ts out of ${packageName}.`,
    license: await readFile(join(folder, 'package/LICENSE'), 'utf8'),
    operations: Object.fromEntries(operations.map((operation) => [operation, describe(whole, operation)])),
  };
  const path = fileURLToPath(new URL('../test/fixtures/github-openapi.json', import.meta.url));
  await writeFile(path, `${JSON.stringify(cut, null, 1)}\n`);
  console.log(`${path}: ${operations.length} operations`);
} finally {
  await rm(folder, { recursive: true });
}

function describe(whole: Node, operation: string): Node {
  const [method = '', path = ''] = operation.split(' ');
  const found = asNode(asNode(asNode(whole['paths'])[path])[method]);
  if (Object.keys(found).length === 0) throw new Error(`GitHub describes no ${operation}.`);
  const responses = asNode(found['responses']);
  const [status = ''] = Object.keys(responses).filter((each) => each.startsWith('2'));
  const content = asNode(asNode(asNode(resolve(whole, responses[status]))['content'])['application/json']);
  const [example] = Object.values(asNode(content['examples']));
  return {
    status: Number(status),
    query: Object.fromEntries(
      asList(found['parameters'])
        .map((parameter) => resolve(whole, parameter))
        .filter((parameter) => parameter['in'] === 'query')
        .map((parameter) => [parameter['name'], asNode(parameter['schema'])['enum'] ?? null]),
    ),
    fields: fieldsOf(whole, content['schema']).join(' '),
    example: valueOf(whole, example),
  };
}

/** An example stands under its own name, or is an example of that name again. */
function valueOf(whole: Node, example: unknown): unknown {
  const { value } = resolve(whole, example);
  const inner = asNode(value);
  return typeof inner['$ref'] === 'string' ? valueOf(whole, inner) : (value ?? null);
}

/** The names of an object's properties, of a list those of its items; of a page that holds a list, as `workflow_runs.id`. */
function fieldsOf(whole: Node, value: unknown): string[] {
  const schema = resolve(whole, value);
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((name) => asList(schema[name]));
  const properties = Object.entries(asNode(schema['properties'])).flatMap(([name, each]) => {
    const list = resolve(whole, each)['items'];
    return [name, ...(name === 'workflow_runs' ? fieldsOf(whole, list).map((of) => `${name}.${of}`) : [])];
  });
  const items = schema['items'] === undefined ? [] : fieldsOf(whole, schema['items']);
  return [...new Set([...parts.flatMap((part) => fieldsOf(whole, part)), ...properties, ...items])].sort();
}

function resolve(whole: Node, value: unknown): Node {
  const found = asNode(value);
  const reference = found['$ref'];
  if (typeof reference !== 'string') return found;
  const steps = reference.replace(/^#\//, '').split('/');
  return resolve(
    whole,
    steps.reduce<unknown>((at, step) => asNode(at)[step], whole),
  );
}
