import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import prettier from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterText } from '../../../src/cli/create-source/adapter-text.ts';
import { createPlan } from '../../../src/cli/create-source/plan.ts';
import { questions, schemes } from '../../../src/cli/create-source/questions.ts';
import { type Ask, resolveAnswers } from '../../../src/cli/create-source/resolve-answers.ts';
import { checkSampleBody, createSampleBody } from '../../../src/cli/create-source/sample-body.ts';
import { type Runner, testText } from '../../../src/cli/create-source/test-text.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import type { JsonValue } from '../../../src/model/json.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));

/** Adapters of each scheme, and of each thing that can be said of a vendor. */
const variants: Record<string, Record<string, string>> = {
  ...Object.fromEntries(schemes.map((scheme) => [`of-${scheme}`, { scheme }])),
  'whole-api': {
    header: 'X-Whole-Signature',
    algorithm: 'sha512',
    encoding: 'base64',
    prefix: 'v0=',
    timestampHeader: 'X-Whole-Time',
    signed: 'v0:{timestamp}:{body}',
    idField: 'meta.event-id',
    typeField: 'header:x-whole-topic',
    entity: 'invoice',
    entityIdField: '/data/object/id',
    versionField: '/data/object/revision',
    timeField: '/data/object/changed-at',
    apiUrl: 'https://api.whole.example/v2',
    recordPath: '/invoices/{id}.json',
    listPath: '/invoices',
  },
  'header-id': {
    idField: 'header:x-header-id',
    timestampHeader: 'x-time',
    signed: '{timestamp}{body}',
    entityIdField: 'subject',
    timeField: 'none',
    deletedType: 'none',
    apiUrl: 'http://api.example.com',
  },
  'it-s-quoted': { entity: 'a.b-c', entityIdField: "it's.the id", deletedType: "it's gone" },
};

async function plan(name: string, given: Record<string, string>) {
  return createPlan(await resolveAnswers(name, given, null));
}

async function texts(
  name: string,
  given: Record<string, string>,
  extension: string,
  runner: Runner,
  body?: JsonValue,
) {
  const planned = await plan(name, given);
  const sample = body === undefined ? createSampleBody(planned) : checkSampleBody(planned, body);
  return {
    adapter: adapterText(planned),
    test: testText(planned, sample, { runner, extension }),
    sample: JSON.stringify(sample),
  };
}

async function write(
  folder: string,
  name: string,
  files: Awaited<ReturnType<typeof texts>>,
  extension: string,
) {
  await writeFile(join(folder, `${name}.${extension}`), files.adapter);
  await writeFile(join(folder, `${name}.test.${extension}`), files.test);
  await writeFile(join(folder, `${name}.sample.json`), files.sample);
}

/** Runs tests as somebody else's project does, where Landfall is a package: all in one process, which starts once. */
async function runTests(folder: string, files: readonly string[]): Promise<string> {
  const all = join(folder, 'all.test.js');
  await writeFile(all, files.map((file) => `import './${file}';\n`).join(''));
  const running = run(
    process.execPath,
    ['--conditions=landfall-source', '--import', tsx, '--test', '--test-reporter=tap', all],
    { cwd: folder, env: { PATH: process.env['PATH'] }, maxBuffer: 50_000_000 },
  );
  return running.catch((error: unknown) => error as { stdout: string }).then(({ stdout }) => stdout);
}

describe('what create-source writes', { timeout: 600_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-create-source-'));
    await writeFile(join(folder, 'package.json'), '{ "name": "theirs", "type": "module" }');
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/landfall'));
    await symlink(join(root, 'node_modules/zod'), join(folder, 'node_modules/zod'));
    await symlink(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('passes the conformance kit at once, in TypeScript and in JavaScript', async () => {
    const files: string[] = [];
    for (const [name, given] of Object.entries(variants)) {
      const extension = name.startsWith('of-s') ? 'js' : 'ts';
      await write(folder, name, await texts(name, given, extension, 'node'), extension);
      files.push(`${name}.test.${extension}`);
    }
    const stdout = await runTests(folder, files);
    expect(stdout).toContain('# fail 0');
    const passed = Number(/# pass (\d+)/.exec(stdout)?.[1]);
    expect(passed).toBeGreaterThan(files.length * 20);
  });

  it('fails the kit once somebody breaks it', async () => {
    const files = await texts('broken', {}, 'js', 'node');
    const adapter = files.adapter.replace('if (!read.success) {', 'if (false) {');
    expect(adapter).not.toBe(files.adapter);
    await write(folder, 'broken', { ...files, adapter }, 'js');
    const stdout = await runTests(folder, ['broken.test.js']);
    expect(stdout).toMatch(/not ok .*garbage|not ok .*unreadable/);
    expect(stdout).toContain('throw UnreadableEventError where it does not fit');
  });

  it('is TypeScript in the strictest sense', async () => {
    for (const name of ['whole-api', 'of-hmac', 'header-id']) {
      await write(folder, name, await texts(name, variants[name] ?? {}, 'ts', 'node'), 'ts');
    }
    const tsconfig = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: ['./node_modules/@types'] },
      files: ['whole-api.test.ts', 'of-hmac.test.ts', 'header-id.test.ts'],
      include: [],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  });

  it('is code that Prettier can print', async () => {
    for (const [name, given] of Object.entries(variants)) {
      const { adapter, test } = await texts(name, given, 'ts', 'vitest');
      for (const text of [adapter, test]) await prettier.format(text, { parser: 'typescript' });
    }
  });

  it('has a test for the runner that the project has', async () => {
    const from = async (runner: Runner) => (await texts('acme', {}, 'ts', runner)).test;
    expect(await from('vitest')).toContain("from 'vitest'");
    expect(await from('jest')).toContain("from '@jest/globals'");
    expect(await from('node')).toContain("from 'node:test'");
  });

  it('tests with a real event, where one is given', async () => {
    const body = {
      id: 77,
      type: 'invoice.paid',
      data: { id: 12, updated_at: 1_768_478_400, total: '12.50' },
    };
    await write(folder, 'real', await texts('real', { entity: 'invoice' }, 'js', 'node', body), 'js');
    expect(await readFile(join(folder, 'real.test.js'), 'utf8')).toContain("id: '77', type: 'invoice.paid'");
    const stdout = await runTests(folder, ['real.test.js']);
    expect(stdout).toContain('# fail 0');
    expect(() => {
      checkSampleBody(
        createPlan({ name: 'acme', entityIdField: 'data.id', idField: 'id', typeField: 'kind' }),
        body,
      );
    }).toThrow(/--type-field: the sample holds no text and no whole number at \/kind/);
  });
});

describe('the questions of create-source', () => {
  it('are asked in order, only where they matter, each with what is usual', async () => {
    const asked: [string, string][] = [];
    const ask: Ask = (question, suggested) => {
      asked.push([question.key, suggested]);
      return Promise.resolve(question.key === 'entity' ? 'invoice' : suggested);
    };
    const answers = await resolveAnswers(
      'acme',
      { scheme: 'standard-webhooks', apiUrl: 'https://a.example' },
      ask,
    );
    expect(Object.fromEntries(asked)).toEqual({
      idField: 'header:webhook-id',
      typeField: 'type',
      entity: 'record',
      entityIdField: 'data.id',
      versionField: '',
      timeField: 'data.updated_at',
      deletedType: 'invoice.deleted',
      recordPath: '/invoices/{id}',
      listPath: '',
    });
    expect(answers).toMatchObject({ scheme: 'standard-webhooks', entity: 'invoice', header: '' });
  });

  it('name every flag with a mistake at once', async () => {
    const given = {
      scheme: 'hmac',
      header: 'not a header',
      encoding: 'base32',
      signed: '{body}',
      idField: 'items.0.id',
      entity: '',
      apiUrl: 'api.example.com',
      listPath: 'invoices',
    };
    const resolving = resolveAnswers('acme', given, null);
    await expect(resolving).rejects.toThrow(ConfigurationError);
    for (const option of [
      '--header',
      '--encoding',
      '--signed',
      '--id-field',
      '--entity',
      '--api-url',
      '--list-path',
    ]) {
      await expect(resolving).rejects.toThrow(`- ${option}:`);
    }
  });

  it('have a flag each', () => {
    expect(new Set(questions.map(({ flag }) => flag)).size).toBe(questions.length);
  });
});
