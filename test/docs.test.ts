import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acmeSource } from '../examples/add-a-source/acme.ts';
import { createSourceCommand } from '../src/cli/commands/create-source.ts';
import { loadConfig } from '../src/config/load.ts';
import { settings } from '../src/config/schema.ts';
import { isSecret } from '../src/config/secret-values.ts';
import { consoleProblems } from '../src/console/problems.ts';
import * as errors from '../src/errors.ts';
import { createMetrics } from '../src/monitoring/metrics.ts';
import { problems } from '../src/receiver/problem.ts';
import { genericSourceSchema } from '../src/sources/generic-schema.ts';
import { readGenericSources } from '../src/sources/generic.ts';
import { sourceDefinitions } from '../src/sources/registry.ts';
import { loadTemporalTarget } from '../src/temporal/client.ts';
import { conformanceChecks } from '../src/testing/conformance-checks.ts';
import { openSource } from '../src/testing/open-source.ts';
import { rejectionReasons } from '../src/verification/scheme.ts';
import { listedMetrics } from './support/listed-metrics.ts';
import { anchors, codeBlocks, links, section, tableRows } from './support/markdown.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [...readdirSync(root), ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);
const namesIn = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([name]) => name)),
];

const errorsByCode = new Map(
  Object.values(errors)
    .filter((each) => each !== errors.LandfallError)
    .map((each): unknown => Reflect.construct(each, ['']))
    .filter((each) => each instanceof errors.LandfallError)
    .map(({ code, retryable }) => [code, retryable] as const),
);
const metrics = createMetrics().registry;
const metricNames = metrics
  .getMetricsAsArray()
  .map(({ name }) => name)
  .filter((name) => name.startsWith('landfall_'));

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md');

  it('lists each setting with its meaning, and what holds without it', () => {
    const listed = section(page, "## Landfall's own settings");
    expect(tableRows(listed)).toEqual(
      Object.entries(settings).map(([name, { sense, fallback }]) => [
        name,
        sense,
        fallback.replace(/^`([^`]*)`$/, '$1'),
      ]),
    );
  });

  it.each(sourceDefinitions)('lists what the source $name reads', ({ name, settings: ofSource }) => {
    const [variables = ''] = section(page, `### ${name}`).split('\n#### ');
    const listed = tableRows(variables).map(([variable]) => variable);
    expect(listed).toEqual(Object.keys(ofSource));
  });

  it('shows settings of Temporal that lead to it', () => {
    const [own, cloud] = codeBlocks(section(page, '## Temporal'), '').map((block) =>
      loadTemporalTarget({
        ...Object.fromEntries(block.split('\n').flatMap((line) => [line.split('=')].filter(([, it]) => it))),
      }),
    );
    expect(own).toMatchObject({
      namespace: 'webhooks',
      connectionOptions: { address: 'temporal.internal:7233' },
    });
    expect(own?.connectionOptions.tls).toBeUndefined();
    expect(cloud).toMatchObject({
      namespace: 'webhooks.a1b2c',
      connectionOptions: { address: 'webhooks.a1b2c.tmprl.cloud:7233', apiKey: '<the key>', tls: true },
    });
  });

  const examples = codeBlocks(page, 'json').map((example) => ({
    vendor: /"name": "(\w+)"/.exec(example)?.[1],
    example,
  }));
  it.each(examples)('describes $vendor in a way that loads', ({ example }) => {
    const variables = namesIn(example, /(?<=Env": ")\w+/g);
    const env = Object.fromEntries(variables.map((name) => [name, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']));
    expect(readGenericSources(example, env)).toHaveLength(1);
    expect(() => readGenericSources(example, {})).toThrow(variables[0]);
  });

  it('shows one vendor with an HMAC, Shopify and Slack, and every part of a description', () => {
    expect(examples.map(({ vendor }) => vendor)).toEqual(['acme', 'shopify', 'slack']);
    const [parts = ''] = section(page, '## Sources without code').split('\n### ');
    const listed = tableRows(parts).flatMap(([cell = '']) => cell.split(/`? or `?/));
    expect(listed.map((part) => part.replaceAll('`', '')).sort()).toEqual(
      Object.keys(genericSourceSchema.shape).sort(),
    );
  });
});

describe('docs/handlers-and-destinations.md', () => {
  const page = read('docs/handlers-and-destinations.md');

  it('describes a table in JSON in a way that loads', () => {
    const [acme = '[]'] = codeBlocks(read('docs/configuration.md'), 'json');
    const [destination = ''] = codeBlocks(page, 'json');
    const [described] = z.array(z.looseObject({})).parse(JSON.parse(acme));
    const text = JSON.stringify([{ ...described, destinations: [JSON.parse(destination)] }]);
    const env = Object.fromEntries(namesIn(text, /(?<=Env":")\w+/g).map((name) => [name, 'whsec_c2VjcmV0']));
    const url = { SHOP_DATABASE_URL: 'postgresql://shop:password@127.0.0.1/shop' };
    const [source] = readGenericSources(text, { ...env, ...url });
    expect(source?.destinations.map(({ name }) => name)).toEqual(['crm', 'tables']);
    expect(() => readGenericSources(text, env)).toThrow(/PostgreSQL URL/);
  });
});

describe('docs/metrics.md', () => {
  it('lists each metric with its type, labels and meaning', async () => {
    const labelsOf = z.object({ labelNames: z.array(z.string()) });
    const registered = (await metrics.getMetricsAsJSON())
      .filter(({ name }) => name.startsWith('landfall_'))
      .map(({ name, type, help }) => {
        const { labelNames } = labelsOf.parse(metrics.getSingleMetric(name));
        return [name, type, labelNames.length === 0 ? '–' : labelNames.join(', '), help];
      });
    const listed = listedMetrics().map(({ name, type, labels, meaning }) => {
      return [name, type, labels.length === 0 ? '–' : labels.join(', '), meaning];
    });
    expect(listed.sort()).toEqual(registered.sort());
  });
});

describe('docs/errors.md', () => {
  const page = read('docs/errors.md');
  const answersHeading = '## Answers of the receiver';

  it('lists each error, and whether it is tried again', () => {
    const [ofErrors = ''] = page.split(answersHeading);
    const listed = tableRows(ofErrors).map(([code, again = '']) => [code, again.startsWith('yes')]);
    expect(listed).toEqual([...errorsByCode]);
  });

  it.each([
    ['receiver', answersHeading, problems],
    ['console', '## Answers of the console', consoleProblems],
  ])('lists each answer of the %s with its status', (_whose, heading, answers) => {
    const listed = tableRows(section(page, heading)).map(([code, status]) => [code, Number(status)]);
    expect(listed).toEqual(Object.entries(answers).map(([code, { status }]) => [code, status]));
  });
});

describe('docs/operations.md', () => {
  it('explains each reason of a refusal', () => {
    const listed = tableRows(section(read('docs/operations.md'), '## Refused deliveries'));
    expect(listed.flatMap(([reasons = '']) => namesIn(reasons, /\w+/g)).sort()).toEqual(
      [...rejectionReasons].sort(),
    );
  });
});

describe('docs/testing-a-source.md', () => {
  const page = read('docs/testing-a-source.md');

  it('lists each check of the conformance kit', () => {
    const checks = conformanceChecks({
      create: ({ secrets, apiUrl }) =>
        openSource(acmeSource, {
          ACME_WEBHOOK_SECRET: secrets.join(','),
          ACME_API_URL: apiUrl,
          ACME_API_KEY: 'a key of the test',
        }),
      deliveries: [{ body: {} }],
      later: null,
      deletion: null,
      vendor: { record: () => ({}), fetch: { path: '/' }, list: { path: '/', page: () => ({}) } },
    });
    const listed = tableRows(section(page, '## The checks'));
    expect(listed).toEqual(checks.map(({ id, name }) => [id, name]));
  });
});

describe('docs/adding-a-source.md', () => {
  const page = read('docs/adding-a-source.md');

  it('shows flags of create-source that exist', () => {
    const flags = createSourceCommand().options.map(({ long }) => long);
    const shown = codeBlocks(page, '').filter((block) => block.includes('create-source'));
    expect([...flags, '--help']).toEqual(expect.arrayContaining(namesIn(shown.join(' '), /--[a-z][\w-]*/g)));
    expect(namesIn(shown.join(' '), /--[a-z][\w-]*/g).length).toBeGreaterThan(5);
  });

  it('lists each part that a source can have', () => {
    const listed = tableRows(section(page, '## What a source says'));
    const [, parts = ''] =
      /^export interface Source \{$(.*?)^\}$/ms.exec(read('src/sources/define-source.ts')) ?? [];
    const declared = namesIn(parts, /(?<=^ {2})\w+(?=\??[:(])/gm);
    expect(listed.map(([part]) => part).sort()).toEqual([...declared, 'settings'].sort());
  });
});

describe.each(pages)('%s', (path) => {
  const page = read(path);

  it('names settings, errors and metrics that exist', () => {
    const inFiles = Object.keys(settings).filter(isSecret);
    const known = [
      ...Object.keys(settings),
      ...inFiles.map((name) => `${name}_FILE`),
      ...errorsByCode.keys(),
      ...Object.keys(problems),
      ...Object.keys(consoleProblems),
    ];
    expect(known).toEqual(expect.arrayContaining(namesIn(page, /\bLANDFALL_[A-Z_]*[A-Z]\b/g)));
    const columns = ['landfall_event_id', 'landfall_revision', 'landfall_owner', 'landfall_app'];
    expect([...metricNames, ...columns]).toEqual(expect.arrayContaining(namesIn(page, /\blandfall_\w+/g)));
  });

  it('links to files and headings that exist', () => {
    const broken = links(page).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')));
    const named = namesIn(page, /(?<=npm (?:run )?)(?:(?<=run )[\w:-]+|start|test)\b/g);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });
});

describe('README.md', () => {
  it('shows the example vendor as it is, and the test runs it', () => {
    expect(codeBlocks(read('README.md'), 'ts')).toEqual([read('examples/add-a-source/acme.ts')]);
  });

  const vendors = new Map(
    tableRows(section(read('README.md'), '## Vendors')).map(([name = '', , ...cells]) => [
      name.toLowerCase(),
      cells.map((cell) => cell.split(',')[0]),
    ]),
  );

  it.each(readdirSync(join(root, 'examples/vendors')))('says what %s describes', (file) => {
    const [spec] = z.tuple([genericSourceSchema]).parse(JSON.parse(read(`examples/vendors/${file}`)));
    const [fetched, listed, deletions] = vendors.get(spec.name) ?? [];
    expect(fetched).toBe(spec.fetch === undefined ? 'no' : 'yes');
    expect(listed).toBe('no');
    expect(deletions).toBe(
      spec.deletes !== undefined ? 'its events' : spec.fetch === undefined ? 'no' : '404',
    );
  });

  it.each(sourceDefinitions.filter(({ name }) => name !== 'demo'))('says what $name does', ({ name }) => {
    const variable = name.toUpperCase();
    const env = { [`${variable}_WEBHOOK_SECRET`]: 'whsec_x', STRIPE_API_KEY: 'rk_test_x', GITHUB_TOKEN: 'x' };
    const { sources } = loadConfig(
      { ...env, GITHUB_REPOSITORIES: 'octo/repo' },
      { mode: 'command', definitions: sourceDefinitions },
    );
    expect(sources).toMatchObject([
      { name, fetchRecord: expect.any(Function), listChanged: expect.any(Function) },
    ]);
    expect(vendors.get(name)?.slice(0, 3)).toEqual(['yes', 'yes', 'its events']);
  });
});
